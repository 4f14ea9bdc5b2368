"""CSV for spreadsheets, in which no text from outside becomes a formula.

A spreadsheet reads a cell as a formula by its first sign, and it may split a file at another
separator than the comma of this file. So an apostrophe goes before each such sign that
stands first in a text, or first after anything at which a text may be split. `undefused` takes it
off again: what is written and read back is the same text, whatever it was.
See https://owasp.org/www-community/attacks/CSV_Injection.
"""

import re
from collections.abc import Iterable, Sequence

__all__ = ["BYTE_ORDER_MARK", "CsvCell", "csv_lines", "csv_text", "undefused"]

CsvCell = str | int | float | None
BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads UTF-8 as the machine's own code page

_SPLIT = ';,\t"\r\n'
_SIGNS = r"=+\-@＝＋－＠﹦﹢﹣﹫\t\r"
# Spreadsheets may trim these; tabs and line ends are separators.
_BLANK = r"(?:[^\S\t\r\n]|[\x00\u200b\ufeff])"
# Apostrophes that are the text's own count as well: one more is written, and one is taken off.
_FIRST, _LATER = rf"\A{_BLANK}*", rf"(?<=[{_SPLIT}]){_BLANK}*"
_BARE = re.compile(rf"(?:{_FIRST}(?='*[{_SIGNS}\n])|{_LATER}(?='*[{_SIGNS}]))")
_DEFUSED = re.compile(rf"({_FIRST}(?='+[{_SIGNS}\n])|{_LATER}(?='+[{_SIGNS}]))'")
_QUOTED = re.compile(rf"[{_SPLIT}]|\A{_BLANK}|{_BLANK}\Z")


def csv_text(rows: Iterable[Sequence[CsvCell]]) -> str:
    """Write a whole file: a byte order mark, then the rows as `csv_lines` has them.

    >>> csv_text([("a", "b")])
    '\\ufeffa,b\\r\\n'
    """
    return BYTE_ORDER_MARK + csv_lines(rows)


def csv_lines(rows: Iterable[Sequence[CsvCell]]) -> str:
    """Write rows: numbers as they are, absent as empty, text never as a formula.

    Text with a semicolon, comma, tab, quote or line end is quoted.

    >>> csv_lines([("=1+1", -1.5, None), ("a;-b", "", 2)])
    '\\'=1+1,-1.5,\\r\\n"a;\\'-b",,2\\r\\n'
    """
    return "".join(f"{_line(row)}\r\n" for row in rows)


def undefused(text: str) -> str:
    """Return the text that a cell was written from.

    >>> undefused("'-7"), undefused("'tis"), undefused("a;'=b")
    ('-7', "'tis", 'a;=b')
    """
    return _DEFUSED.sub(r"\1", text)


def _line(row: Sequence[CsvCell]) -> str:
    # One empty cell alone would be a blank line, which readers pass over.
    return ",".join(map(_written, row)) or '""' * len(row)


def _written(cell: CsvCell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    text = _BARE.sub(r"\g<0>'", cell)
    return '"{}"'.format(text.replace('"', '""')) if _QUOTED.search(text) else text
