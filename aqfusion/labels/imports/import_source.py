"""The entry for all that can be imported, and the dry run that stores nothing."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.data.photo_files import find_home
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.labels.capture_time import local_time
from aqfusion.labels.imports.full_state import import_state
from aqfusion.labels.imports.item_import import Imported, SourceError, Terms, import_items
from aqfusion.labels.imports.label_studio import import_label_studio
from aqfusion.labels.imports.photo_sources import (
    TABLES,
    list_kaggle_folder,
    list_photo_csv,
    list_photo_folder,
)
from aqfusion.labels.imports.source_listing import ImportCandidate, Listing
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor

__all__ = ["dry_run", "import_from_source", "list_source"]


def import_from_source(
    store: LabelStore,
    actor: Actor,
    source: Path,
    terms: Terms,
    now: datetime,
    report: Callable[[str], None] | None = None,
    local: tzinfo | None = None,
) -> Imported:
    """Import a data folder, a folder of photos, a CSV of photos, our own JSON Lines, or answers.

    For an admin. Our own export brings its own terms, and the answers of Label Studio (.json) are
    to items that are in the store. Where no row is good, `SourceError` is raised.
    """
    if source.is_file() and source.suffix.casefold() == ".jsonl":
        return import_state(store, actor, source, now, report)
    if source.is_file() and source.suffix.casefold() == ".json":
        return import_label_studio(store, actor, source, now, report)
    return import_items(store, actor, list_source(source, now, local), terms, now, report)


def list_source(source: Path, now: datetime, local: tzinfo | None = None) -> Listing:
    """List what a folder or a table offers; `local` is the zone of times that name none."""
    if source.is_dir():
        kaggle = find_home(source) is not None
        return list_kaggle_folder(source, local) if kaggle else list_photo_folder(source)
    if source.is_file() and source.suffix.casefold() in TABLES:
        return list_photo_csv(source, now, local)
    rule = "import must be a folder, a CSV file of photos, a .jsonl export or Label Studio's .json"
    raise SourceError(f"{rule}, got {source}")


def dry_run(listing: Listing) -> dict[str, Any]:
    """Return the items that would come in, and all that would be left out, as JSON has them."""
    items: list[dict[str, Any]] = []
    faults = [*listing.faults]
    for candidate in listing.candidates:
        try:
            Photo.open(candidate.path)
        except PhotoError as error:
            faults.append(candidate.fault(f"must {str(error).rpartition(' must ')[2]}"))
            continue
        items.append(_item(candidate))
    faults.sort(key=lambda fault: fault.line)
    return {
        "items": items,
        "left_out": [
            {
                "line": fault.line,
                "column": fault.column,
                "reason": fault.reason,
                "row_kept": fault.row_kept,
            }
            for fault in faults
        ],
        "ignored_columns": list(listing.ignored),
        "notes": list(listing.notes),
    }


def _item(candidate: ImportCandidate) -> dict[str, Any]:
    return {
        "line": candidate.line,
        "photo": candidate.name.replace("\\", "/").removeprefix("./"),
        "place": candidate.place,
        "time": _time(candidate),
        "time_zone": candidate.time_zone,
        "group": candidate.group,
        "readings": {
            name: value
            for name in POLLUTANTS
            if (value := getattr(candidate.reading, name)) is not None
        },
        "units_stated": candidate.units_stated,
        "aqi": candidate.given_aqi,
        "gold": candidate.known_aqi,
        "licence": candidate.licence,
    }


def _time(candidate: ImportCandidate) -> str | None:
    local = local_time(candidate.taken_at, candidate.time_zone, candidate.place)
    time: datetime | None = local or candidate.taken_at
    return None if time is None else time.isoformat()
