"""A text's records: a line each, or more where a quoted cell has line breaks in it."""

import csv
from collections.abc import Iterator, Sequence

from aqfusion.csv_table.fault import Fault, shortened

__all__ = ["LONGEST_ROW", "QUOTES", "cells_of", "records"]

LONGEST_ROW = 50_000
MOST_LINES = 100  # of one record
QUOTES = "must have quotes that open before a cell and close after it"

Record = tuple[int, Sequence[str] | Fault]


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
            yield line, Fault(line, "", rule, str(len(text)))
            continue
        try:
            yield line, _split(text, separator)
            continue
        except csv.Error:
            pass
        joined = _joined(lines, at - 1, separator)
        if joined is None:
            yield line, Fault(line, "", QUOTES, shortened(text))
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
