"""Tables for spreadsheets: each row as it was planted, and no cell that is a formula."""

import csv
from pathlib import Path

import pytest

from aqfusion.io.spreadsheet_csv import undefused
from aqfusion.labels.answer import Answer
from aqfusion.labels.exports.export import FORMATS, ExportError, export
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.permissions import RoleError
from tests.labels.busy import HOSTILE
from tests.labels.planted import NOW, PIN, request_id, say


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        return [*csv.DictReader(stream, strict=True)]


@pytest.fixture
def exported(busy, tmp_path):
    """Export the busy store in a format, and read the n-th file of it."""

    def exported(format: str, file: int = 0) -> list[dict[str, str]]:
        done = export(busy.store, busy.people["expert"], format, tmp_path / "out.csv")
        return read(done.wrote[file])

    return exported


def test_a_row_tells_all_of_an_item(busy, exported):
    rows = {int(row["item"]): row for row in exported("csv")}
    assert len(rows) == 16
    median = rows[busy.ids.median]
    photo = median.pop("photo")
    assert busy.store.photos.exists(photo)
    assert median == {
        "item": str(busy.ids.median),
        "place": "ITO, Delhi",
        "taken_at": "2023-02-01T03:00:00+00:00",
        "pm25": "12.5",
        "pm10": "",
        "o3": "",
        "co": "1.0",
        "so2": "",
        "no2": "",
        "units_stated": "yes",
        "status": "answered",
        "settled_by": "agreement",
        "standard": "us",
        "category": "Unhealthy",
        "aqi": "156",
        "cant_tell": "",
        "corrections": "",
        "answers": "2",
        "agreement": "1.0",
        "known_aqi": "",
        "split": "train",
        "group": "",
        "origin": "import",
        "source": "",
        "licence": "",
        "duplicate_of": "",
        "created": NOW.isoformat(),
    }


def test_every_way_that_an_item_can_go_has_its_row(busy, exported):
    rows = {int(row["item"]): row for row in exported("csv")}
    columns = ("status", "settled_by", "category", "aqi", "cant_tell", "answers", "agreement")
    states = {name: tuple(rows[id][c] for c in columns) for name, id in vars(busy.ids).items()}
    assert states == {
        "agreed": ("answered", "agreement", "Moderate", "", "", "1", ""),
        "median": ("answered", "agreement", "Unhealthy", "156", "", "2", "1.0"),
        "overruled": ("settled", "expert", "Moderate", "90", "", "2", "0.5"),
        "nobody_can": ("settled", "expert", "", "", "night", "1", ""),
        "corrected": (*("settled", "expert", "Unhealthy for Sensitive Groups", "", "", "1", ""),),
        "unskipped": ("open", "", "", "", "", "0", ""),
        "undone": ("open", "", "", "", "", "0", ""),
        "gold": ("open", "", "", "", "", "1", ""),
        "duplicate": ("open", "", "", "", "", "0", ""),
        "pending": ("pending", "", "", "", "", "0", ""),
        "admitted": ("answered", "agreement", "Moderate", "", "", "1", ""),
        "rejected": ("rejected", "", "", "", "", "0", ""),
        "sent_back": ("sent back", "", "", "", "", "1", ""),
        "frozen": ("answered", "agreement", "Moderate", "100", "", "1", ""),
        "guessed": ("open", "", "", "", "", "0", ""),
        "skipped": ("open", "", "", "", "", "0", ""),
    }
    assert rows[busy.ids.corrected]["corrections"] == '{"co": null, "pm25": 12.25}'
    assert rows[busy.ids.admitted]["standard"] == "india"


def test_the_second_file_has_each_answer_that_holds(busy, exported):
    ids = busy.ids
    rows = exported("csv", file=1)
    assert [(int(row["item"]), row["by"], row["category"], row["aqi"]) for row in rows] == [
        (ids.agreed, "Ana", "Moderate", ""),
        (ids.median, "Ana", "Unhealthy", "151"),
        (ids.median, "Ben", "Unhealthy", "160"),
        (ids.overruled, "Ana", "Good", ""),
        (ids.overruled, "Ben", "Very Unhealthy", ""),
        (ids.nobody_can, "Ana", "", ""),
        (ids.corrected, "Ana", "Unhealthy for Sensitive Groups", ""),
        (ids.gold, "Ana", "Unhealthy", "190"),
        (ids.admitted, "Ben", "Moderate", ""),
        (ids.sent_back, "Ben", "Unhealthy", ""),
        (ids.frozen, "Ben", "Moderate", "100"),
    ]
    first = {name: rows[0][name] for name in ("mode", "model_version", "seen_aqi", "seconds")}
    assert list(first.values()) == ["assisted", "model-3", "180", "4.5"]


