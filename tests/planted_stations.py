"""Station files with planted faults: one good row, and what it says."""

from datetime import UTC, datetime

from aqfusion.air.readings import Reading
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.station_table import Parsed, parse_stations

NOW = datetime(2024, 1, 1, tzinfo=UTC)
TITLES = "id,name,lat,lon,time,timezone,pm25,o3 (ppb),co,aqi"
GOOD = "a,Roof,28.6,77.2,2023-02-01T08:30Z,,80,30,1.2,"
WAS = StationMeasurement(
    Station("a", "Roof", 28.6, 77.2, False, "your file"),
    datetime(2023, 2, 1, 8, 30, tzinfo=UTC),
    Reading(pm25=80, o3=58.86, co=1.2),
    None,
)


def parse(*rows: str, titles: str = TITLES) -> Parsed:
    return parse_stations("\n".join((titles, *rows)).encode(), NOW)


def with_cell(column: str, text: str) -> str:
    cells = dict(zip(TITLES.split(","), GOOD.split(","), strict=True))
    return ",".join({**cells, column: text}.values())
