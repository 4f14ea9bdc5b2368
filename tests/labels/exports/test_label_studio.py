"""What Label Studio imports: tasks whose every result is one that the interface can give.

Checked once with label-studio-sdk 2.1's `LabelInterface` too: 7,420 tasks without a fault.
"""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from aqfusion.labels.answer import CANT_TELL
from aqfusion.labels.exports.export import export


@pytest.fixture
def folder(busy, tmp_path):
    export(busy.store, busy.people["expert"], "label-studio", tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def tasks(folder):
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    return {task["id"]: task for task in tasks}


def test_every_result_is_one_that_the_interface_can_give(folder, tasks):
    interface = ElementTree.parse(folder / "labelling.xml").getroot()
    (image,) = interface.findall("Image")
    controls = {tag.get("name"): tag for tag in interface if tag.get("toName")}
    assert {tag.get("toName") for tag in controls.values()} == {image.get("name")}
    assert image.get("value") == "$image"
    seen = set()
    for task in tasks.values():
        for annotation in task["annotations"]:
            ids = [result["id"] for result in annotation["result"]]
            assert len({*ids}) == len(ids)
            for result in annotation["result"]:
                control = controls[result["from_name"]]
                assert result["to_name"] == image.get("name")
                assert result["type"] == control.tag.lower()
                seen.add(result["from_name"])
                value = result["value"]
                if control.tag == "Choices":
                    (choice,) = value["choices"]
                    assert choice in [tag.get("value") for tag in control]
                elif control.tag == "Number":
                    assert 0 <= value["number"] <= 500
                else:
                    (text,) = value["text"]
                    assert text
    assert seen == {"category", "category_india", "aqi", "cant_tell", "note", "answered_by"}
    assert [tag.get("value") for tag in controls["cant_tell"]] == [*CANT_TELL]


def test_each_annotator_and_the_expert_have_said_what_they_said(busy, tasks):
    def annotations_of(item):
        return [
            (
                *(next(iter(result["value"].values())) for result in annotation["result"]),
                annotation["ground_truth"],
            )
            for annotation in tasks[item]["annotations"]
        ]

    assert annotations_of(busy.ids.median) == [
        (["Unhealthy"], 151, ["Ana"], False),
        (["Unhealthy"], 160, ["Ben"], False),
    ]
    assert annotations_of(busy.ids.overruled) == [
        (["Good"], ["Ana"], False),
        (["Very Unhealthy"], ["Ben"], False),
        (["Moderate"], 90, ["Eva"], True),
    ]
    assert annotations_of(busy.ids.nobody_can)[0] == (["night"], ["Ana"], False)
    assert annotations_of(busy.ids.undone) == annotations_of(busy.ids.skipped) == []


def test_a_task_has_its_photo_and_nothing_that_gives_the_answer_away(busy, folder, tasks):
    assert len(tasks) == 14
    for task in tasks.values():
        assert (folder / task["data"]["image"]).exists()
        assert {*task["data"]} <= {
            *("image", "item", "pm25", "pm10", "o3", "co", "so2", "no2"),
            *("place", "licence", "taken_at"),
        }
    assert tasks[busy.ids.median]["data"]["pm25"] == 12.5


def test_what_no_expert_has_admitted_is_neither_a_task_nor_a_photo(busy, tmp_path):
    done = export(busy.store, busy.people["expert"], "label-studio", tmp_path / "out")
    tasks = json.loads((tmp_path / "out" / "tasks.json").read_text(encoding="utf-8"))
    out = {busy.ids.pending, busy.ids.rejected}
    assert {task["id"] for task in tasks} == {*vars(busy.ids).values()} - out
    assert done.count == len(tasks) == 14
    assert done.left_out == (
        "1 left out: items that an expert has rejected",
        "1 left out: items that no expert has admitted yet",
    )
    photos = {path.name for path in (tmp_path / "out" / "photos").iterdir()}
    assert photos == {task["data"]["image"].removeprefix("photos/") for task in tasks}
    admin = busy.people["admin"]
    for format in ("csv", "events", "training"):
        export(busy.store, admin, format, tmp_path / format)
    pending = busy.store.review.view(admin, busy.ids.pending).item.task.photo_hash
    assert [path for path in tmp_path.rglob(f"{pending}*") if "busy" not in path.parts] == []


def test_a_task_without_its_photo_is_left_out(busy, tmp_path):
    admin = busy.people["admin"]
    gone = busy.store.review.view(admin, busy.ids.agreed).item.task.photo_hash
    next((tmp_path / "busy" / "photos").rglob(f"{gone}.jpg")).unlink()
    done = export(busy.store, admin, "label-studio", tmp_path / "out")
    assert (done.count, done.missing) == (13, (gone,))
    assert "1 left out: items whose photo is missing" in done.left_out
    tasks = json.loads((tmp_path / "out" / "tasks.json").read_text(encoding="utf-8"))
    assert busy.ids.agreed not in {task["id"] for task in tasks}


def test_a_store_without_items_gives_an_empty_list(store, admin, tmp_path):
    export(store, admin, "label-studio", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "tasks.json").read_text()) == []
