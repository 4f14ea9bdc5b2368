"""Make the table of the sample stations from a data folder: one line a place and time.

    python tools/sample_stations.py --data FOLDER

Places without coordinates in assets/stations/stations.json are left out, which stderr says.
"""

import csv
import io
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script


from aqfusion.air.aqi import round_half_up
from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.readings import Reading
from aqfusion.cli.main import run_command
from aqfusion.cli.options import PathText, data_folder, data_option, print_json, report
from aqfusion.cli.train import read_rows
from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.data.sample_places import PLACES, SamplePlace, sample_places
from aqfusion.data.session_time import session_time
from aqfusion.io.atomic_files import replace_file
from aqfusion.stations.sample_stations import COLUMNS, TABLE_NAME


@dataclass(frozen=True)
class SampleTable:
    """The CSV, how many sessions it has, and a sentence for all that it leaves out."""

    csv: str
    sessions: int
    left_out: tuple[str, ...]


def make_table(rows: Sequence[DatasetRow], places: Sequence[SamplePlace]) -> SampleTable:
    """Put the rows' sessions in the order of time; the same rows give the same bytes.

    A place that `places` does not know is left out: its coordinates would be a guess.
    """
    by_location = {place.location: place for place in places}
    sessions: dict[tuple[datetime, str], set[tuple[Reading, int]]] = defaultdict(set)
    out: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        place = by_location.get(row.place)
        if place is None:
            out[f"Location {row.place!r} must have known coordinates"].add(row.session)
            continue
        time = session_time(row.session, place.timezone)
        if time is None:
            out[f"sessions of {row.place!r} must be named by day and hour"].add(row.session)
            continue
        sessions[time, place.id].add((row.reading, round_half_up(row.aqi)))
    lines: list[list[str]] = []
    for (time, station), measured in sorted(sessions.items()):
        when = time.isoformat(timespec="minutes")
        if len(measured) > 1:
            # Bengaluru 2023-02-03: the CSV files the photos of another day under it too.
            out[f"{station} must have one reading and one AQI at {when}"].add(when)
            continue
        reading, aqi = measured.pop()
        lines.append([station, when, *_cells(reading), str(aqi)])
    sentences = (f"{why}: {len(names)} left out" for why, names in sorted(out.items()))
    return SampleTable(_csv(lines), len(lines), tuple(sentences))


def _cells(reading: Reading) -> list[str]:
    values = (getattr(reading, name) for name in POLLUTANTS)
    return ["" if value is None else f"{value:.10g}" for value in values]


def _csv(lines: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *lines])
    return stream.getvalue()


@click.command()
@data_option
@click.option(
    "--out",
    type=PathText(),
    default=str(PLACES.parent / TABLE_NAME),
    metavar="FILE",
    help="where to (default: the table that the app reads)",
)
def main(data: str | None, out: str) -> None:
    """Make the table, write it whole and print what is in it."""
    table = make_table(read_rows(data_folder(data)), sample_places())
    for sentence in table.left_out:
        report(sentence)
    replace_file(Path(out), table.csv.encode("utf-8"))
    print_json({"wrote": out, "sessions": table.sessions, "left_out": list(table.left_out)})


if __name__ == "__main__":
    sys.exit(run_command(main, "tools/sample_stations.py"))
