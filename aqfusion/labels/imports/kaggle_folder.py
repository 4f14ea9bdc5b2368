"""A folder in the Kaggle layout: its AQI is a label that somebody gave, and may be wrong."""

from datetime import datetime, tzinfo
from pathlib import Path

from aqfusion.csv_table.fault import Fault
from aqfusion.dataset.folder import FolderPhoto, read_photos
from aqfusion.labels.capture_time import timezone_of, zone_name
from aqfusion.labels.imports.listing import Candidate, Listing
from aqfusion.stations.sample import session_time
from aqfusion.time_zones import TimeError, at, zone

__all__ = ["list_kaggle_folder"]


def list_kaggle_folder(folder: Path, default: tzinfo | None = None) -> Listing:
    """List each photo of the table; what is wrong is listed too, a bad table raises `DataError`.

    Groups are those that a training must not split. Times are on the clock of the place, by the
    table, by its name or else by `default`; where none of these tells the zone there is no time.
    """
    faults: list[Fault] = []
    notes: list[str] = []
    photos = read_photos(folder, faults.append, notes.append)
    candidates: list[Candidate] = []
    without_zone: dict[str, int] = {}
    for photo in photos:
        local = photo.row.local or _of_place(photo.place) or default
        time = _time(photo, local)
        if local is None and photo.row.clock is not None:
            place = photo.place or ""
            without_zone[place] = without_zone.get(place, 0) + 1
        candidates.append(
            Candidate(
                line=photo.row.line,
                column="Filename",
                name=photo.row.photo.name,
                path=photo.row.photo,
                reading=photo.row.reading,
                place=photo.place,
                taken_at=time,
                time_zone=None if local is None or time is None else zone_name(local),
                group=photo.group,
                given_aqi=photo.row.aqi,
                units_stated=photo.row.units_stated,
            )
        )
    notes += [
        f"times at {place!r} are left out ({count} photos), as its time zone is not known: "
        "name it in a column timezone, or with --timezone"
        for place, count in without_zone.items()
    ]
    return Listing(folder.resolve().name, tuple(candidates), tuple(faults), notes=tuple(notes))


def _of_place(place: str | None) -> tzinfo | None:
    name = timezone_of(place)
    return None if name is None else zone(name)


def _time(photo: FolderPhoto, local: tzinfo | None) -> datetime | None:
    """Return when it was by the name of its session, else by the table's own cells."""
    if local is None:
        return None
    session_start = session_time(photo.session, zone_name(local)) if photo.session else None
    if session_start is not None or photo.row.clock is None:
        return session_start
    try:
        return at(photo.row.clock, local)
    except TimeError:  # an hour that the clocks skipped or showed twice
        return None
