"""A table as rows of cells, from CSV in any encoding or from a spreadsheet, within limits."""

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import chain, islice

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.errors import CsvTableError, TableFault, shortened
from aqfusion.csv_table.header import (
    MOST_COLUMNS,
    Columns,
    Header,
    known_titles,
    read_header,
)

__all__ = [
    "LONGEST_ROW",
    "QUOTES",
    "Rows",
    "cells_of",
    "is_spreadsheet",
    "read_rows",
    "records",
    "sheet_rows",
    "text_of",
]

LONGEST_ROW = 50_000
LONGEST_TITLES = 20_000  # characters of the line of titles: 200 of them, each of 100
MOST_LINES = 100  # of one record
QUOTES = "must have quotes that open before a cell and close after it"

Record = tuple[int, Sequence[str] | TableFault]


def cells_of(record: str, separator: str) -> list[str]:
    """Split a record at its separator; quotes that do not close raise `csv.Error`."""
    return next(csv.reader([record], delimiter=separator, skipinitialspace=True, strict=True), [])


def records(lines: Sequence[str], start: int, separator: str) -> Iterator[Record]:
    """Return each record that is not blank, from `lines[start]` on, with its line from 1.

    A quote that opens a cell and never closes costs its own line, not those that follow.
    """
    at = start
    while at < len(lines):
        line, text = at + 1, lines[at]
        at += 1
        if not text.strip():
            continue
        if len(text) > LONGEST_ROW:
            rule = f"must have at most {LONGEST_ROW} characters"
            yield line, TableFault(line, "", rule, str(len(text)))
            continue
        try:
            yield line, _split(text, separator)
            continue
        except csv.Error:
            pass
        joined = _joined(lines, at - 1, separator)
        if joined is None:
            yield line, TableFault(line, "", QUOTES, shortened(text))
        else:
            cells, at = joined
            yield line, cells


def _split(text: str, separator: str) -> list[str]:
    if '"' not in text:  # which is the same, and several times as fast
        return text.split(separator)
    return cells_of(text, separator)


def _joined(lines: Sequence[str], start: int, separator: str) -> tuple[list[str], int] | None:
    """Join lines until their quotes close; `None` where they do not within one record."""
    text = lines[start]
    for end in range(start + 1, min(start + MOST_LINES, len(lines))):
        text += "\n" + lines[end]
        if len(text) > LONGEST_ROW:
            return None
        if '"' not in lines[end]:
            continue
        try:
            return cells_of(text, separator), end + 1
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                return None
    return None


# What a file unpacks to: far more than any table of the allowed size, and little for a machine.
MOST_UNPACKED_BYTES = 80_000_000
MOST_STRINGS_BYTES = 20_000_000
_ZIP = b"PK\x03\x04"
_WORKBOOK = "xl/workbook.xml"
_STRINGS = "xl/sharedstrings.xml"


def is_spreadsheet(content: bytes) -> bool:
    """Return whether the bytes are those of an .xlsx file, whatever its name is."""
    if not content.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _WORKBOOK in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False


def sheet_rows(
    content: bytes, most_rows: int, most_columns: int
) -> Iterator[tuple[int, list[str]]]:
    """Return each row of the first sheet that is not blank, as text, with its number from 1.

    Dates come as ISO 8601 on the clock that the sheet shows, and results in place of formulas. What
    is too large or no spreadsheet raises `CsvTableError`.
    """
    _refuse_what_unpacks_to_too_much(content)
    from openpyxl import load_workbook  # late: only few tables are spreadsheets

    try:
        workbook = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            if not workbook.worksheets:
                raise CsvTableError("the spreadsheet must have a sheet with a table, got none")
            sheet = workbook.worksheets[0]
            sheet.reset_dimensions()  # the stated size of a file need not be true
            rows = sheet.iter_rows(max_col=most_columns, values_only=True)
            for number, cells in enumerate(rows, start=1):
                if number > most_rows:
                    raise CsvTableError(f"the file must have at most {most_rows} rows")
                texts = [_text(cell) for cell in cells]
                while texts and not texts[-1]:
                    texts.pop()
                if texts:
                    yield number, texts
        finally:
            workbook.close()
    except CsvTableError:
        raise
    except Exception as error:
        raise CsvTableError(
            "the spreadsheet must be a whole .xlsx file without a password, and cannot be read: "
            "save it again, or save it as CSV"
        ) from error


