"""An export of all there is, back into an empty store: the same items, events, values and sites.

All of it or nothing: a history with holes would be another one. Accounts come as names, without
a PIN and as visitors, until an admin gives them more.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import JpegImagePlugin
from sqlalchemy import Connection, func, select

from aqfusion.csv_table.errors import TableFault, shortened
from aqfusion.errors import InputError
from aqfusion.images.photo import MAX_BYTES, Photo
from aqfusion.labels.accounts import OPERATOR, insert_user, lock_accounts, name_key
from aqfusion.labels.authorization import require_role
from aqfusion.labels.backup_format import load
from aqfusion.labels.imports.item_import import Imported
from aqfusion.labels.integrity import faults_in
from aqfusion.labels.item_json import StateLine
from aqfusion.labels.item_projection import rebuild_projection
from aqfusion.labels.photo_store import photos_beside
from aqfusion.labels.schema import items, label_events, site_events, unblindings, users
from aqfusion.labels.site_events import site_rows, sites_beside
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor

__all__ = ["StateFileError", "import_state"]

LONGEST_LINE = 10_000_000
_PLAIN_JPEG = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}  # what has no metadata


class StateFileError(InputError):
    """An export that is damaged or cut, or a store that is not empty."""


def import_state(
    store: LabelStore,
    actor: Actor,
    file: Path,
    now: datetime,
    report: Callable[[str], None] | None = None,
) -> Imported:
    """Import for an admin; the same export again changes nothing.

    Sites come from the file beside it, photos from the folder; those that are nowhere are listed as
    faults, and their items are imported. A line that breaks a rule raises `StateFileError`: nothing
    is kept.
    """
    with store.database.read() as connection:
        require_role(connection, actor, "admin", lock=False)
    count, digests = _check(file)
    try:
        for _row in site_rows(sites_beside(file)):
            pass
    except InputError as error:
        raise StateFileError(str(error)) from error
    if report is not None:
        report(f"{count} items checked")
    faults = [fault for line, digest in digests if (fault := _photo(store, file, line, digest))]
    new = store.database.write(lambda connection: _fill(connection, actor, file, now))
    return Imported(new, count - new, 0, tuple(faults))


def _check(file: Path) -> tuple[int, list[tuple[int, str]]]:
    """Read all lines; return how many there are, and where each photo is first needed."""
    ids: set[int] = set()
    keys: set[str] = set()
    events: set[int] = set()
    requests: set[str] = set()
    originals: dict[int, int] = {}
    photos: dict[str, int] = {}
    total = 0
    for number, line in _lines(file):
        item, total = line.item, line.total
        if line.number != number:
            raise StateFileError(f"{file.name} line {number} is out of order or an item is missing")
        own = {event["id"] for event in line.events}
        request_ids = {event["request_id"] for event in line.events}
        twice = item["id"] in ids or item["key"] in keys or own & events or request_ids & requests
        if twice or len(request_ids) < len(own):
            raise StateFileError(f"{file.name} line {number} repeats an id of an earlier line")
        ids.add(item["id"])
        keys.add(item["key"])
        events |= own
        requests |= request_ids
        if item["duplicate_of"] is not None:
            originals[number] = item["duplicate_of"]
        if line.status != "rejected":
            photos.setdefault(item["photo_hash"], number)
    if len(ids) != total or not ids:
        raise StateFileError(f"{file.name} must have {total or 'some'} items, got {len(ids)}")
    for number, original in originals.items():
        if original not in ids:
            rule = "must be a duplicate of an item in the file"
            raise StateFileError(f"{file.name} line {number} {rule}, got {original}")
    return len(ids), [(number, digest) for digest, number in photos.items()]


def _lines(file: Path) -> Iterator[tuple[int, StateLine]]:
    with file.open("rb") as stream:
        for number, text in enumerate(iter(lambda: stream.readline(LONGEST_LINE + 1), b""), 1):
            if len(text) > LONGEST_LINE:
                raise StateFileError(f"{file.name} line {number} must have at most 10 MB")
            try:
                yield number, StateLine.read(text)
            except InputError as error:
                sentence = f"{file.name} line {number}: {error}. Nothing was imported"
                raise StateFileError(sentence) from error


def _photo(store: LabelStore, file: Path, line: int, digest: str) -> TableFault | None:
    """Put the photo of an item where the store finds it, or say why not."""
    if store.photos.exists(digest):
        return None
    path = photos_beside(file) / f"{digest}.jpg"
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError:
        rule = f"must be in the store or in {photos_beside(file).name}"
        return TableFault(line, "photo_hash", rule, digest)
    try:
        if hashlib.sha256(data).hexdigest() != digest:
            raise InputError("must have this SHA-256")
        Photo.decode(data)
        with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
            if image.info.keys() - _PLAIN_JPEG:
                raise InputError("must have no metadata")
    except (InputError, SyntaxError, OSError) as error:
        return TableFault(line, "photo_hash", shortened(str(error)), digest)
    store.photos.put_bytes(data)
    return None


def _fill(connection: Connection, actor: Actor, file: Path, now: datetime) -> int:
    """Write everything in one transaction, and prove it before it is committed."""
    require_role(connection, actor, "admin")
    lock_accounts(connection)
    held = connection.execute(select(func.count()).select_from(items)).scalar_one()
    if held:
        return _same(connection, file, held)
    load(connection, items, (line.item for _, line in _lines(file)))
    people = _People(connection, now)
    events = (event for _, line in _lines(file) for event in line.events)
    load(connection, label_events, (people.row(event) for event in events))
    shown = (row for _, line in _lines(file) for row in line.unblinded)
    load(connection, unblindings, (people.row(row) for row in shown))
    rows = site_rows(sites_beside(file))
    load(connection, site_events, (people.row(event) for event in rows))
    touched = select(label_events.c.item).distinct().order_by(label_events.c.item)
    for item in connection.execute(touched).scalars().all():
        rebuild_projection(connection, item)
    count = connection.execute(select(func.count()).select_from(items)).scalar_one()
    faults = faults_in(connection)
    if faults:
        raise StateFileError(f"{file.name} is inconsistent: {faults[0]}. Nothing was imported.")
    return count


def _same(connection: Connection, file: Path, held: int) -> int:
    """Return 0 where the store has all of the file already; else it is no place for it."""
    for _, line in _lines(file):
        item_query = select(items.c.id).where(items.c.key == line.item["key"])
        item_id = connection.execute(item_query).scalar()
        events = select(label_events.c.request_id).where(label_events.c.item == item_id)
        stored_requests = {*connection.execute(events).scalars()}
        if item_id is None or not {event["request_id"] for event in line.events} <= stored_requests:
            raise StateFileError(
                f"The label store is not empty: it has {held} items. "
                f"Import {file.name} into an empty store."
            )
    return 0


class _People:
    """Accounts by name: those of the store, and new ones for names it does not have."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection, self._now = connection, now
        rows = connection.execute(select(users.c.name_key, users.c.id))
        self._known: dict[str, int] = {row.name_key: row.id for row in rows}

    def row(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event's row with the id of its user."""
        key = name_key(event["by"])
        if key not in self._known:
            role = "operator" if key == name_key(OPERATOR) else "visitor"
            made = insert_user(self._connection, event["by"], role, self._now, {})
            self._known[key] = made.id
        return {**{k: v for k, v in event.items() if k != "by"}, "user": self._known[key]}
