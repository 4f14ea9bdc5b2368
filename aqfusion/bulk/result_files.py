"""Rows of results as CSV, JSON Lines or Parquet, written a portion at a time."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from aqfusion.air.aqi import standard
from aqfusion.bulk.bulk_item import BulkError, Row
from aqfusion.bulk.prediction_row import COLUMNS, flat_columns
from aqfusion.io.spreadsheet_csv import BYTE_ORDER_MARK, CsvCell, csv_lines

__all__ = ["FORMATS", "format_of", "write_results"]

_ROW_GROUP = 10_000
_WHOLE = ("line", "aqi", "low", "high")
Batches = Iterable[list[Row]]


def format_of(name: str) -> str:
    """Return the ending of a results file's name; another one raises `BulkError`."""
    ending = f".{name.rpartition('.')[2].casefold()}" if "." in name else ""
    if ending not in FORMATS:
        raise BulkError(f"--out must end with {', '.join(FORMATS)}, got {name!r}")
    return ending


def write_results(ending: str, batches: Batches, stream: BinaryIO) -> None:
    """Write rows in the format of a file's ending."""
    FORMATS[ending](batches, stream)


def _write_csv(batches: Batches, stream: BinaryIO) -> None:
    stream.write(f"{BYTE_ORDER_MARK}{csv_lines([flat_columns()])}".encode())
    for batch in batches:
        lines = csv_lines([tuple(map(_cell, flat_row(row).values())) for row in batch])
        stream.write(lines.encode("utf-8", "backslashreplace"))


def _write_jsonl(batches: Batches, stream: BinaryIO) -> None:
    for batch in batches:
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in batch)
        stream.write(lines.encode("utf-8", "backslashreplace"))


def _write_parquet(batches: Batches, stream: BinaryIO) -> None:
    try:
        import pyarrow  # late: 50 MB that only this format needs
        from pyarrow import parquet
    except ImportError as error:
        raise BulkError(
            "Parquet needs the package pyarrow, which is not installed. Run: pip install pyarrow"
        ) from error
    fields = [pyarrow.field(name, _arrow_type(pyarrow, name)) for name in flat_columns()]
    schema = pyarrow.schema(fields)
    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        for group in _groups(batches):
            writer.write_table(pyarrow.Table.from_pylist([*map(flat_row, group)], schema))


FORMATS: dict[str, Callable[[Batches, BinaryIO], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}


def flat_row(row: Row) -> dict[str, Any]:
    """A row with a cell for each of `flat_columns`, lists joined by a plus.

    >>> flat_row({"file": "a.jpg", "modalities": ["image", "sensors"]})["modalities"]
    'image+sensors'
    """
    probabilities = row.get("probabilities") or {}
    cells: list[Any] = []
    for name in COLUMNS:
        value = row.get(name)
        if name == "probabilities":
            cells += [probabilities.get(category.name) for category in standard("us").categories]
        elif isinstance(value, list):
            cells.append("+".join(value))
        else:
            cells.append(value)
    return dict(zip(flat_columns(), cells, strict=True))


def _cell(value: Any) -> CsvCell:
    return value if isinstance(value, int | float | None) else str(value)


def _arrow_type(pyarrow: Any, name: str) -> Any:
    if name in _WHOLE:
        return pyarrow.int64() if name == "line" else pyarrow.int16()
    is_share = name.startswith("probability_") or name.endswith("_share")
    return pyarrow.float64() if is_share else pyarrow.string()


def _groups(batches: Batches) -> Iterator[list[Row]]:
    group: list[Row] = []
    for batch in batches:
        group += batch
        if len(group) >= _ROW_GROUP:
            yield group
            group = []
    if group:
        yield group
