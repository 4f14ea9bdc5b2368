"""The formats in which the store can be taken out; an expert may, and nothing changes by it.

Photos leave the store only once an expert has admitted them: so the consent of visitors has it.
`jsonl` alone has all photos, as a backup has, and is for admins.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import new_folder, replace_file, replace_file_by
from aqfusion.labels.exports.csv_tables import answers_table, events_table, items_table
from aqfusion.labels.exports.item_history import copy_photos, count_rows, for_export, whole_items
from aqfusion.labels.exports.label_studio import (
    HOW_TO,
    MAY_NOT_BE_LABELLED,
    PHOTOS,
    Tasks,
)
from aqfusion.labels.exports.training_folder import write_training_folder
from aqfusion.labels.item_json import state_json
from aqfusion.labels.label_studio_interface import labelling_interface
from aqfusion.labels.photo_store import photos_beside
from aqfusion.labels.schema import items, label_events, site_events
from aqfusion.labels.site_events import site_lines, sites_beside
from aqfusion.labels.store import LabelStore
from aqfusion.labels.unblinding import unblind_by_export
from aqfusion.permissions import Actor

__all__ = ["FORMATS", "ExportError", "Exported", "export"]

FORMATS = ("csv", "jsonl", "events", "label-studio", "training")
Report = Callable[[str], None]


class ExportError(InputError):
    """A format that does not exist, or a place that cannot be written."""


@dataclass(frozen=True)
class Exported:
    """The files that were written: how many items, events or photos to train with.

    `left_out` are sentences, `missing` hashes of photos that are gone.
    """

    wrote: tuple[Path, ...]
    count: int
    left_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def export(
    store: LabelStore, actor: Actor, format: str, out: Path, report: Report | None = None
) -> Exported:
    """Write one state of the store; a file is replaced, a folder must be new or empty.

    `csv` has a row per item, beside it one per answer; `events` a row per event. `jsonl` is all
    there is, photos and sites beside it, for an admin, and can be imported. `label-studio` and
    `training` are folders.
    """
    if format not in FORMATS:
        raise ExportError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    if format in {"csv", "jsonl", "events"} and out.is_dir():
        raise ExportError(f"export must be a file, got the folder {out}")
    least = "admin" if format == "jsonl" else "expert"
    exported = _written(store, actor, format, out, report, least)
    # Before anybody is handed the file; it holds the state from before.
    unblind_by_export(store.database, actor, least, with_predictions=format == "jsonl")
    return exported


def _written(
    store: LabelStore, actor: Actor, format: str, out: Path, report: Report | None, least: str
) -> Exported:
    with for_export(store, actor, least) as connection:
        if format == "csv":
            return _csv(connection, out)
        if format == "events":
            replace_file_by(out, events_table(connection))
            return Exported((out,), count_rows(connection, label_events))
        if format == "jsonl":
            return _jsonl(store, connection, out, report)
        if format == "label-studio":
            return _label_studio(store, connection, out, report)
        with new_folder(out) as folder:
            count, left_out = write_training_folder(whole_items(connection), store.photos, folder)
        return Exported((out,), count, left_out)


def _csv(connection: Connection, out: Path) -> Exported:
    beside = out.with_name(f"{out.stem}-answers{out.suffix}")
    replace_file_by(beside, answers_table(whole_items(connection)))
    replace_file_by(out, items_table(whole_items(connection)))
    return Exported((out, beside), count_rows(connection, items))


def _jsonl(store: LabelStore, connection: Connection, out: Path, report: Report | None) -> Exported:
    # The file comes last: once it is there, so are the photos.
    folder = photos_beside(out)
    missing = copy_photos(store.photos, _digests(connection), folder, report)
    count = count_rows(connection, items)
    sites = sites_beside(out)
    if count_rows(connection, site_events):
        replace_file_by(sites, site_lines(connection))
    else:
        sites.unlink(missing_ok=True)  # of an earlier export
    replace_file_by(out, _lines(connection, count))
    wrote = (out, folder, sites) if sites.is_file() else (out, folder)
    return Exported(wrote, count, (), missing)


def _lines(connection: Connection, count: int) -> Iterator[bytes]:
    for number, item_history in enumerate(whole_items(connection), start=1):
        line = state_json(
            *(item_history.row, item_history.events, number, count, item_history.unblinded)
        )
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _label_studio(
    store: LabelStore, connection: Connection, out: Path, report: Report | None
) -> Exported:
    with new_folder(out) as folder:
        digests = _digests(connection, MAY_NOT_BE_LABELLED)
        missing = copy_photos(store.photos, digests, folder / PHOTOS, report)
        replace_file(folder / "labelling.xml", labelling_interface().encode())
        replace_file(folder / "README.txt", HOW_TO.encode())
        tasks = Tasks({*missing})
        replace_file_by(folder / "tasks.json", tasks.json(whole_items(connection)))
    return Exported((out,), tasks.count, tasks.left_out, missing)


def _digests(connection: Connection, without: Iterable[str] = ("rejected",)) -> list[str]:
    """Return the photos of all items but those of a status.

    Photos of rejected items are swept, as they should be.
    """
    query = select(items.c.photo_hash).where(items.c.status.not_in([*without])).distinct()
    return list(connection.execute(query).scalars())
