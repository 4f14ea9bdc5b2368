"""A person's own stations from a CSV file: good rows are measurements, bad rows are listed.

The first line holds the titles, in any order and case; `lat`, `latitude`, `PM2.5` and `pm2_5` are
understood. A row is one station at one time: `id`, `lat`, `lon` and `time` are required, `name`,
`aqi` and the six pollutants are not, one of the last seven is. Separators are commas, semicolons
or tabs, numbers have a decimal point, a row ends with its line, quoted or not.

Units: ug/m3, CO mg/m3; another one stands in the title, as in `o3 (ppb)`, for the whole column.
Time: ISO 8601 with its offset, or on the clock that a column `timezone` names; never just guessed.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aqfusion.csv_cells import csv_text
from aqfusion.stations.csv_header import (
    Header,
    StationFileError,
    cells_of,
    lines_of,
    read_header,
)
from aqfusion.stations.csv_row import Fault, RowReader, shown
from aqfusion.stations.station import Measurement, Station

__all__ = ["Fault", "Parsed", "StationFileError", "fault_report", "parse_stations", "template"]

MOST_ROWS = 100_000
LONGEST_ROW = 50_000
QUOTES = "must have quotes that open before a cell and close after it, on one line"


@dataclass(frozen=True)
class Parsed:
    """Each row that is not blank is a measurement or has a fault or more.

    Measurements are in the file's order; `ignored` are titles of columns that nobody reads.
    """

    measurements: tuple[Measurement, ...]
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]

    @property
    def bad_lines(self) -> tuple[int, ...]:
        """The lines with faults, in the file's order."""
        return tuple(dict.fromkeys(fault.line for fault in self.faults))


def parse_stations(content: bytes, now: datetime, source: str = "your file") -> Parsed:
    """Read a file; `now` has a zone. What has no rows to speak of raises `StationFileError`."""
    lines = enumerate(lines_of(content), start=1)
    numbered = ((number, line) for number, line in lines if line.strip())
    header = read_header(next(numbered, (1, ""))[1])
    reader = RowReader(header, now, source)
    book = _Book()
    faults: list[Fault] = []
    for count, (line, cells) in enumerate(_rows(numbered, header), start=1):
        if count > MOST_ROWS:
            raise StationFileError(f"the file must have at most {MOST_ROWS} rows")
        read = (cells,) if isinstance(cells, Fault) else reader.read(line, cells)
        faults += book.enter(line, read, header) if isinstance(read, Measurement) else read
    if not book.measurements and not faults:
        raise StationFileError("the file must have a row below its titles, got none")
    return Parsed(tuple(book.measurements), tuple(faults), header.ignored)


def fault_report(faults: Sequence[Fault]) -> str:
    """Write a list of faults as CSV that a spreadsheet takes no formula from."""
    rows = [(fault.line, fault.column, fault.rule, fault.value) for fault in faults]
    return csv_text([("line", "column", "rule", "value"), *rows])


def template() -> str:
    """Return an example to download and overwrite: three ways to give time and readings."""
    titles = "id,name,lat,lon,time,timezone,pm25,pm10,o3 (ppb),co,so2,no2,aqi"
    rows = (
        'roof-1,"School roof, Delhi",28.6286,77.2411,2023-02-01T08:30+05:30,,80,150,30,1.2,5,40,',
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 08:30,Asia/Kathmandu,65.5,,,,,,151",
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 09:30,Asia/Kathmandu,70,98,,,,,",
    )
    return "\r\n".join((titles, *rows, ""))


def _rows(
    lines: Iterable[tuple[int, str]], header: Header
) -> Iterator[tuple[int, Sequence[str] | Fault]]:
    """Take the lines apart, each for itself: a stray quote costs one row, not the rest."""
    wanted = len(header.titles)
    for line, text in lines:
        if len(text) > LONGEST_ROW:
            rule = f"must have at most {LONGEST_ROW} characters"
            yield line, Fault(line, "", rule, str(len(text)))
            continue
        try:
            cells = cells_of(text, header.separator)
        except csv.Error:
            yield line, Fault(line, "", QUOTES, shown(text))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != wanted:  # 12,5 for 12.5 would move all that follows
            rule = f"must have as many cells as there are titles, {wanted}"
            yield line, Fault(line, "", rule, str(len(cells)))
            continue
        yield line, cells


class _Book:
    """The measurements so far; a later row must agree with them about its station."""

    def __init__(self) -> None:
        self.measurements: list[Measurement] = []
        self._stations: dict[str, tuple[int, Station]] = {}
        self._lines: dict[tuple[str, datetime], int] = {}

    def enter(self, line: int, measurement: Measurement, header: Header) -> tuple[Fault, ...]:
        """Keep a measurement, or say what it contradicts."""
        station, time = measurement.station, measurement.time
        first, known = self._stations.get(station.id, (line, station))
        told = [
            ("lat", known.latitude, station.latitude),
            ("lon", known.longitude, station.longitude),
            ("name", known.name, known.name if station.name == station.id else station.name),
        ]
        faults = [
            Fault(
                line, header.title(column), f"must be {wanted} for this id, as in line {first}", got
            )
            for column, wanted, got in ((name, shown(str(w)), shown(str(g))) for name, w, g in told)
            if wanted != got
        ]
        if (station.id, time) in self._lines:
            rule = f"must be another time for this id than in line {self._lines[station.id, time]}"
            faults.append(Fault(line, header.title("time"), rule, time.isoformat()))
        if not faults:
            self._stations[station.id] = (first, known)
            self._lines[station.id, time] = line
            self.measurements.append(replace(measurement, station=known))
        return tuple(faults)
