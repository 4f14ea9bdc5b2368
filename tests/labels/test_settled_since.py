"""What the labels since a version come to: only what a training could learn from."""

from aqfusion.labels.answer import Answer
from aqfusion.labels.progress import SettledSince
from aqfusion.model.item_prediction import ItemPrediction
from tests.labels.planted import NOW, add, request_id, say


def view(aqi: float) -> ItemPrediction:
    return ItemPrediction("planted", "fused", aqi, 0, 500, (1, 0, 0, 0, 0, 0))


def test_only_what_is_settled_since_then_counts_and_each_item_once(store, admin, ana, ben, expert):
    first = add(store, admin, 1, model_view=view(30))
    before = say(store, ana, first, 0).event
    assert store.overview.settled_since(0) == SettledSince(1, 1, 0)
    assert store.overview.settled_since(before) == SettledSince(0, 0, 0)

    agreed = add(store, admin, 2, model_view=view(30), overlap=2)
    say(store, ana, agreed, 3)
    assert store.overview.settled_since(before).settled == 0  # Ben has not said anything yet
    say(store, ben, agreed, 3)
    assert store.overview.settled_since(before) == SettledSince(1, 1, 1)

    argued = add(store, admin, 3, model_view=view(160), overlap=2)
    say(store, ana, argued, 0)
    say(store, ben, argued, 5)
    assert store.overview.settled_since(before).settled == 1
    store.review.overrule(expert, argued, Answer(aqi=155), "it is smoke", request_id(), NOW)
    assert store.overview.settled_since(before) == SettledSince(2, 2, 1)

    unseen = add(store, admin, 4)
    say(store, ana, unseen, 2)
    assert store.overview.settled_since(before) == SettledSince(3, 2, 1)
    for number, kept_out in enumerate(({"split": "frozen"}, {"known_aqi": 90}), start=9):
        say(store, ana, add(store, admin, number, **kept_out), 1)
        assert store.overview.settled_since(before).settled == 3


def test_an_answer_taken_back_counts_no_more(store, admin, ana):
    item = add(store, admin, 1, model_view=view(30))
    saved = say(store, ana, item, 4)
    assert store.overview.settled_since(0) == SettledSince(1, 1, 1)
    store.answers.undo(ana, request_id(), NOW)
    assert store.overview.settled_since(0) == SettledSince(0, 0, 0)
    assert store.overview.settled_since(saved.event) == SettledSince(0, 0, 0)
