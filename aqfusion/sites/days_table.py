"""Days of a site from a table, CSV or .xlsx: good rows are days, bad cells and rows are listed.

`aqi` is required; `photo`, `time`, `timezone`, `standard` and the six pollutants are not. Photos
lie below the table's own folder. A time without an offset is on the clock of `timezone`, else of
the site; a date alone is noon there. What comes in and what is made of it: docs/formats.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path

from aqfusion.air.aqi import STANDARDS
from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.column_titles import POLLUTANT_TITLES, title_key
from aqfusion.csv_table.errors import CellError, CsvTableError, TableFault
from aqfusion.csv_table.header import Columns, Header
from aqfusion.csv_table.reader import read_rows
from aqfusion.csv_table.typed_row import (
    RowCells,
    aqi_value,
    is_absent,
    past,
    plain_number,
    required,
)
from aqfusion.data.photo_files import PhotoTree
from aqfusion.sites.site import MODEL_STANDARD, Day
from aqfusion.time_zones import DateOrder, TimeError, date_order, read_time, zone

MOST_BYTES = 5_000_000
MOST_ROWS = 10_000
SOURCE = "table"
_LONGEST_PATH = 1000
_HIGHEST_INDEX = 500
_STANDARDS = {key: key for key in STANDARDS} | {
    **dict.fromkeys(("usaqi", "usepa", "epa"), "us"),
    **dict.fromkeys(("indiaaqi", "indiacpcb", "cpcb", "naqi"), "india"),
}
_COLUMNS = Columns(
    {
        "aqi": ("usaqi", "aqius", "airqualityindex"),
        "photo": ("image", "file", "filename", "path", "imagename", "photoname"),
        "time": ("datetime", "timestamp", "dateandtime", "takenat", "measuredat", "date", "day"),
        "timezone": ("tz", "timezonename", "zone"),
        "standard": ("aqistandard", "scale"),
        **{name: POLLUTANT_TITLES[name] for name in POLLUTANTS},
    },
    required=("aqi",),
)


@dataclass(frozen=True)
class DayRow:
    """A day and where its photo lies, if it has one; the photo has not been opened."""

    line: int
    day: Day
    photo: Path | None = None


@dataclass(frozen=True)
class DaysTable:
    """Days in the table's order, faults, columns not read, and notes."""

    rows: tuple[DayRow, ...]
    faults: tuple[TableFault, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_days(file: Path, local: tzinfo | None, now: datetime) -> DaysTable:
    """Read a table's file; `local` is the site's clock, times after `now` are faults.

    A file that cannot be split into rows raises `CsvTableError`.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it has no such name"
        raise CsvTableError(f"TABLE must be a readable file, got {file}: {reason}") from error
    return parse_days(content, PhotoTree(file.parent).find, local, now)


def parse_days(
    content: bytes, find: Callable[[str], Path], local: tzinfo | None, now: datetime
) -> DaysTable:
    """Read a table's content; `find` gives a named photo's path or raises `CellError`."""
    header, raw_rows = read_rows(content, _COLUMNS, MOST_BYTES, MOST_ROWS)
    table = list(raw_rows)
    order = date_order(
        header.cell(cells, "time") for _, cells in table if not isinstance(cells, TableFault)
    )
    if order:
        header.notes.add(
            f"dates are read with the {order}, because some can only be read in that way"
        )
    rows: list[DayRow] = []
    faults: list[TableFault] = []
    reader = _DaysTableReader(header, find, local, order, now)
    for line, cells in table:
        if isinstance(cells, TableFault):
            faults.append(cells)
            continue
        row, wrong = reader.read(line, cells)
        rows += [row] if row else []
        faults += wrong
    if not table:
        raise CsvTableError("the file must have a row below its titles, got none")
    return DaysTable(tuple(rows), tuple(faults), header.ignored, header.notes.sentences())


@dataclass(frozen=True)
class _DaysTableReader:
    header: Header
    find: Callable[[str], Path]
    local: tzinfo | None
    order: DateOrder | None
    now: datetime

    def read(self, line: int, cells: Sequence[str]) -> tuple[DayRow | None, tuple[TableFault, ...]]:
        """Read a row: its day, if it has an AQI, and the faults of the row or of single cells."""
        row = RowCells(self.header, line, cells)
        standard = row.take("standard", _standard)
        aqi = row.take("aqi", partial(self._aqi, line))
        if aqi is None or standard is None:
            return None, row.lost()
        time = row.optional("time", partial(self._time, line, self._clock(row)))
        photo = row.optional("photo", self._photo, _LONGEST_PATH)
        day = Day(aqi, SOURCE, time, standard, row.reading())
        return DayRow(line, day, photo), row.kept()

    def _aqi(self, line: int, text: str) -> float:
        """The index, which may have decimals; above 500 it is 500, with a note."""
        try:
            index, note = aqi_value(text)
        except CellError:
            try:
                return self._with_decimals(text)
            except CellError:
                raise CellError("must be a number from 0 to 500") from None
        if index is None:
            raise CellError("must be given")
        if note:
            self.header.notes.add(f"{self.header.title('aqi')} {note}", line)
        return float(index)

    def _with_decimals(self, text: str) -> float:
        index = plain_number(text, self.header.decimal_comma)
        if not 0 <= index <= _HIGHEST_INDEX:
            raise CellError("must be a number from 0 to 500")
        return index

    def _clock(self, row: RowCells) -> tzinfo | None:
        """The clock of times without an offset: the row's, the title's or the site's."""
        if not is_absent(row.text("timezone")):
            return row.optional("timezone", zone)
        if self.header.zone:
            return row.optional("time", lambda _: zone(str(self.header.zone)))
        return self.local

    def _time(self, line: int, clock: tzinfo | None, text: str) -> datetime | None:
        if is_absent(text):
            return None
        try:
            time = read_time(text, clock, self.order)
        except TimeError as error:
            try:  # a date alone, as tables of daily means have it
                time = read_time(f"{text.strip()} 12:00", clock, self.order)
            except TimeError:
                raise error from None
            self.header.notes.add("dates without a time are taken as noon there", line)
        return past(time, self.now)

    def _photo(self, text: str) -> Path | None:
        return None if is_absent(text) else self.find(required(text))


def _standard(text: str) -> str:
    if is_absent(text):
        return MODEL_STANDARD
    if title_key(text) not in _STANDARDS:
        raise CellError(f"must be one of {', '.join(STANDARDS)}")
    return _STANDARDS[title_key(text)]
