"""Experts see everything, decide, and what they decide is what a training learns."""

import pytest

from aqfusion.air.readings import Reading
from aqfusion.labels.answer import Answer
from aqfusion.labels.review import ReviewError
from aqfusion.labels.search import Filters
from tests.labels.planted import MINUTE, NOW, add, request_id, say, status


@pytest.fixture
def conflict(store, admin, ana, ben):
    """Ana says 1, Ben says 3."""
    item = add(store, admin, 80, overlap=2)
    say(store, ana, item, Answer(category=1, note="clear up there"))
    say(store, ben, item, 3)
    return item


def test_an_accepted_answer_settles(store, conflict, expert, ben):
    saved = store.review.accept(expert, conflict, ben.id, "r", NOW)
    assert store.review.accept(expert, conflict, ben.id, "r", NOW) == saved
    view = store.review.view(expert, conflict)
    assert (view.item.status, view.decision.name, view.decision.answer.category) == (
        *("settled", "Eva", 3),
    )
    assert view.decision.about == view.history[1].event
    assert [event.kind for event in view.history] == ["answer", "answer", "accept"]
    with pytest.raises(ReviewError, match=f"has no answer to item {conflict}"):
        store.review.accept(expert, conflict, expert.id, request_id(), NOW)


def test_a_decision_can_be_overruled_and_says_what_it_was(store, conflict, expert, ana):
    first = store.review.accept(expert, conflict, ana.id, request_id(), NOW)
    store.review.overrule(
        expert, conflict, Answer(aqi=160), "the horizon is gone", request_id(), NOW
    )
    decision = store.review.view(expert, conflict).decision
    assert (decision.answer.aqi, decision.reason) == (160, "the horizon is gone")
    assert (decision.old["event"], decision.old["category"]) == (first.event, 1)
    with pytest.raises(ReviewError, match="reason must have at least 1 character, got none"):
        store.review.overrule(expert, conflict, Answer(aqi=160), " ", request_id(), NOW)


def test_what_is_sent_back_asks_one_more_person(store, conflict, expert, ana, ben, admin):
    saved = store.review.send_back(expert, conflict, "look again", request_id(), NOW)
    assert saved.status == "sent back"
    assert store.queue.next_item(ana, NOW) is None
    assert store.queue.next_item(admin, NOW).task.id == conflict
    assert say(store, admin, conflict, 3).status == "conflict"
    assert store.verify() == ()


def test_contributions_wait_for_an_expert(store, admin, expert, ana):
    yes, no = (
        add(store, admin, n, trusted=False, origin="contribution", consent="v1", consented_at=NOW)
        for n in (1, 2)
    )
    assert store.queue.next_item(ana, NOW) is None
    with pytest.raises(ReviewError, match="is pending, so there is nothing to decide"):
        store.review.send_back(expert, yes, "why", request_id(), NOW)
    assert store.review.moderate(expert, yes, True, "", request_id(), NOW).status == "open"
    assert store.review.moderate(expert, no, False, "a face", request_id(), NOW).status == (
        "rejected"
    )
    with pytest.raises(ReviewError, match="no longer waiting for this: it is open"):
        store.review.moderate(expert, yes, False, "", request_id(), NOW)
    assert store.queue.next_item(ana, NOW).task.id == yes
    assert store.verify() == ()


def test_gold_is_not_for_experts_to_change(store, admin, expert):
    gold = add(store, admin, 1, known_aqi=44)
    with pytest.raises(ReviewError, match="is a gold item"):
        store.review.overrule(expert, gold, Answer(aqi=1), "why", request_id(), NOW)


def test_filters_add_up(store, admin, conflict, expert, ana):
    plain = add(store, admin, 1, place="Mumbai", source="night bus 5_7")
    other = add(store, admin, 2, place="Delhi", source="night bus 5x7")
    say(store, ana, plain, 5)

    def search(**filters):
        return [item.task.id for item in store.search(expert, Filters(**filters)).items]

    assert search() == [other, plain, conflict]
    assert search(statuses=("conflict", "answered")) == [plain, conflict]
    assert search(place="Mumbai") == [plain]
    assert search(annotator=ana.id) == [plain, conflict]
    assert search(annotator=ana.id, category=5) == [plain]
    assert search(text="CLEAR up") == [conflict]  # a note
    assert search(text="5_7") == [plain]  # no wildcard
    assert search(text="delhi", place="Mumbai") == []
    assert store.search.places() == ("Delhi", "Mumbai")


def test_pages_follow_each_other_without_holes(store, admin, expert):
    ids = [add(store, admin, number) for number in range(7)]
    first = store.search(expert, Filters(), most=3)
    add(store, admin, 99)  # comes on top of the first page, and moves nothing
    second = store.search(expert, Filters(), after=first.after, most=3)
    third = store.search(expert, Filters(), after=second.after, most=3)
    seen = [item.task.id for page in (first, second, third) for item in page.items]
    assert (seen, third.after) == (ids[::-1], None)


def test_a_training_learns_what_is_settled(store, admin, conflict, expert, ana, ben):
    agreed = add(store, admin, 1, overlap=2, split="frozen")
    say(store, ana, agreed, Answer(aqi=51))
    saved = say(store, ben, agreed, Answer(aqi=60))
    flagged = add(store, admin, 90)
    say(store, ana, flagged, Answer(category=2, corrections={"pm25": 9.5}))
    add(store, admin, 3)
    assert [value.item for value in store.adjudicated()] == [agreed]
    (value,) = store.adjudicated("frozen")
    assert (value.category, value.aqi, value.by) == (1, 56, "agreement")
    assert (value.last_event, value.reading) == (saved.event, Reading(pm25=1))
    store.review.overrule(expert, conflict, Answer(cant_tell="night"), "dark", request_id(), NOW)
    store.review.accept(expert, flagged, ana.id, request_id(), NOW)
    first, second = store.adjudicated("train")
    assert (first.category, first.cant_tell, first.by) == (None, "night", "expert")
    assert (second.reading, second.category) == (Reading(pm25=9.5), 2)


def test_a_snapshot_has_the_same_hash_as_long_as_labels_are_the_same(
    store, admin, expert, ana, ben
):
    item = add(store, admin, 1, overlap=2)
    nothing = store.snapshot_hash()
    say(store, ana, item, 2)
    assert store.snapshot_hash() == nothing
    say(store, ben, item, 2)
    labelled = store.snapshot_hash()
    assert labelled != nothing
    store.review.accept(expert, item, ana.id, request_id(), NOW)
    assert store.snapshot_hash() == labelled  # the same value, by an expert
    store.review.overrule(expert, item, Answer(category=3), "why", request_id(), NOW + MINUTE)
    assert store.snapshot_hash() not in (nothing, labelled)
    assert status(store, expert, item) == "settled"
