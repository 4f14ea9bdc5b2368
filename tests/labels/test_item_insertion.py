"""Items come in once, and their views can change."""

from datetime import UTC, datetime

import pytest

from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.labels.item import ItemError, Reason
from aqfusion.labels.item_insertion import InsertedItems, ItemScore, NewItem
from aqfusion.model.item_prediction import ItemPrediction
from tests.labels.planted import NOW, add, new_item

HASH = "ab" * 32
VIEW = ItemPrediction("model-3", "fused", 171.5, 90.0, 260.0, (0.0, 0.1, 0.2, 0.5, 0.2, 0.0))


def test_the_same_photo_and_reading_are_one_item(store, admin):
    first = store.items.add(admin, NewItem(photo_hash=HASH, reading=Reading(pm25=8)), NOW)
    again = NewItem(photo_hash=HASH, reading=Reading(pm25=8), place="elsewhere")
    assert store.items.add(admin, again, NOW) == (first[0], False)
    other = store.items.add(admin, NewItem(photo_hash=HASH, reading=Reading(no2=8)), NOW)
    assert (first[1], other[1], first[0] != other[0]) == (True, True, True)
    assert store.items.find([HASH]) == {HASH: other[0]}


def test_an_import_may_be_run_again(store, admin):
    progress = []
    many = [new_item(number) for number in range(12)]
    assert store.items.add_many(admin, many[:7], NOW) == InsertedItems(7, 0)
    assert store.items.add_many(admin, many, NOW, progress.append) == InsertedItems(5, 7)
    assert progress == [InsertedItems(5, 7)]
    assert store.overview.counts()["open"] == 12


def test_an_item_keeps_all_that_is_known_of_it(store, admin, expert):
    new = NewItem(
        photo_hash=HASH,
        reading=Reading(pm25=80.5, co=1.25),
        origin="retrain",
        source="batch 7\nrow 12",
        licence="CC BY 4.0",
        group="Delhi|2023|2|1",
        place="Delhi",
        taken_at=datetime(2023, 2, 1, 8, 30, tzinfo=UTC),
        split="frozen",
        overlap=3,
        priority=0.7,
        reasons=(Reason("unsure", "The model is unsure"),),
        fingerprint="00ff" * 4,
        model_view=VIEW,
        fold_view=VIEW,
    )
    kept = store.review.view(expert, store.items.add(admin, new, NOW)[0]).item
    same = (*("origin", "source", "group", "split", "overlap", "priority"), "reasons")
    for name in (*same, "fingerprint", "model_view", "fold_view"):
        assert getattr(kept, name) == getattr(new, name), name
    for name in ("photo_hash", "reading", "licence", "place", "taken_at"):
        assert getattr(kept.task, name) == getattr(new, name), name
    assert (kept.status, kept.wanted, kept.created) == ("open", 3, NOW)


def test_a_view_changes_what_it_names(store, admin, expert):
    item = add(store, admin, 1, fingerprint="0" * 16, model_view=VIEW)
    why = (Reason("error", "The label is likely wrong"),)
    assert store.items.set_views(admin, [ItemScore(item, 0.4, why)]) == 1
    kept = store.review.view(expert, item).item
    assert (kept.priority, kept.reasons, kept.fingerprint) == (0.4, why, "0" * 16)
    assert kept.model_view == VIEW
    assert list(store.items.fingerprints()) == [(item, "0" * 16)]
    with pytest.raises(ItemError, match="item must be in the store, got 99"):
        store.items.set_views(admin, [ItemScore(item, 0.9), ItemScore(99, 0.9)])
    assert store.review.view(expert, item).item.priority == 0.4  # whole or not at all


@pytest.mark.parametrize("item", [0, -1, 2**63, 10**40])
def test_no_number_from_an_address_is_more_than_an_unknown_item(store, expert, item):
    for ask in (
        lambda: store.queue.lease(expert, item, NOW),
        lambda: store.review.view(expert, item),
        lambda: store.review.send_back(expert, item, "why", "r", NOW),
    ):
        with pytest.raises(ItemError, match="item must be in the store, got"):
            ask()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"photo_hash": "../../etc/passwd"}, "photo hash must be 64 hex digits, got '../../etc"),
        ({"split": "test"}, "split must be one of train, frozen, got 'test'"),
        ({"overlap": 0}, "overlap must be 1 to 20 people, got 0"),
        ({"priority": float("nan")}, "priority must be finite, got nan"),
        ({"known_aqi": 501}, "known aqi must be 0 to 500, got 501"),
        ({"fingerprint": "xyz"}, "fingerprint must be 16 hex digits, got 'xyz'"),
        ({"place": "a\x00b"}, "place must have no control characters"),
        ({"taken_at": datetime(2023, 1, 1)}, "taken_at must have a zone"),
        ({"origin": "contribution"}, "contribution must come with a consent and its time"),
    ],
)
def test_a_wrong_item_is_named(wrong, sentence):
    with pytest.raises(InputError) as refused:
        NewItem(**{"photo_hash": HASH, "reading": Reading(), **wrong})
    assert sentence in str(refused.value)


def test_a_models_view_has_six_finite_probabilities():
    with pytest.raises(InputError, match="model view must have 6 probabilities, got 2"):
        ItemPrediction("m", "fused", 1.0, 0.0, 2.0, (0.5, 0.5))
    with pytest.raises(InputError, match="model view must have finite numbers"):
        ItemPrediction("m", "fused", float("inf"), 0.0, 2.0, (0.0,) * 6)
