"""A table's rows, each taken apart for itself: a stray quote costs one row, not the rest."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from aqfusion.csv_table.fault import Fault, shown
from aqfusion.csv_table.header import (
    Columns,
    CsvTableError,
    Header,
    cells_of,
    lines_of,
    read_header,
)

__all__ = ["QUOTES", "read_rows"]

LONGEST_ROW = 50_000
QUOTES = "must have quotes that open before a cell and close after it, on one line"

Rows = Iterator[tuple[int, Sequence[str] | Fault]]


def read_rows(
    content: bytes, columns: Columns, most_bytes: int, most_rows: int
) -> tuple[Header, Rows]:
    """Return the titles, and each row that is not blank: its line with its cells or its fault.

    The first line holds the titles, in any order and case; separators are commas, semicolons or
    tabs, and a row ends with its line, quoted or not. What is too long raises `CsvTableError`.
    """
    lines = enumerate(lines_of(content, most_bytes), start=1)
    numbered = ((number, line) for number, line in lines if line.strip())
    header = read_header(next(numbered, (1, ""))[1], columns)
    return header, _counted(_rows(numbered, header), most_rows)


def _counted(rows: Rows, most_rows: int) -> Rows:
    for count, row in enumerate(rows, start=1):
        if count > most_rows:
            raise CsvTableError(f"the file must have at most {most_rows} rows")
        yield row


def _rows(lines: Iterable[tuple[int, str]], header: Header) -> Rows:
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
