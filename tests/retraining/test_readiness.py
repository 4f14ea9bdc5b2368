"""Too little to retrain is told before anything is trained, with what is missing."""

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.air.readings import Reading
from aqfusion.cli import main
from aqfusion.labels.adjudication import AdjudicatedLabel
from aqfusion.labels.answer import Answer
from aqfusion.labels.item_insertion import NewItem
from aqfusion.registry.registry import Registry
from aqfusion.retraining.context import load_context
from aqfusion.retraining.process import status
from aqfusion.retraining.readiness import (
    Readiness,
    TooFewLabelsError,
    count_labels,
    readiness,
    settled_labels,
)
from aqfusion.settings import ROOT
from tests.planted_retrain import (
    NOW,
    PIN,
    answer_by,
    deltapur,
    labelled_store,
    planted_model,
    shifted,
    shrink,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return planted_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def registry(model, tmp_path):
    return Registry(tmp_path / "models", str(model))


def value(item: int, group: str | None = "A|2026-01-01", **more) -> AdjudicatedLabel:
    made = AdjudicatedLabel(
        item=item,
        key=f"key {item}",
        photo_hash=f"photo {item}",
        reading=Reading(pm25=90.0),
        standard="us",
        category=3,
        aqi=None,
        cant_tell=None,
        by="expert",
        last_event=item,
        split="train",
        group=group,
        place="A",
        taken_at=None,
        time_zone=None,
        origin="import",
        licence=None,
    )
    return replace(made, **more)


def labels(count: int, groups: int) -> list[AdjudicatedLabel]:
    return [value(number, f"A|{number % groups}") for number in range(count)]


def counted(values, frozen=frozenset(), known=None, missing=()) -> Readiness:
    return count_labels(values, frozen, known or {}, lambda photo: photo not in missing)


@pytest.mark.parametrize(
    ("count", "groups", "missing"),
    [
        *((20, 4, (0, 0)), (19, 4, (1, 0)), (20, 3, (0, 1)), (0, 1, (20, 4)), (400, 40, (0, 0))),
        (8, 8, (12, 0)),
    ],
)
def test_what_is_missing_is_counted_just_below_and_just_above(count, groups, missing):
    found = counted(labels(count, groups))
    assert (found.missing_labels, found.missing_groups) == missing
    assert found.ready == (missing == (0, 0))


def test_what_does_not_count_is_told_by_its_reason():
    values = [
        *labels(18, 4),
        value(90, category=None, cant_tell="night"),
        value(91, "frozen"),
        *(value(92), value(93)),
        value(94, aqi=160),
        value(95),
    ]
    known = {92: (151.0, 200.0), 94: (151.0, 200.0)}
    found = counted(values, frozenset({"frozen"}), known, {"photo 93"})
    assert (found.settled, found.new, found.groups) == (24, 20, 5)  # 94 was learned as another
    assert found.excluded == {"cant_tell": 1, "frozen_group": 1, "learned": 1, "no_photo": 1}
    few = counted(values[2:], frozenset({"frozen"}), known, {"photo 93"})
    assert few.reason == (
        "new labels must be at least 20 in 4 groups (a group is one place on one day), got 18 in "
        "5 groups; missing: 2 more labels. 22 labels are settled: 18 new; 1 was learned before; 1 "
        "says that nobody can tell; 1 is of a place and day by which models are compared; 1 has no "
        "readable photo."
    )
    assert few.as_json() == {
        "ready": False,
        **{"settled": 22, "new": 18, "groups": 5},
        "needed": {"new": 20, "groups": 4},
        "missing": {"new": 2, "groups": 0},
        "left_out": {"cant_tell": 1, "frozen_group": 1, "learned": 1, "no_photo": 1},
        "reason": few.reason,
    }


def test_a_store_just_below_trains_nothing_and_one_more_label_is_enough(registry, tmp_path):
    store = labelled_store(tmp_path, shifted, count=19)
    found = readiness(store, registry)
    assert (found.settled, found.new, found.groups, found.ready) == (19, 19, 12, False)
    with pytest.raises(TooFewLabelsError, match="got 19 in 12 groups; missing: 1 more label"):
        settled_labels(store, load_context(registry))
    assert not (registry.home / "kept").exists()  # nothing was trained or looked at
    one_more(store)
    assert readiness(store, registry).ready
    store.close()


def one_more(store) -> None:
    """The twentieth label, by the same people."""
    admin = store.accounts.operator(NOW)
    people = [store.sign_in.by_pin(name, PIN, NOW) for name in ("B", "C")]
    photo = store.photos.put(deltapur(99.0, 77))
    item = NewItem(photo_hash=photo, reading=Reading(pm25=99.0), group="Deltapur|x", overlap=2)
    answer_by(store, admin, people, item, Answer(aqi=200))


def test_the_test_parts_own_days_do_not_count(registry):
    frozen = load_context(registry).holdout
    assert frozen
    values = [value(number, group) for number, group in enumerate(sorted(frozen))]
    assert counted(values, frozen).excluded == {"frozen_group": len(frozen)}


@pytest.fixture
def settings(registry, tmp_path, monkeypatch):
    """The settings of a home with that model and the labels in `tmp_path`."""
    for name, where in (
        ("HOME", tmp_path),
        *(("MODEL", registry.model), ("MODELS", registry.home)),
        *(("LABELS", tmp_path / "labels.db"), ("PHOTOS", tmp_path / "photos")),
    ):
        monkeypatch.setenv(f"AQFUSION_{name}", str(where))


def test_the_terminal_says_it_and_a_dry_run_counts(registry, settings, tmp_path, capsys):
    labelled_store(tmp_path, shifted, count=19).close()
    assert main(["retrain"]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert "got 19 in 12 groups; missing: 1 more label." in error
    assert main(["retrain", "--dry-run"]) == 0
    out, _ = capsys.readouterr()
    told = json.loads(out)
    assert (told["version"], told["promoted"]) == (None, False)
    assert told["readiness"]["ready"] is False
    assert told["readiness"]["missing"] == {"new": 1, "groups": 0}
    stands = status(registry.home)
    assert stands is not None
    assert stands.state == "refused"


@pytest.mark.parametrize(("count", "disabled"), [(19, True), (20, False)])
def test_the_page_offers_no_run_that_cannot_be_judged(
    registry, settings, tmp_path, monkeypatch, count, disabled
):
    shrink(monkeypatch)
    store = labelled_store(tmp_path, shifted, count=count)
    admin = store.accounts.operator(NOW)
    eva = store.accounts.add_user(admin, "Eva", PIN, "expert", NOW)
    page = AppTest.from_file(str(ROOT / "pages" / "models.py"), default_timeout=60)
    page.session_state["account_actor"] = eva
    page.run()
    assert not page.exception
    (button,) = [one for one in page.button if one.key == "models_run"]
    assert button.disabled is disabled
    said = " ".join(one.value for one in [*page.info, *page.caption]).replace("\\", "")
    assert ("missing: 1 more label" in said) is disabled
    assert ("20 new labels in 12 groups" in said) is not disabled
    store.close()