def _refuse_what_unpacks_to_too_much(content: bytes) -> None:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        sizes = {part.filename.casefold(): part.file_size for part in archive.infolist()}
    total, strings = sum(sizes.values()), sizes.get(_STRINGS, 0)
    if total > MOST_UNPACKED_BYTES or strings > MOST_STRINGS_BYTES:
        most = MOST_UNPACKED_BYTES // 1_000_000
        raise CsvTableError(
            f"the spreadsheet must unpack to at most {most} MB, got {total // 1_000_000} MB: "
            "save its sheet as CSV"
        )


def _text(cell: object) -> str:
    """Write a cell as a CSV would have it, and numbers without the noise of binary fractions.

    >>> _text(160.0), _text(0.1 + 0.2), _text(datetime(2026, 1, 5, 8, 30)), _text(time(8, 30))
    ('160', '0.3', '2026-01-05 08:30:00', '08:30:00')
    """
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):  # how 24:00 is stored
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(cell).strip()


_MARKS = (  # the mark of UTF-32 begins with that of UTF-16
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OLD_SPREADSHEET = b"\xd0\xcf\x11\xe0"
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def text_of(content: bytes) -> tuple[str, str]:
    """Return a table's text, with one kind of line end, and its encoding; `CsvTableError` if none.

    >>> text_of(b"id;name\\r\\n1;Stra\\xdfe")
    ('id;name\\n1;Straße', 'cp1252')
    """
    if content.startswith(_OLD_SPREADSHEET):
        raise CsvTableError(
            "the file is a spreadsheet of an old kind (.xls): save it as .xlsx or as CSV"
        )
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Almost any bytes are text in cp1252, so that there a control character shows what is none.
        if "\0" in text or (encoding == "cp1252" and _NO_TEXT.search(text)):
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n"), encoding.removesuffix("-sig")
    raise CsvTableError(
        "the file must be a CSV text or a spreadsheet (.xlsx), and is something else: "
        'in a spreadsheet program, save it as "CSV UTF-8"'
    )


def _encodings(content: bytes) -> tuple[str, ...]:
    """Encodings to try: by byte order mark, UTF-16 where every second byte is zero, else 8 bits."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return (encoding,)
    start = content[:2000]
    if b"\0" in start:
        even, odd = start[::2].count(0), start[1::2].count(0)
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    return ("utf-8", "cp1252")


_SEPARATORS = ",;\t"
_MOST_LINES_ABOVE = 40  # of remarks, before the titles
_TITLES_AT_LEAST = 3
_ROWS_TO_JUDGE_BY = 500
_WITH_POINT = re.compile(r"[+-]?[0-9]+\.[0-9]+")

Rows = Iterator[tuple[int, Sequence[str] | TableFault]]


def read_rows(
    content: bytes, columns: Columns, most_bytes: int, most_rows: int
) -> tuple[Header, Rows]:
    """Return the titles, and each row that is not blank: its line with its cells or its fault.

    The titles stand in any order and case, below remarks if there are any; separators are commas,
    semicolons or tabs. Missing cells at a row's end are empty ones, and empty ones too many are
    cut. A file that is too long or no table raises `CsvTableError`.
    """
    if len(content) > most_bytes:
        most = most_bytes // 1_000_000
        raise CsvTableError(f"the file must have at most {most} MB, got {len(content)} bytes")
    if is_spreadsheet(content):
        return _of_spreadsheet(content, columns, most_rows)
    text, encoding = text_of(content)
    _refuse_too_many_lines(text, most_rows)
    lines = text.split("\n")
    start, separator, titles = _titles(lines, columns)
    above = [line for line in lines[:start] if not line.casefold().startswith("sep=")]
    header = _header(titles, columns, start + 1, [_cells(line, separator) for line in above])
    if encoding == "cp1252":
        header.notes.add("the text is not UTF-8 and is read as Windows-1252")
    rows = _rows(records(lines, start + 1, separator), header)
    first = list(islice(rows, _ROWS_TO_JUDGE_BY))
    points = _writes_points(first, header)
    header = replace(header, decimal_comma=separator != ",", decimal_point=points)
    return header, _counted(chain(first, rows), most_rows)


def _refuse_too_many_lines(text: str, most_rows: int) -> None:
    """Blank lines and those within quotes are no rows, but take time and memory too."""
    count, most = text.count("\n"), 4 * most_rows + 1000
    if count > most:
        raise CsvTableError(f"the file must have at most {most} lines, got {count}")


def _of_spreadsheet(content: bytes, columns: Columns, most_rows: int) -> tuple[Header, Rows]:
    sheet = sheet_rows(content, most_rows + _MOST_LINES_ABOVE, MOST_COLUMNS + 1)
    first = list(islice(sheet, _MOST_LINES_ABOVE))
    candidates = [row for row in first if _are_enough(row[1], columns)]
    titled = [row for row in candidates if known_titles(row[1], columns) >= _TITLES_AT_LEAST]
    line, titles = next(iter([*titled, *candidates, *first]), (1, []))
    header = _header(titles, columns, line, [cells for number, cells in first if number < line])
    header.notes.add("the table is the first sheet of a spreadsheet")
    below = chain((row for row in first if row[0] > line), sheet)
    rows: Rows = ((number, cells) for number, cells in below)
    return header, _counted(_rows(rows, header), most_rows)


def _header(
    titles: Sequence[str], columns: Columns, line: int, above: Sequence[Sequence[str]]
) -> Header:
    header = read_header(titles, columns)
    written = tuple(tuple(cells) for cells in above if any(cell.strip() for cell in cells))
    if written:
        header.notes.add(f"the titles are in line {line}; the lines above them are not read")
    return replace(header, above=written)


def _titles(lines: Sequence[str], columns: Columns) -> tuple[int, str, list[str]]:
    """Find the line of the titles: the first one with all that is needed, else the first at all."""
    first: tuple[int, str, list[str]] | None = None
    enough: tuple[int, str, list[str]] | None = None
    seen, longest = 0, 0
    for number, line in enumerate(lines):
        if not line.strip() or line.strip().casefold().startswith("sep="):
            continue
        if seen == _MOST_LINES_ABOVE:
            break
        seen += 1
        if len(line) > LONGEST_TITLES:
            longest = max(longest, len(line))
            continue
        separator, titles = _split_titles(line.removeprefix("#").strip(" "), columns)
        if _are_enough(titles, columns):
            # A row of cells may name a pollutant too, so that one title alone is no proof.
            if columns.required or known_titles(titles, columns) >= _TITLES_AT_LEAST:
                return number, separator, titles
            enough = enough or (number, separator, titles)
        if first is None and not line.startswith("#"):
            first = number, separator, titles
    if longest and not enough:  # among lines so long the titles may be
        raise CsvTableError(
            f"the line of titles must have at most {LONGEST_TITLES} characters, got {longest}"
        )
    return enough or first or (0, ",", [])


def _split_titles(line: str, columns: Columns) -> tuple[str, list[str]]:
    """Split a line with the separator that makes the most of it."""
    candidates = [(separator, _cells(line, separator)) for separator in _SEPARATORS]
    return max(candidates, key=lambda candidate: known_titles(candidate[1], columns))


def _cells(line: str, separator: str) -> list[str]:
    try:
        return cells_of(line, separator)
    except csv.Error:
        return []


def _are_enough(titles: Sequence[str], columns: Columns) -> bool:
    try:
        read_header(titles, columns)
    except CsvTableError:
        return False
    return True


def _counted(rows: Rows, most_rows: int) -> Rows:
    for count, row in enumerate(rows, start=1):
        if count > most_rows:
            raise CsvTableError(f"the file must have at most {most_rows} rows")
        yield row


def _rows(raw: Rows, header: Header) -> Rows:
    wanted = len(header.titles)
    for line, cells in raw:
        if isinstance(cells, TableFault):
            yield line, cells
            continue
        if len(cells) > wanted:
            # 12,5 for 12.5 would move all that follows; empty cells move nothing.
            if any(cell.strip() for cell in cells[wanted:]):
                rule = f"must have no more cells than there are titles, {wanted}"
                yield line, TableFault(line, "", rule, shortened(str(len(cells))))
                continue
            cells = cells[:wanted]
        if not any(cell.strip() for cell in cells):
            continue
        yield line, [*cells, *[""] * (wanted - len(cells))]


def _writes_points(rows: Sequence[tuple[int, Sequence[str] | TableFault]], header: Header) -> bool:
    """Return whether numbers have decimal points, so that 1,234 would be doubtful."""
    numbers = [header.at[name] for name in ("lat", "lon", *POLLUTANTS) if name in header.at]
    return any(
        _WITH_POINT.fullmatch(cells[number].strip())
        for _, cells in rows
        if not isinstance(cells, TableFault)
        for number in numbers
    )
