"""`fetch-data`: bring the public data set into a data folder."""

import argparse
import importlib
import shutil
from pathlib import Path

from aqfusion.commands.options import Commands, Parser, UsageError, report
from aqfusion.csv_table.fault import Fault
from aqfusion.dataset.folder import read_folder

HANDLE = "adarshrouniyar/air-pollution-image-dataset-from-india-and-nepal"


def add_fetch_data_command(commands: "Commands[Parser]") -> None:
    """Add `fetch-data`."""
    parser = commands.add_parser(
        "fetch-data",
        help="bring the public data set (needs internet and a Kaggle account)",
        description="Bring the Air Pollution Image Dataset from India and Nepal (A. Rouniyar et "
        "al., CC BY-NC-SA 3.0 IGO) with kagglehub, which must be installed, and check it.",
        allow_abbrev=False,
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="the data folder to make")
    parser.set_defaults(run=run_fetch_data)


def run_fetch_data(arguments: argparse.Namespace) -> None:
    """Download, check, then put in place."""
    out = Path(arguments.out)
    if out.exists():
        raise UsageError(f"--out must not exist yet, got {out}")
    try:
        kagglehub = importlib.import_module("kagglehub")
    except ImportError:
        raise UsageError("fetch-data needs kagglehub: pip install kagglehub") from None
    try:
        downloaded = Path(kagglehub.dataset_download(HANDLE))
    except (OSError, RuntimeError, ValueError) as error:
        # requests' errors are OSErrors; kagglehub's own ones for credentials are ValueErrors
        raise UsageError(f"the data set could not be downloaded: {error}") from error
    faults: list[Fault] = []
    rows = read_folder(downloaded, faults.append)
    lost = [fault for fault in faults if not fault.row_kept]
    if lost:  # bad rows of somebody's own folder are left out, but this one is known to be whole
        raise UsageError(f"the download must be whole, got {len(lost)} bad rows: {lost[0]}")
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(downloaded, temporary)
    temporary.rename(out)
    report(f"{len(rows)} photos are in {out}; set AQFUSION_DATA={out.resolve()}")
