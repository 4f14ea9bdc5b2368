"""Makes the table of sample sessions from a data folder: one line a place and time."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aqfusion.air.aqi import round_half_up
from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.sensors import Reading
from aqfusion.dataset.folder import Row
from aqfusion.stations.sample import COLUMNS, Place, session_time


@dataclass(frozen=True)
class SampleTable:
    """The CSV, how many sessions it has, and a sentence for all that it leaves out."""

    csv: str
    sessions: int
    left_out: tuple[str, ...]


def make_table(rows: Sequence[Row], places: Sequence[Place]) -> SampleTable:
    """Put the rows' sessions in the order of time; the same rows give the same bytes.

    A place that `places` does not know is left out: its coordinates would be a guess.
    """
    known = {place.location: place for place in places}
    told: dict[tuple[datetime, str], set[tuple[Reading, int]]] = defaultdict(set)
    out: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        place = known.get(row.place)
        if place is None:
            out[f"Location {row.place!r} must have known coordinates"].add(row.session)
            continue
        time = session_time(row.session, place.timezone)
        if time is None:
            out[f"sessions of {row.place!r} must be named by day and hour"].add(row.session)
            continue
        told[time, place.station.id].add((row.reading, round_half_up(row.aqi)))
    lines: list[list[str]] = []
    for (time, station), said in sorted(told.items()):
        when = time.isoformat(timespec="minutes")
        if len(said) > 1:
            # Bengaluru 2023-02-03: the CSV files the photos of another day under it too.
            out[f"{station} must have one reading and one AQI at {when}"].add(when)
            continue
        reading, aqi = said.pop()
        lines.append([station, when, *_cells(reading), str(aqi)])
    sentences = (f"{why}: {len(sessions)} left out" for why, sessions in sorted(out.items()))
    return SampleTable(_csv(lines), len(lines), tuple(sentences))


def _cells(reading: Reading) -> list[str]:
    values = (getattr(reading, name) for name in POLLUTANTS)
    return ["" if value is None else f"{value:.10g}" for value in values]


def _csv(lines: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *lines])
    return stream.getvalue()
