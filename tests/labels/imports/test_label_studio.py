"""Answers come back from Label Studio as what they are: imported, once, over nothing."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from aqfusion.labels.annotation_records import AnnotationRecords
from aqfusion.labels.answer import Answer
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Imported, SourceError, Terms
from aqfusion.labels.progress import totals
from aqfusion.permissions import RoleError
from tests.labels.planted import NOW, PIN

LATER = NOW + timedelta(days=1)
AT = "2026-11-02T10:00:00.500000Z"


@pytest.fixture
def tasks(busy, tmp_path):
    """Our own tasks, by the name of their item, as Label Studio has them: with ids of its own."""
    export(busy.store, busy.people["expert"], "label-studio", tmp_path / "out")
    exported = json.loads((tmp_path / "out" / "tasks.json").read_text(encoding="utf-8"))
    names = {id: name for name, id in vars(busy.ids).items()}
    return {names[task["id"]]: came_in(task, 500 + n) for n, task in enumerate(exported)}


def came_in(task: dict, id: int) -> dict:
    """What Label Studio makes of a task: new ids, whoever imports it as annotator, an address."""
    data = {**task["data"], "image": f"/data/local-files/?d=sky/{task['data']['image']}"}
    annotations = [
        {
            **annotation,
            "id": 9000 + annotation["id"],
            "completed_by": 1,
            "updated_at": AT,
            "project": 7,
        }
        for annotation in task["annotations"]
    ]
    extra = {"drafts": [], "predictions": [], "meta": {}, "project": 7, "inner_id": 1}
    return {"id": id, "data": data, "annotations": annotations, **extra}


def result(control: str, **value) -> dict:
    kind = {"choices": "choices", "number": "number", "text": "textarea"}[next(iter(value))]
    return {
        "value": value,
        "id": "Dx_aB91ISN",
        "from_name": control,
        "to_name": "photo",
        "type": kind,
        "origin": "manual",
    }


def annotate(task: dict, id: int, who, *results: dict, **more) -> dict:
    """Let an annotator of Label Studio answer a task."""
    made = {
        "id": id,
        "completed_by": who,
        "result": list(results),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": AT,
        "updated_at": AT,
        "lead_time": 4.288,
        "task": task["id"],
        **more,
    }
    task["annotations"].append(made)
    return task


@pytest.fixture
def bring(busy, tmp_path):
    def bring(*tasks, who: str = "admin", name: str = "project-7.json") -> Imported:
        file = tmp_path / name
        file.write_text(json.dumps([*tasks]), encoding="utf-8")
        return import_from_source(busy.store, busy.people[who], file, Terms(), LATER)

    return bring


def answers(busy, item: int) -> dict[str, Answer]:
    view = busy.store.review.view(busy.people["admin"], item)
    return {event.name: event.answer for event in view.answers}


def minimal(task: dict) -> list[dict]:
    """The same as JSON-MIN has it: a record for each annotation, a lone choice or text bare."""
    records = []
    for annotation in task["annotations"]:
        if annotation["was_cancelled"]:
            continue
        record = {**task["data"], "id": task["id"]}
        for each in annotation["result"]:
            (value,) = each["value"].values()
            bare = value[0] if isinstance(value, list) and len(value) == 1 else [each["value"]]
            record[each["from_name"]] = bare
        record |= {"annotator": annotation["completed_by"], "annotation_id": annotation["id"]}
        records.append(record | {name: annotation[name] for name in ("created_at", "updated_at")})
        records[-1]["lead_time"] = annotation.get("lead_time", 0)
    return records


def test_answers_count_as_those_of_an_annotator_who_cannot_sign_in(busy, tasks, bring):
    agreed = annotate(tasks["agreed"], 34, 3, result("category", choices=["Moderate"]))
    guessed = annotate(
        *(tasks["guessed"], 35, 3, result("category", choices=["Unhealthy"])),
        *(result("aqi", number=151), result("note", text=["smoke", "behind the hill"])),
    )
    india = annotate(tasks["undone"], 36, 4, result("category_india", choices=["Satisfactory"]))
    dark = annotate(tasks["unskipped"], 37, 4, result("cant_tell", choices=["night"]))
    assert bring(agreed, guessed, india, dark) == Imported(4, 1, 0, ())
    ids = busy.ids
    assert answers(busy, ids.agreed).keys() == {"Ana", "Label Studio: 3"}
    assert answers(busy, ids.guessed)["Label Studio: 3"].columns() == {
        **Answer(aqi=151, note="smoke\nbehind the hill").columns(),
        "seconds": 4.288,
    }
    assert answers(busy, ids.undone)["Label Studio: 4"].band == 1
    assert answers(busy, ids.undone)["Label Studio: 4"].standard == "india"
    assert answers(busy, ids.unskipped)["Label Studio: 4"].cant_tell == "night"
    (event,) = busy.store.review.view(busy.people["admin"], ids.guessed).history
    assert event.reason == "imported from project-7.json: task 512, annotation 35"
    assert event.at.isoformat() == "2026-11-02T10:00:00.500000+00:00"
    people = {user.name: user for user in busy.store.accounts.users(busy.people["admin"])}
    there = people["Label Studio: 3"]
    assert (there.role, there.disabled, there.has_pin) == ("annotator", True, False)
    assert "Label Studio: 3" not in busy.store.sign_in.names()
    assert {"Label Studio: 3", "Label Studio: 4"} <= {
        answer.annotator
        for _, answer in AnnotationRecords(busy.store.database)(busy.people["admin"]).answers
    }
    assert busy.store.verify() == ()


def test_the_same_export_again_in_either_form_changes_nothing(busy, tasks, bring):
    annotate(tasks["agreed"], 34, 3, result("category", choices=["Good"]))
    annotate(
        *(tasks["guessed"], 35, 3, result("category", choices=["Unhealthy"])),
        *(result("aqi", number=151), result("note", text=["smoke"])),
    )
    annotate(tasks["median"], 36, 3, result("cant_tell", choices=["cloud"]))
    first = bring(*tasks.values())
    before = totals(busy.store.database)
    assert first.new == 3
    assert bring(*tasks.values()) == Imported(0, first.known + 3, 0, first.faults)
    records = [record for task in tasks.values() for record in minimal(task)]
    assert bring(*records, name="min.json") == Imported(0, first.known + 3, 0, first.faults)
    assert totals(busy.store.database) == before


def test_json_min_alone_brings_the_same_answers(busy, tasks, bring):
    annotate(
        *(tasks["guessed"], 35, 3, result("category", choices=["Unhealthy"])),
        *(result("aqi", number=151), result("note", text=["a", "b"])),
    )
    assert bring(*minimal(tasks["guessed"])) == Imported(1, 0, 0, ())
    answer = answers(busy, busy.ids.guessed)["Label Studio: 3"]
    assert (answer.aqi, answer.note, answer.seen.seconds) == (151, "a\nb", 4.288)


def test_what_we_exported_comes_back_as_known_and_over_nothing(busy, tasks, bring):
    before = totals(busy.store.database), busy.store.snapshot_hash()
    done = bring(*tasks.values())
    exported = sum(len(task["annotations"]) for task in tasks.values())
    assert done == Imported(0, exported, 0, ())
    assert (totals(busy.store.database), busy.store.snapshot_hash()) == before
    (ours,) = tasks["agreed"]["annotations"]
    ours["result"][0]["value"]["choices"] = ["Hazardous"]  # somebody has changed it there
    assert bring(tasks["agreed"]).new == 1
    assert {name: answer.band for name, answer in answers(busy, busy.ids.agreed).items()} == {
        "Ana": 1,
        "Label Studio: 1": 5,
    }


def test_an_answer_that_was_changed_there_is_a_new_event_and_the_old_file_brings_nothing(
    busy, tasks, bring
):
    task = annotate(tasks["guessed"], 35, 3, result("category", choices=["Good"]))
    old = json.loads(json.dumps(task))
    bring(old)
    task["annotations"][0] |= {
        "result": [result("category", choices=["Moderate"])],
        "updated_at": "2026-11-02T11:00:00Z",
    }
    assert bring(task) == Imported(1, 0, 0, ())
    assert bring(old) == Imported(0, 1, 0, ())
    view = busy.store.review.view(busy.people["admin"], busy.ids.guessed)
    assert [event.answer.band for event in view.history] == [0, 1]
    assert [event.answer.band for event in view.answers] == [1]


def test_what_is_no_answer_or_of_no_open_item_is_listed_and_the_rest_comes_in(busy, tasks, bring):
    good = annotate(tasks["guessed"], 30, 3, result("category", choices=["Good"]))
    annotate(good, 31, 3, result("category", choices=["Bad"]))
    annotate(good, 32, 3, result("category", choices=["Good", "Moderate"]))
    annotate(good, 33, 3, result("aqi", number=501))
    annotate(good, 34, 3, result("category", choices=["Good"]), result("aqi", number=151))
    annotate(good, 35, 3, was_cancelled=True)
    annotate(good, 36, 3)
    annotate(
        good, 37, 3, result("category", choices=["Good"]), result("cant_tell", choices=["night"])
    )
    good["annotations"].append({"id": 38, "result": [{"value": 1}]})
    strange = {"id": 77, "data": {"image": "https://x/photo.jpg"}, "annotations": []}
    annotate(strange, 39, 3, result("category", choices=["Good"]))
    other = json.loads(json.dumps(tasks["undone"]))
    other["data"]["image"] = f"photos/{'0' * 64}.jpg"
    annotate(other, 40, 3, result("category", choices=["Good"]))
    decided = annotate(tasks["overruled"], 41, 3, result("category", choices=["Good"]))
    predicted = {**tasks["skipped"], "predictions": [{"result": []}]}
    done = bring(good, strange, other, decided, predicted, 5)
    faults = [(fault.line, fault.column, fault.rule, fault.value) for fault in done.faults]
    us = "Good, Moderate, Unhealthy for Sensitive Groups, Unhealthy, Very Unhealthy, Hazardous"
    assert (done.new, done.known) == (1, 3)
    task = f"task {good['id']}"
    assert sorted(faults) == sorted(
        [
            (1, task, "must have its annotations in Label Studio's format", faults[0][3]),
            (1, f"{task}, annotation 31", f"category must be one choice of {us}", "Bad"),
            (1, f"{task}, annotation 32", f"category must be one choice of {us}", "Good, Moderate"),
            (1, f"{task}, annotation 33", "aqi must be a whole number from 0 to 500", "501"),
            (1, f"{task}, annotation 34", "category must be that of the AQI 151", "Good"),
            (1, f"{task}, annotation 35", "must not be skipped", "a skip"),
            (
                *(1, f"{task}, annotation 36"),
                *("annotation must have a category, an AQI or a reason", "none"),
            ),
            (
                *(1, f"{task}, annotation 37"),
                *("annotation must not have a category beside a reason", "night"),
            ),
            (
                *(2, "task 77, annotation 39"),
                *("image must be a photo of this store's export", "another"),
            ),
            (
                *(
                    3,
                    f"task {other['id']}, annotation 40",
                    "task must belong to an item of this store",
                ),
                f"{busy.ids.undone}, whose photo 0 items have",
            ),
            (
                *(4, f"task {decided['id']}, annotation 41"),
                f"item {busy.ids.overruled} must not be decided by an expert",
                "settled",
            ),
            (
                *(5, f"task {predicted['id']}"),
                "must have an annotation, because predictions are not answers of people",
                "predictions only",
            ),
            (6, "task", "must be one of Label Studio's JSON or JSON-MIN export", "5"),
        ]
    )


def test_what_costs_a_part_only_is_told_and_the_answer_lives(busy, tasks, bring):
    task = annotate(
        *(tasks["guessed"], 30, 3, result("category", choices=["Good"])),
        *(result("category_india", choices=["Poor"]), result("stars", number=5)),
        result("note", text=["x" * 501]),
    )
    done = bring(task)
    assert done.new == 1
    assert [(fault.rule, fault.value) for fault in done.faults] == [
        ("control must belong to our labelling interface", "stars"),
        ("note, of which the rest is kept, must have at most 500 characters", "501"),
        ("answer must have one standard, of which US AQI is kept", "India AQI Poor too"),
    ]
    answer = answers(busy, busy.ids.guessed)["Label Studio: 3"]
    assert (answer.standard, answer.band, answer.note) == ("us", 0, "x" * 500)


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ({"id": 3, "email": "ana@example.org"}, "Label Studio: ana@example.org"),
        ({"id": 3}, "Label Studio: 3"),
        ("ana@example.org", "Label Studio: ana@example.org"),
        (None, "Label Studio: not named"),
    ],
)
def test_annotators_are_named_as_their_export_names_them(busy, tasks, bring, who, name):
    bring(annotate(tasks["guessed"], 30, who, result("category", choices=["Good"])))
    assert {*answers(busy, busy.ids.guessed)} == {name}


def test_nobody_who_signs_in_is_made_to_have_said_it(busy, tasks, bring):
    admin = busy.people["admin"]
    busy.store.accounts.add_user(admin, "label studio: 3", PIN, "annotator", NOW)
    bring(annotate(tasks["guessed"], 30, 3, result("category", choices=["Good"])))
    assert {*answers(busy, busy.ids.guessed)} == {"Label Studio: 3 (2)"}


def test_only_an_admin_brings_answers_in(busy, tasks, bring):
    task = annotate(tasks["guessed"], 30, 3, result("category", choices=["Good"]))
    with pytest.raises(RoleError, match="admin or above is needed here, and your role is expert"):
        bring(task, who="expert")
    assert answers(busy, busy.ids.guessed) == {}


def test_an_item_of_another_number_is_found_by_its_photo(busy, tasks, bring):
    task = annotate(tasks["guessed"], 30, 3, result("category", choices=["Good"]))
    task["data"]["item"] = busy.ids.undone
    assert bring(task).new == 1
    assert answers(busy, busy.ids.undone) == {}
    assert {*answers(busy, busy.ids.guessed)} == {"Label Studio: 3"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "x.json must be JSON text, got something else"),
        ("[" * 100_000, "x.json must be JSON text, got something else"),
        ("[]", "x.json must be a JSON or JSON-MIN export of Label Studio, with a task in it, got "),
        ('{"a": 1}', "x.json must be a JSON or JSON-MIN export of Label Studio, with a task in"),
        (
            '[{"id": "\\ud800\\u0000", "data": {"image": "\\ud800"}, "annotations": [{"id": 1, '
            '"completed_by": "\\u0000", "result": [{"from_name": "category", "value": '
            '{"choices": ["Good"]}}]}]}]',
            "x.json has no answer to an item of this store: 1 faults, the first in",
        ),
    ],
)
def test_what_is_no_export_of_label_studio_is_one_sentence(busy, tmp_path, content, sentence):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(SourceError) as refused:
        import_from_source(busy.store, busy.people["admin"], tmp_path / "x.json", Terms(), LATER)
    assert str(refused.value).startswith(sentence)


def test_a_file_in_the_documented_format_is_read(busy, tasks, tmp_path):
    documented = Path(__file__).parents[2] / "cases" / "label-studio" / "documented.json"
    text = documented.read_text(encoding="utf-8")
    hash = Path(tasks["guessed"]["data"]["image"]).stem
    (tmp_path / "project.json").write_text(text.replace("PHOTO", hash))
    file = tmp_path / "project.json"
    done = import_from_source(busy.store, busy.people["admin"], file, Terms(), LATER)
    assert (done.new, done.known) == (1, 0)
    by_name = answers(busy, busy.ids.guessed)
    assert {name: answer.band for name, answer in by_name.items()} == {"Label Studio: 10": 3}
