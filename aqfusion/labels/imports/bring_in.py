"""One door for all that can be imported."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path

from aqfusion.dataset.home import find_home
from aqfusion.labels.actor import Actor
from aqfusion.labels.imports.full_state import import_state
from aqfusion.labels.imports.intake import Imported, SourceError, Terms, take_in
from aqfusion.labels.imports.kaggle_folder import list_kaggle_folder
from aqfusion.labels.imports.label_studio import import_label_studio
from aqfusion.labels.imports.listing import Listing
from aqfusion.labels.imports.photo_csv import TABLES, list_photo_csv
from aqfusion.labels.imports.photo_folder import list_photo_folder
from aqfusion.labels.store import LabelStore

__all__ = ["bring_in", "list_source"]


def bring_in(
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
    return take_in(store, actor, list_source(source, now, local), terms, now, report)


def list_source(source: Path, now: datetime, local: tzinfo | None = None) -> Listing:
    """List what a folder or a table offers; `local` is the zone of times that name none."""
    if source.is_dir():
        kaggle = find_home(source) is not None
        return list_kaggle_folder(source, local) if kaggle else list_photo_folder(source)
    if source.is_file() and source.suffix.casefold() in TABLES:
        return list_photo_csv(source, now, local)
    rule = "import must be a folder, a CSV file of photos, a .jsonl export or Label Studio's .json"
    raise SourceError(f"{rule}, got {source}")
