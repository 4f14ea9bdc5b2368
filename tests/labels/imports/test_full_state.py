"""An export of all there is comes back as it was, or not at all."""

import contextlib
import hashlib
import json
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault
from aqfusion.labels.answer import Answer
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.full_state import StateFileError
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Imported, Terms
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.item_json import StateLine, StateLineError
from aqfusion.labels.progress import totals
from aqfusion.labels.schema import items
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import RoleError
from tests.labels.pictures import with_exif
from tests.labels.planted import NOW, PIN, request_id, say

LATER = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def exported_once(busy_folder, tmp_path_factory) -> Path:
    """The busy store's export, in a folder of its own."""
    folder = shutil.copytree(busy_folder, tmp_path_factory.mktemp("exported") / "busy")
    store = LabelStore.open(str(folder / "labels.db"), str(folder / "photos"))
    operator = store.accounts.operator(NOW)
    file = export(store, operator, "jsonl", folder.parent / "out" / "labels.jsonl").wrote[0]
    store.close()
    return file.parent


@pytest.fixture
def exported(exported_once, tmp_path) -> Path:
    """A copy of the export for one test."""
    return shutil.copytree(exported_once, tmp_path / "out") / "labels.jsonl"


@pytest.fixture
def other(tmp_path, empty_labels):
    """Another store, empty, with an admin of its own."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "labels.db").write_bytes(empty_labels)
    store = LabelStore.open(
        str(tmp_path / "other" / "labels.db"), str(tmp_path / "other" / "photos")
    )
    yield store
    store.close()


@pytest.fixture
def chief(other):
    return other.accounts.first_admin("Chief", PIN, NOW)


def changed(file: Path, change) -> Path:
    """The export with its lines changed: `change` gets them as JSON."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    change(lines)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_an_export_comes_back_as_it_was(exported, busy, other, chief, tmp_path):
    store = busy.store
    assert import_from_source(other, chief, exported, Terms(), LATER) == Imported(16, 0, 0, ())
    again = export(other, chief, "jsonl", tmp_path / "again" / "labels.jsonl").wrote[0]
    assert again.read_bytes() == exported.read_bytes()
    assert other.snapshot_hash() == store.snapshot_hash()
    assert [*other.adjudicated()] == [*store.adjudicated()]
    assert other.verify() == ()
    assert other.overview.counts() == store.overview.counts()
    without_people = {"users": None}
    assert totals(other.database) | without_people == totals(store.database) | without_people
    for value in store.adjudicated():
        assert other.photos.get(value.photo_hash) == store.photos.get(value.photo_hash)


def test_a_second_import_changes_nothing_and_another_store_is_no_place_for_it(
    exported, other, chief
):
    import_from_source(other, chief, exported, Terms(), LATER)
    before = other.snapshot_hash(), totals(other.database)
    assert import_from_source(other, chief, exported, Terms(), LATER) == Imported(0, 16, 0, ())
    assert (other.snapshot_hash(), totals(other.database)) == before
    changed(exported, lambda lines: lines[0]["events"][0].update(request_id="new"))
    with pytest.raises(StateFileError, match="The label store is not empty: it has"):
        import_from_source(other, chief, exported, Terms(), LATER)


def test_work_goes_on_where_it_was(exported, busy, other, chief):
    import_from_source(other, chief, exported, Terms(), LATER)
    (ana,) = (user for user in other.accounts.users(chief) if user.name == "Ana")
    assert (ana.role, ana.has_pin) == ("visitor", False)
    assert other.sign_in.names() == ("Chief",)
    other.accounts.set_role(chief, ana.id, "annotator")
    other.accounts.reset_pin(chief, ana.id, "4321")
    actor = other.sign_in.by_pin("Ana", "4321", LATER)
    assert [skipped.task.id for skipped in other.overview.skipped(actor)] == [busy.ids.skipped]
    undone = other.answers.undo(actor, request_id(), LATER)
    assert undone.item == busy.ids.gold  # what she said last
    say(other, actor, busy.ids.unskipped, Answer(category=1), LATER)
    assert other.verify() == ()


