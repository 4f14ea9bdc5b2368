"""The rows of the data folder that a command works on, and what is left out of it, on stderr."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aqfusion.commands.options import data_folder, report

if TYPE_CHECKING:
    from aqfusion.csv_table.fault import Fault
    from aqfusion.dataset.folder import Row

__all__ = ["data_rows", "rows_of"]

_MOST_TOLD = 20


def data_rows(arguments: argparse.Namespace) -> "tuple[Row, ...]":
    """Read the folder of `--data` or of the settings; what costs rows or cells is told."""
    return rows_of(data_folder(arguments), report)


def rows_of(folder: Path, told: Callable[[str], None]) -> "tuple[Row, ...]":
    """Read a data folder, and tell what was left out; `DataError` where nothing is good."""
    from aqfusion.dataset.folder import read_folder

    faults: list[Fault] = []
    notes: list[str] = []
    rows = read_folder(folder, faults.append, notes.append)
    for line in [*notes, *faults[:_MOST_TOLD]]:
        told(str(line))
    if len(faults) > _MOST_TOLD:
        told(f"and {len(faults) - _MOST_TOLD} more")
    lost = len({fault.line for fault in faults if not fault.row_kept})
    cells = sum(fault.row_kept for fault in faults)
    if faults:
        told(f"{len(rows)} rows are read, {lost} are left out, and {cells} cells of others")
    return rows
