"""Thousands of damaged backups by a seed: each is restored exactly, or refused and nothing written.

Three kinds of damage: bytes of the ZIP, bytes of an entry under right sums, values of rows under
right sums.
"""

import contextlib
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aqfusion.errors import InputError
from aqfusion.labels.backup import TABLES, lines_of, rehearse, restore
from aqfusion.labels.store import LabelStore
from tests.labels.forging import (
    Entries,
    put_rows,
    read_entries,
    table_rows,
    with_right_sums,
    write_entries,
    write_planted,
)

SEED = 16
SHORT, LONG = 120, 4000
_EVERY = 30  # of those that are refused, so many are tried on a store too
_ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**31, 2**63, 10**400, float("nan"), "", "god", "\0", "\ud800"),
    *("9999-12-31T23:59:59+00:00", "x" * 2000, [], {}, [[[[]]]], {"a": {"b": None}}, "' OR 1=1 --"),
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("planted")
    store = LabelStore.open(str(home / "labels.db"), str(home / "photos"))
    write_planted(store, home / "backup.zip")
    (home / "dump").write_text(json.dumps(dump(store)))
    store.close()
    return home / "backup.zip"


def dump(store: LabelStore) -> dict[str, list[str]]:
    with store.database.snapshot() as connection:
        return {t.name: [line.decode() for line in lines_of(connection, t)] for t in TABLES}


def flip_bytes(path: Path, generator: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(generator.choice((1, 1, 2, 8))):
        choice = generator.randrange(4)
        at = generator.randrange(len(data))
        if choice == 0:
            data[at] ^= 1 << generator.randrange(8)
        elif choice == 1:
            data[at : at + 4] = generator.randbytes(4)
        elif choice == 2:
            del data[at : at + generator.randrange(1, 200)]
        else:  # the directory, where sizes and offsets lie
            at = len(data) - generator.randrange(1, min(len(data), 1500))
            data[at] = generator.randrange(256)
    path.write_bytes(data)


def change_entry(path: Path, generator: random.Random) -> None:
    entries = read_entries(path)
    name = generator.choice(sorted(entries))
    data = bytearray(entries[name] or b"{}\n")
    for _ in range(generator.choice((1, 1, 3))):
        at = generator.randrange(len(data) or 1)
        piece = generator.choice((b"", b"0", b'"', b"}", b"\n", b"NaN", generator.randbytes(3)))
        data[at : at + generator.randrange(3)] = piece
    entries[name] = bytes(data)
    put(path, entries)


def change_value(path: Path, generator: random.Random) -> None:
    entries = read_entries(path)
    table = generator.choice([t.name for t in TABLES if entries.get(f"tables/{t.name}.jsonl")])
    rows = table_rows(entries, table)
    row = generator.choice(rows)
    column = generator.choice(sorted(row))
    others = [each[column] for each in rows]
    row[column] = generator.choice((*_ODD, *others, *others))
    put_rows(entries, table, rows)
    put(path, entries)


def put(path: Path, entries: Entries) -> None:
    # The manifest itself may be no manifest any more.
    with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError):
        entries = with_right_sums(entries)
    write_entries(path, entries)


def run(planted: Path, folder: Path, empty_labels: bytes, kind: Callable, times: int) -> int:
    """Return how many of the damaged backups were refused; any other end is a failure."""
    generator = random.Random(f"{SEED} {kind.__name__}")
    whole, path = planted.read_bytes(), folder / "fuzzed.zip"
    temporary = folder / "tmp"
    temporary.mkdir()
    count = 0
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(temporary))
        for number in range(times):
            path.write_bytes(whole)
            kind(path, generator)
            try:
                rehearse(path, decode=True)
                sentence = ""
            except InputError as error:
                sentence = str(error)
                count += 1
            is_good = not sentence
            assert len(sentence) < 1000, number
            assert [*temporary.iterdir()] == [], number
            if is_good or not number % _EVERY:
                try_on_a_store(planted, path, folder, empty_labels, is_good=is_good)
    return count


def try_on_a_store(
    planted: Path, path: Path, folder: Path, empty_labels: bytes, *, is_good: bool
) -> None:
    database, photos = folder / "target.db", folder / "target photos"
    for file in folder.glob("target.db*"):
        file.unlink()
    database.write_bytes(empty_labels)
    store = LabelStore.open(str(database), str(photos))
    before = dump(store)
    try:
        restore(store, path)
        assert is_good
        entries = read_entries(path)
        restored = dump(store)
        assert '"backup restored"' in restored["account_events"].pop()
        assert restored == {
            t.name: entries[f"tables/{t.name}.jsonl"].decode().splitlines(keepends=True)
            for t in TABLES
        }
    except InputError:
        assert not is_good
        assert dump(store) == before
        assert not [file for file in photos.rglob("*") if file.is_file()]
    finally:
        store.close()
        for file in photos.rglob("*.jpg"):
            file.unlink()


KINDS = (flip_bytes, change_entry, change_value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_backup_is_restored_exactly_or_refused(planted, tmp_path, empty_labels, kind):
    assert run(planted, tmp_path, empty_labels, kind, SHORT // len(KINDS)) > SHORT // 6


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_damaged_backups(planted, tmp_path, empty_labels, kind):
    assert run(planted, tmp_path, empty_labels, kind, LONG // len(KINDS)) > LONG // 6
