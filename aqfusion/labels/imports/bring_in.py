"""One door for all that can be imported."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aqfusion.dataset.folder import CSV_NAME
from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.imports.full_state import import_state
from aqfusion.labels.imports.intake import Imported, Terms, take_in
from aqfusion.labels.imports.kaggle_folder import list_kaggle_folder
from aqfusion.labels.imports.listing import Listing
from aqfusion.labels.imports.photo_csv import TABLES, list_photo_csv
from aqfusion.labels.imports.photo_folder import list_photo_folder
from aqfusion.labels.store import LabelStore

__all__ = ["SourceError", "bring_in", "bring_in_listed"]


class SourceError(InputError):
    """Something that cannot be imported, or in which nothing is good."""


def bring_in(
    store: LabelStore,
    actor: Actor,
    source: Path,
    terms: Terms,
    now: datetime,
    report: Callable[[str], None] | None = None,
) -> Imported:
    """Import a data folder, a folder of photos, a CSV of photos, or our own JSON Lines.

    For an admin. The last one brings its own terms. Where no row is good, `SourceError` is raised.
    """
    if source.is_file() and source.suffix.casefold() == ".jsonl":
        return import_state(store, actor, source, now, report)
    if source.is_dir():
        tables = (source / CSV_NAME, source / "Combined_Dataset" / CSV_NAME)
        kaggle = any(table.is_file() for table in tables)
        listing = list_kaggle_folder(source) if kaggle else list_photo_folder(source)
    elif source.is_file() and source.suffix.casefold() in TABLES:
        listing = list_photo_csv(source, now)
    else:
        rule = "import must be a folder, a CSV file of photos or a .jsonl export"
        raise SourceError(f"{rule}, got {source}")
    return bring_in_listed(store, actor, listing, terms, now, report)


def bring_in_listed(
    store: LabelStore,
    actor: Actor,
    listing: Listing,
    terms: Terms,
    now: datetime,
    report: Callable[[str], None] | None = None,
) -> Imported:
    """Import what was listed; where no row is good, `SourceError` is raised."""
    imported = take_in(store, actor, listing, terms, now, report)
    if not imported.new and not imported.known:
        told = f"{len(imported.faults)} bad ones" if imported.faults else "none"
        first = f", the first in {imported.faults[0]}" if imported.faults else ""
        raise SourceError(f"{listing.name} must have a good photo, got {told}{first}")
    return imported
