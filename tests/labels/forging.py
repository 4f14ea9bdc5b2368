"""Backups as an attacker writes them: any entry changed, and every sum right again."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer
from aqfusion.labels.backup import backup
from aqfusion.labels.store import LabelStore
from aqfusion.sites.site import Site
from tests.labels.planted import NOW, PIN, add, request_id, say

Entries = dict[str, bytes]


def write_planted(store: LabelStore, path: Path) -> Path:
    """A store with a row in most tables, and its backup."""
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    ana = store.accounts.add_user(admin, "Ana", PIN, "annotator", NOW)
    eva = store.accounts.add_user(admin, "Eva", PIN, "expert", NOW)
    digest = store.photos.put(Photo.from_image(Image.linear_gradient("L")))
    first = add(store, admin, 1, overlap=2, photo_hash=digest)
    add(store, admin, 2, duplicate_of=first, known_aqi=80)
    store.invites.make(admin, "expert", NOW)
    say(store, ana, first, Answer(aqi=151, note="naïve – 霾", corrections={"pm25": None}))
    third = add(store, admin, 3)
    say(store, ana, third, 2)
    store.review.overrule(eva, third, Answer(category=1), "why", request_id(), NOW)
    store.settings.set_guidelines(admin, "# Ours", NOW)
    store.sittings.resume(ana, NOW)
    store.sites.create(ana, Site("My roof"), "roof", NOW)
    backup(store, admin, path, NOW)
    return path


def read_entries(path: Path) -> Entries:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def write_entries(path: Path, entries: Entries) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def table_rows(entries: Entries, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in entries[f"tables/{table}.jsonl"].splitlines()]


def put_rows(entries: Entries, table: str, rows: list[dict[str, Any]]) -> None:
    lines = (json.dumps(row, sort_keys=True).encode() + b"\n" for row in rows)
    entries[f"tables/{table}.jsonl"] = b"".join(lines)


def with_right_sums(entries: Entries) -> Entries:
    """State the sums of what is there, as far as the manifest can still be read."""
    manifest = json.loads(entries["manifest.json"])
    for name, data in entries.items():
        table = name.removeprefix("tables/").removesuffix(".jsonl")
        if name.startswith("tables/") and table in manifest["tables"]:
            sums = {"rows": data.count(b"\n"), "sha256": hashlib.sha256(data).hexdigest()}
            manifest["tables"][table] = sums
    photos = sorted(n[len("photos/") : -len(".jpg")] for n in entries if n.startswith("photos/"))
    manifest["photos"] = len(photos)
    manifest["photos_sha256"] = hashlib.sha256("\n".join(photos).encode()).hexdigest()
    return {**entries, "manifest.json": json.dumps(manifest, indent=1).encode()}


def changed(table: str, row: int, **values: Any) -> Callable[[Entries], None]:
    """Change values of a row, counted from 0."""

    def change(entries: Entries) -> None:
        rows = table_rows(entries, table)
        rows[row] |= values
        put_rows(entries, table, rows)

    return change
