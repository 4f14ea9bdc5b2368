"""A table's rows: a cell for each title, whatever spreadsheets add to a line or cut from it."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.fault import Fault, shortened
from aqfusion.csv_table.header import (
    MOST_COLUMNS,
    Columns,
    CsvTableError,
    Header,
    known_titles,
    read_header,
)
from aqfusion.csv_table.records import QUOTES, cells_of, records
from aqfusion.csv_table.spreadsheet import is_spreadsheet, sheet_rows
from aqfusion.csv_table.text import text_of

__all__ = ["QUOTES", "Rows", "read_rows"]

_SEPARATORS = ",;\t"
_MOST_LINES_ABOVE = 40  # of remarks, before the titles
_TITLES_AT_LEAST = 3
_ROWS_TO_JUDGE_BY = 500
_WITH_POINT = re.compile(r"[+-]?[0-9]+\.[0-9]+")

Rows = Iterator[tuple[int, Sequence[str] | Fault]]


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
    lines = text.split("\n")
    start, separator, titles = _titles(lines, columns)
    above = [line for line in lines[:start] if not line.casefold().startswith("sep=")]
    header = _header(titles, columns, start + 1, [_cells(line, separator) for line in above])
    if encoding == "cp1252":
        header.notes.add("the text is no UTF-8 and is read as Windows-1252")
    rows = _rows(records(lines, start + 1, separator), header)
    first = list(islice(rows, _ROWS_TO_JUDGE_BY))
    points = _writes_points(first, header)
    header = replace(header, decimal_comma=separator != ",", decimal_point=points)
    return header, _counted(chain(first, rows), most_rows)


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
        header.notes.add(f"what stands above the titles, which are in line {line}, is not read")
    return replace(header, above=written)


def _titles(lines: Sequence[str], columns: Columns) -> tuple[int, str, list[str]]:
    """Find the line of the titles: the first one with all that is needed, else the first at all."""
    first: tuple[int, str, list[str]] | None = None
    enough: tuple[int, str, list[str]] | None = None
    seen = 0
    for number, line in enumerate(lines):
        if not line.strip() or line.strip().casefold().startswith("sep="):
            continue
        if seen == _MOST_LINES_ABOVE:
            break
        seen += 1
        separator, titles = _split_titles(line.removeprefix("#").strip(" "), columns)
        if _are_enough(titles, columns):
            # A row of cells may name a pollutant too, so that one title alone is no proof.
            if columns.required or known_titles(titles, columns) >= _TITLES_AT_LEAST:
                return number, separator, titles
            enough = enough or (number, separator, titles)
        if first is None and not line.startswith("#"):
            first = number, separator, titles
    return enough or first or (0, ",", [])


def _split_titles(line: str, columns: Columns) -> tuple[str, list[str]]:
    """Split a line with the separator that makes the most of it."""
    candidates = [(separator, _cells(line[:50_000], separator)) for separator in _SEPARATORS]
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
        if isinstance(cells, Fault):
            yield line, cells
            continue
        if len(cells) > wanted:
            # 12,5 for 12.5 would move all that follows; empty cells move nothing.
            if any(cell.strip() for cell in cells[wanted:]):
                rule = f"must have no more cells than there are titles, {wanted}"
                yield line, Fault(line, "", rule, shortened(str(len(cells))))
                continue
            cells = cells[:wanted]
        if not any(cell.strip() for cell in cells):
            continue
        yield line, [*cells, *[""] * (wanted - len(cells))]


def _writes_points(rows: Sequence[tuple[int, Sequence[str] | Fault]], header: Header) -> bool:
    """Return whether numbers have decimal points, so that 1,234 would be doubtful."""
    numbers = [header.at[name] for name in ("lat", "lon", *POLLUTANTS) if name in header.at]
    return any(
        _WITH_POINT.fullmatch(cells[number].strip())
        for _, cells in rows
        if not isinstance(cells, Fault)
        for number in numbers
    )
