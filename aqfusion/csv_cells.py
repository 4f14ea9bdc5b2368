"""CSV for spreadsheets, in which no text that came from outside becomes a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

CsvCell = str | int | float | None
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(rows: Iterable[Sequence[CsvCell]]) -> str:
    """Write rows: numbers as they are, absent as empty, text never as a formula.

    >>> csv_text([("a", "b"), ("=1+1", -1.5)])
    "a,b\\r\\n'=1+1,-1.5\\r\\n"
    """
    stream = io.StringIO()
    csv.writer(stream).writerows([[_plain(cell) for cell in row] for row in rows])
    return stream.getvalue()


def _plain(cell: CsvCell) -> CsvCell:
    is_formula = isinstance(cell, str) and cell.startswith(_FORMULA_STARTS)
    return f"'{cell}" if is_formula else cell
