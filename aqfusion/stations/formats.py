"""The tables that networks publish, recognised by their titles, and what these leave open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aqfusion.csv_table.titles import title_key
from aqfusion.time_zones import DateOrder

__all__ = ["FORMATS", "Format", "format_of"]


@dataclass(frozen=True)
class Format:
    """A network's own table: the keys of titles that only it has all of, and its properties.

    `names` are its own titles, from key to column, `None` where a title means something else here.
    `zone` is that of its times, `order` that of its dates, `seconds` whether times may be counts of
    seconds since 1970. `refused` is the reason why it cannot be read.
    """

    name: str
    needs: frozenset[str]
    names: Mapping[str, str | None] = field(default_factory=dict)
    zone: str | None = None
    order: DateOrder | None = None
    seconds: bool = False
    note: str | None = None
    refused: str | None = None


_FEED = (
    "this is the feed of India's open-data portal (data.gov.in): its numbers are sub-indices of "
    "the AQI, not concentrations, so they cannot be read as readings"
)
_PURPLEAIR = {
    **dict.fromkeys(("pm25atm", "pm25alt", "pm25atma", "pm25cf1", "pm25cf1a"), "pm25"),
    **dict.fromkeys(("pm100atm", "pm100atma", "pm100cf1", "pm100cf1a"), "pm10"),
    "sensorindex": "id",
    "timestamp": "time",
}
# https://docs.openaq.org/aws/about, https://archive.sensor.community, AirGradient's dashboard,
# https://api.purpleair.com (sensor history as CSV), https://app.cpcbccr.com (CAAQM reports).
FORMATS = (
    *(
        Format("data.gov.in", frozenset(("pollutantid", mean)), {mean: "value"}, refused=_FEED)
        for mean in ("pollutantavg", "avgvalue")
    ),
    Format("OpenAQ", frozenset(("locationid", "sensorsid", "parameter", "units", "value"))),
    Format("OpenAQ", frozenset(("locationid", "parameter", "value", "unit", "datetimeutc"))),
    Format(
        "OpenAQ",
        frozenset(("location", "utc", "parameter", "value", "unit")),
        {"local": None, "location": "name", "locationid": "id"},
    ),
    Format(
        "sensor.community",
        frozenset(("sensorid", "sensortype", "timestamp", "p1", "p2")),
        {"p1": "pm10", "p2": "pm25", "location": None},
        zone="UTC",
        note="P1 is PM10 and P2 is PM2.5, in ug/m3; the times are UTC",
    ),
    Format("AirGradient", frozenset(("locationid", "locationname", "placeopen"))),
    Format(
        "PurpleAir",
        frozenset(("timestamp", "sensorindex")),
        _PURPLEAIR,
        seconds=True,
        note="readings are as the sensor gives them, without any correction for humidity",
    ),
    Format(
        "CPCB",
        frozenset(("fromdate", "todate")),
        {"fromdate": "time"},
        zone="Asia/Kolkata",
        order="day first",
        note="dates have the day first, times are the start of each mean, on the clock of India",
    ),
)


def format_of(titles: Sequence[str]) -> Format | None:
    """Return the network whose table these titles are of, `None` where it is none of them.

    >>> found = format_of(["From Date", "To Date", "PM2.5 (ug/m3)"])
    >>> found and found.name
    'CPCB'
    """
    keys = {title_key(title) for title in titles}
    return next((entry for entry in FORMATS if entry.needs <= keys), None)
