"""What figures of agreement are made from: every current answer, once, for experts only."""

import pytest

from aqfusion.air.aqi import standard
from aqfusion.labels.agreement import CANNOT_TELL
from aqfusion.labels.annotation_records import category_of
from aqfusion.labels.annotator_stats import Answered
from aqfusion.labels.answer import Answer
from aqfusion.labels.search import Around, Filters
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import RoleError
from tests.labels.planted import MINUTE, NOW, add, request_id, say

SHARES = (0.1, 0.2, 0.4, 0.1, 0.1, 0.1)


def test_each_current_answer_is_told_once_with_gold_and_model(store, admin, expert, ana, ben):
    view = ItemPrediction("m-1", "fused", 150.4, 90, 210, SHARES)
    seen = add(store, admin, 1, model_view=view, overlap=2)
    gold = add(store, admin, 2, known_aqi=151)
    bare = add(store, admin, 3)
    say(store, ben, seen, 1, NOW)
    say(store, ana, seen, 1, NOW)
    say(store, ana, seen, Answer(aqi=301), NOW + MINUTE)
    say(store, ana, gold, 3)
    say(store, ben, bare, Answer(cant_tell="night"))
    records = store.annotation_records(expert)
    assert records.other_scales == 0
    assert records.answers == (
        (seen, Answered("Ana", NOW + MINUTE, 5, None, 2, blind=False)),  # told after the first
        (seen, Answered("Ben", NOW, 1, None, 2)),
        (gold, Answered("Ana", NOW, 3, 3, None)),
        (bare, Answered("Ben", NOW, CANNOT_TELL, None, None)),
    )


def test_what_is_skipped_taken_back_or_of_another_scale_is_left_out(store, admin, expert, ana, ben):
    first, second, third = (add(store, admin, number, overlap=2) for number in (1, 2, 3))
    say(store, ana, first, 0)
    store.answers.undo(ana, request_id(), NOW)
    leased = store.queue.lease(ben, second, NOW)
    store.answers.skip(ben, leased.token, request_id(), NOW)
    say(store, ben, third, Answer(category=2, standard="india"))
    say(store, ana, third, Answer(cant_tell="cloud", standard="india"))
    records = store.annotation_records(expert)
    assert records.other_scales == 1
    assert records.answers == ((third, Answered("Ana", NOW, CANNOT_TELL)),)
    assert store.annotation_records.people(expert) == {ana.id: "Ana", ben.id: "Ben"}


def test_the_last_event_moves_with_every_event(store, admin, expert, ana):
    assert store.annotation_records.last_event(expert) == 0
    saved = say(store, ana, add(store, admin, 1), 0)
    assert store.annotation_records.last_event(expert) == saved.event


def test_only_experts_are_told(store, admin, ana):
    forbidden = (
        lambda: store.annotation_records(ana),
        lambda: store.annotation_records.last_event(ana),
        lambda: store.annotation_records.people(ana),
        lambda: store.search.around(ana, Filters(), 1),
    )
    for ask in forbidden:
        with pytest.raises(RoleError):
            ask()


def test_neighbours_fit_the_filters_and_the_item_need_not(store, admin, expert):
    ids = [add(store, admin, number, place="A" if number != 3 else "B") for number in range(1, 6)]
    here = Filters(place="A")
    assert store.search.around(expert, here, ids[2]) == Around(ids[3], ids[1])
    assert store.search.around(expert, here, ids[4]) == Around(None, ids[3])
    assert store.search.around(expert, here, ids[0]) == Around(ids[1], None)
    assert store.search.around(expert, Filters(place="C"), ids[2]) == Around(None, None)


def test_categories_are_those_of_the_standard():
    us = standard("us")
    tenths = [tenth / 10 for tenth in range(5001)]
    assert [us.categories[category_of(aqi)] for aqi in tenths] == [
        us.category_of(aqi) for aqi in tenths
    ]