def test_events_come_in_the_order_in_which_they_happened(busy, exported):
    rows = exported("events")
    assert [int(row["event"]) for row in rows] == [*range(1, len(rows) + 1)]
    assert [row["kind"] for row in rows if int(row["item"]) == busy.ids.undone] == [
        "answer",
        "undo",
    ]
    overruled = [row for row in rows if row["kind"] == "overrule"]
    assert [(row["by"], row["aqi"], row["reason"]) for row in overruled] == [
        ("Eva", "90", "seen from the hill")
    ]
    assert {row["request_id"] for row in rows if not row["request_id"]} == set()


def test_no_text_becomes_a_formula(busy, exported):
    store, people = busy.store, busy.people
    cat = store.accounts.add_user(people["admin"], "=cmd|' /C calc'!A0", PIN, "expert", NOW)
    answer = Answer(category=1, note="\t+1")
    say(store, cat, busy.ids.unskipped, answer)
    store.review.send_back(cat, busy.ids.unskipped, "@SUM(1)", request_id(), NOW)
    tables = [exported("csv"), exported("csv", file=1), exported("events")]
    texts = [cell for table in tables for row in table for cell in row.values() if cell]
    starts = {text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))}
    assert starts == set()
    assert {"'=1+1", "'=cmd|' /C calc'!A0", "'@SUM(1)"} <= {*texts}
    assert HOSTILE in {undefused(text) for text in texts}


def test_every_table_is_utf_8_for_a_spreadsheet(busy, tmp_path):
    done = [
        export(busy.store, busy.people["expert"], format, tmp_path / f"{format}.csv").wrote
        for format in ("csv", "events")
    ]
    for file in (file for files in done for file in files):
        assert file.read_bytes().count(b"\xef\xbb\xbf") == 1
        assert file.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("format", FORMATS)
def test_only_experts_take_out_and_others_leave_nothing(busy, tmp_path, format):
    least = "admin" if format == "jsonl" else "expert"
    with pytest.raises(
        RoleError, match=f"role {least} or above is needed here, and your role is annotator"
    ):
        export(busy.store, busy.people["ana"], format, tmp_path / "out" / "x")
    assert not (tmp_path / "out").exists()


def test_all_there_is_with_photos_that_nobody_has_admitted_is_for_admins(busy, tmp_path):
    with pytest.raises(RoleError, match="admin or above is needed here, and your role is expert"):
        export(busy.store, busy.people["expert"], "jsonl", tmp_path / "out" / "x")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", ["csv", "events", "jsonl"])
def test_a_file_that_is_there_stays_until_the_new_one_is_whole(busy, tmp_path, format, monkeypatch):
    target = tmp_path / "out.csv"
    target.write_text("old")

    def broken(*_):
        raise OSError(28, "No space left on device")

    for module, name in (
        ("csv_tables", "_item_row"),
        ("csv_tables", "_event_row"),
        ("export", "state_json"),
    ):
        monkeypatch.setattr(f"aqfusion.labels.exports.{module}.{name}", broken)
    with pytest.raises(OSError, match="No space left"):
        export(busy.store, busy.people["admin"], format, target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("format", ["label-studio", "training"])
def test_a_folder_is_whole_or_not_there_and_never_written_over(busy, tmp_path, format, monkeypatch):
    expert = busy.people["expert"]
    with monkeypatch.context() as patched:
        patched.setattr(PhotoStore, "get", lambda *_: (_ for _ in ()).throw(OSError(5, "I/O")))
        with pytest.raises(OSError, match="I/O"):
            export(busy.store, expert, format, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["busy"]
    (tmp_path / "out").mkdir()
    assert export(busy.store, expert, format, tmp_path / "out").count > 0
    before = sorted((tmp_path / "out").rglob("*"))
    with pytest.raises(ValueError, match="folder to write must be new or empty, got "):
        export(busy.store, expert, format, tmp_path / "out")
    assert sorted((tmp_path / "out").rglob("*")) == before


def test_what_is_no_format_or_no_file_is_refused(busy, tmp_path):
    expert = busy.people["expert"]
    with pytest.raises(ExportError, match="format must be one of csv, jsonl, events, label-studio"):
        export(busy.store, expert, "xml", tmp_path / "x")
    with pytest.raises(ExportError, match="export must be a file, got the folder"):
        export(busy.store, expert, "csv", tmp_path)
