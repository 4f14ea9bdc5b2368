"""Spreadsheets (.xlsx) as the text of their first sheet's cells, read only and within limits."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO

from aqfusion.csv_table.fault import CsvTableError

__all__ = ["is_spreadsheet", "sheet_rows"]

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
            "open it and save it again, or save it as CSV"
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
