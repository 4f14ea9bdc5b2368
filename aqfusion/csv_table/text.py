"""A file's bytes as text, in the encodings that spreadsheets write."""

import re

from aqfusion.csv_table.fault import CsvTableError

__all__ = ["text_of"]

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
        'a spreadsheet writes a text as "CSV UTF-8"'
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
