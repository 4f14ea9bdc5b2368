"""A folder in the Kaggle layout: its AQI is a label that somebody gave, and may be wrong."""

from pathlib import Path

from aqfusion.csv_table.fault import Fault
from aqfusion.dataset.folder import read_folder
from aqfusion.labels.imports.listing import Candidate, Listing, timezone_of
from aqfusion.stations.sample import session_time

__all__ = ["list_kaggle_folder"]


def list_kaggle_folder(folder: Path) -> Listing:
    """List what `train` would read; bad rows are listed too, a bad table raises `DataError`.

    Groups are those that a training must not split. Times are on the clock of the place.
    """
    faults: list[Fault] = []
    rows = read_folder(folder, faults.append)
    candidates = tuple(
        Candidate(
            line=row.line,
            column="Filename",
            name=row.photo.name,
            path=row.photo,
            reading=row.reading,
            place=row.place,
            taken_at=session_time(row.session, timezone_of(row.place)),
            group=row.group,
            given_aqi=row.aqi,
        )
        for row in rows
    )
    return Listing(folder.resolve().name, candidates, tuple(faults))
