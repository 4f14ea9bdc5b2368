"""A folder in the Kaggle layout: its AQI is a label that somebody gave, and may be wrong."""

from datetime import datetime
from pathlib import Path

from aqfusion.csv_table.fault import Fault
from aqfusion.dataset.folder import Row, read_folder
from aqfusion.labels.capture_time import timezone_of
from aqfusion.labels.imports.listing import Candidate, Listing
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
            taken_at=_time(row),
            time_zone=timezone_of(row.place),
            group=row.group,
            given_aqi=row.aqi,
        )
        for row in rows
    )
    return Listing(folder.resolve().name, candidates, tuple(faults))


def _time(row: Row) -> datetime | None:
    timezone = timezone_of(row.place)
    return None if timezone is None else session_time(row.session, timezone)