def test_an_export_of_before_units_were_told_states_those_of_contributions_only(
    exported, other, chief
):
    changed(exported, lambda lines: [line.pop("units_stated") for line in lines])
    import_from_source(other, chief, exported, Terms(), LATER)
    with other.database.read() as connection:
        rows = connection.execute(select(items.c.origin, items.c.units_stated))
        stated = {tuple(row) for row in rows}
    assert stated == {("import", False), ("contribution", True)}


def test_people_of_the_same_name_are_the_same(exported, other, chief):
    ana = other.accounts.add_user(chief, "ANA", PIN, "annotator", NOW)
    import_from_source(other, chief, exported, Terms(), LATER)
    assert Counter(user.name for user in other.accounts.users(chief))["Ana"] == 0
    assert other.overview.progress(ana, NOW - timedelta(days=1), LATER).done == 6


def test_the_operator_stays_who_they_are(store, admin, other, tmp_path):
    operator = store.accounts.operator(NOW)
    (tmp_path / "new").mkdir()
    with_exif(tmp_path / "new" / "a.jpg", 1)
    import_from_source(store, operator, tmp_path / "new", Terms(), NOW)
    say(store, operator, 1, 2)
    file = export(store, operator, "jsonl", tmp_path / "labels.jsonl").wrote[0]
    chief = other.accounts.first_admin("Chief", PIN, NOW)
    import_from_source(other, chief, file, Terms(), LATER)
    assert other.accounts.operator(LATER).role == "operator"


def test_photos_that_are_nowhere_or_not_what_they_seem_are_listed(
    exported, busy, other, chief, tmp_path
):
    lines = [json.loads(line) for line in exported.read_text(encoding="utf-8").splitlines()]
    photos = exported.with_name("labels-photos")
    gone, other_bytes = lines[0]["photo_hash"], lines[1]["photo_hash"]
    (photos / f"{gone}.jpg").unlink()
    (photos / f"{other_bytes}.jpg").write_bytes(b"something else")
    done = import_from_source(other, chief, exported, Terms(), LATER)
    assert (done.new, done.faults) == (
        16,
        (
            TableFault(1, "photo_hash", "must be in the store or in labels-photos", gone),
            TableFault(2, "photo_hash", "must have this SHA-256", other_bytes),
        ),
    )
    rejected = lines[busy.ids.rejected - 1]["photo_hash"]
    assert not other.photos.exists(rejected)
    assert not (photos / f"{rejected}.jpg").exists()


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda path: with_exif(path, 5), "must have no metadata"),
        (lambda path: path.write_bytes(b"<html>"), "photo must be a JPEG, PNG, WebP, HEIC or AVIF"),
    ],
)
def test_no_photo_with_metadata_gets_in_by_its_hash(
    store, admin, other, chief, tmp_path, make, rule
):
    file = tmp_path / "labels.jsonl"
    folder = tmp_path / "labels-photos"
    (tmp_path / "new").mkdir()
    with_exif(tmp_path / "new" / "a.jpg", 1)
    import_from_source(store, admin, tmp_path / "new", Terms(), NOW)
    export(store, admin, "jsonl", file)
    make(tmp_path / "planted.jpg")
    data = (tmp_path / "planted.jpg").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    (folder / f"{digest}.jpg").write_bytes(data)

    def swap(lines):
        key = NewItem(photo_hash=digest, reading=Reading()).key
        lines[0].update(photo_hash=digest, key=key)

    (fault,) = import_from_source(other, chief, changed(file, swap), Terms(), LATER).faults
    assert fault.rule.startswith(rule)
    assert not other.photos.exists(digest)


def event(line, **values):
    return lambda lines: lines[line]["events"][0].update(values)


def field(line, **values):
    return lambda lines: lines[line].update(values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: lines.pop(), "must have 16 items, got 15"),
        (lambda lines: lines.pop(3), "line 4 is out of order or an item is missing"),
        (lambda lines: lines.append(lines[0] | {"number": 17}), "line 17 repeats an id"),
        (lambda lines: lines.clear(), "must have some items, got 0"),
        (field(0, format="aqfusion labels 9"), "line 1: format must be 'aqfusion labels 1', got"),
        (field(0, extra=1), "line 1: line must have the fields of this format, got a difference"),
        (field(0, id="1"), "line 1: numbers must be whole and at least 1, got '1'"),
        (field(0, id=2), "line 2 repeats an id of an earlier line"),
        (field(0, key="0" * 64), "line 1: key must be that of photo and reading"),
        (field(0, photo_hash="../x"), "line 1: photo hash must be 64 hex digits"),
        (field(0, place="a\0b"), "line 1: place must have no control characters"),
        (field(0, place="\ud800"), "line 1: place must have no control characters"),
        (field(0, status="settled"), "line 1: status must be answered by its events, got settled"),
        (field(0, split="test"), "line 1: split must be one of train, frozen, got 'test'"),
        (field(0, reading=[]), "line 1: must be an item of this format, got other JSON"),
        (field(0, taken_at="2023-02-01T03:00:00"), "line 1: times must have a zone"),
        (field(0, priority=float("nan")), "line 1: numbers must be finite, got NaN"),
        (field(0, priority=10**400), "line 1: must be an item of this format, got other JSON"),
        (field(0, overlap=True), "line 1: numbers must be whole and at least 0, got 'True'"),
        (field(8, duplicate_of=99), "line 9 must be a duplicate of an item in the file, got 99"),
        (field(9, consent=None), "line 10: contribution must come with a consent"),
        (field(14, guess={"aqi": 1}), "line 15: guess must have the fields of this format"),
        (field(14, guess=dict(standard="us", category=0, aqi=151, cant_tell=None)), "line 15: cat"),
        (event(0, kind="delete"), "line 1: kind must be one of answer, undo, skip"),
        (event(0, category=7), "line 1: category must be a whole number from 0 to 5, got 7"),
        (event(0, note="x" * 501), "line 1: note must have at most 500 characters, got 501"),
        (event(0, by=""), "line 1: by must have at least 1 characters"),
        (event(0, by="x" * 61), "line 1: by must have at most 60 characters"),
        (event(0, about=99), "line 1: event 1 must refer to an earlier event, got none"),
        (event(0, request_digest="x"), "line 1: request_digest must be 64 hex digits"),
        (event(0, old={"event": 1}), "line 1: old must have the fields of this format"),
        (event(5, kind="undo"), "line 6: must be an item of this format, got other JSON"),
        (event(5, category=1), "line 6: category must be 'None' in such a 'skip', got '1'"),
        (event(1, id=1), "line 2 repeats an id of an earlier line"),
    ],
)  # fmt: skip
def test_a_line_that_breaks_a_rule_stops_everything(exported, other, chief, change, sentence):
    with pytest.raises(StateFileError) as refused:
        import_from_source(other, chief, changed(exported, change), Terms(), LATER)
    assert sentence in str(refused.value)
    assert sum(other.overview.counts().values()) == 0
    assert [user.name for user in other.accounts.users(chief)] == ["Chief"]


@pytest.mark.parametrize("content", [b"", b"\n", b"[1]\n", b"\xff\xfe", b"[" * 100_000, b'{"a": '])
def test_what_is_no_export_is_refused(other, chief, tmp_path, content):
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(StateFileError, match=r"^x\.jsonl "):
        import_from_source(other, chief, tmp_path / "x.jsonl", Terms(), LATER)


def test_only_an_admin_imports(exported, other, chief, tmp_path):
    expert = other.accounts.add_user(chief, "Ed", PIN, "expert", NOW)
    with pytest.raises(RoleError):
        import_from_source(other, expert, exported, Terms(), LATER)
    assert not (tmp_path / "other" / "photos").exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)


def places(value, path=()):
    """All places in a JSON value, but for the value itself."""
    if path:
        yield path
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from places(value[key], (*path, key))


@pytest.fixture(scope="module")
def all_places(exported_once):
    """Every place in the export: the line as JSON, and the way to the place."""
    text = (exported_once / "labels.jsonl").read_text(encoding="utf-8")
    return [(line, place) for line in text.splitlines() for place in places(json.loads(line))]


@given(number=st.integers(0, 2**20), value=JSON)
@settings(max_examples=100, deadline=None)
def test_any_value_in_any_place_is_refused_or_taken(all_places, number, value):
    text, (*path, last) = all_places[number % len(all_places)]
    line = holder = json.loads(text)
    for key in path:
        holder = holder[key]
    holder[last] = value
    with contextlib.suppress(StateLineError):  # any other error is a fault
        read = StateLine.read(json.dumps(line).encode())
        assert read.item["key"] == line["key"]
