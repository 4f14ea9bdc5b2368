"""Answers are saved exactly once, taken back, skipped and found again."""

import pytest

from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer, AnswerContext, AnswerError
from aqfusion.labels.answers import UndoError
from aqfusion.labels.event_log import RequestError
from aqfusion.labels.leases import LeaseError
from tests.labels.planted import MINUTE, NOW, add, request_id, say


@pytest.fixture
def item(store, admin):
    return add(store, admin, 1)


def test_an_answer_is_kept_with_all_that_was_seen(store, item, ana, expert):
    seen = AnswerContext("assisted", "model-3", 180, 4.5)
    answer = Answer(aqi=151, confidence="unsure", note="hazy\nlow sun", seen=seen)
    saved = say(store, ana, item, answer)
    (event,) = store.review.view(expert, item).answers
    assert (saved.status, event.name, event.at, event.answer) == ("answered", "Ana", NOW, answer)
    assert event.answer.band == 3
    assert store.verify() == ()


def test_the_same_request_is_written_once(store, item, ana, expert):
    leased = store.queue.lease(ana, item, NOW)
    first = store.answers.save(ana, leased.token, "r", Answer(category=1), NOW)
    second = store.answers.save(ana, leased.token, "r", Answer(category=1), NOW + MINUTE)
    assert second == first
    assert len(store.review.view(expert, item).history) == 1


def test_a_request_id_serves_one_request_only(store, item, ana, ben):
    leased = store.queue.lease(ana, item, NOW)
    store.answers.save(ana, leased.token, "r", Answer(category=1), NOW)
    with pytest.raises(RequestError, match="Request 'r' was saved before with other content"):
        store.answers.save(ana, leased.token, "r", Answer(category=2), NOW)
    with pytest.raises(RequestError):
        store.answers.undo(ben, "r", NOW)


def test_a_lease_of_another_saves_nothing(store, item, ana, ben, expert):
    leased = store.queue.lease(ana, item, NOW)
    with pytest.raises(LeaseError, match="no longer reserved for you"):
        store.answers.save(ben, leased.token, request_id(), Answer(category=1), NOW)
    assert store.review.view(expert, item).history == ()


def test_a_late_answer_counts_where_nobody_took_the_seat(store, item, ana):
    leased = store.queue.lease(ana, item, NOW)
    saved = store.answers.save(
        ana, leased.token, request_id(), Answer(category=1), NOW + 60 * MINUTE
    )
    assert (saved.status, saved.words) == ("answered", None)


def test_a_late_answer_is_one_more_opinion_where_somebody_did(store, item, ana, ben, expert):
    late = store.queue.lease(ana, item, NOW)
    later = NOW + 11 * MINUTE
    holder = store.queue.lease(ben, item, later)
    saved = store.answers.save(ana, late.token, request_id(), Answer(category=1), later)
    assert saved.words.startswith("Your time for this item was over")
    saved = store.answers.save(ben, holder.token, request_id(), Answer(category=2), later)
    assert (saved.status, saved.words) == ("conflict", None)
    events = store.review.view(expert, item).answers
    assert [(event.name, event.answer.category) for event in events] == [("Ana", 1), ("Ben", 2)]
    assert store.verify() == ()


def test_a_late_answer_to_a_decided_item_is_refused(store, item, ana, expert):
    leased = store.queue.lease(ana, item, NOW)
    store.review.overrule(expert, item, Answer(category=0), "clear sky", request_id(), NOW)
    with pytest.raises(AnswerError, match="no longer open: it is settled"):
        store.answers.save(ana, leased.token, request_id(), Answer(category=1), NOW)


def test_a_change_replaces_and_says_what(store, item, ana, expert):
    first = say(store, ana, item, 1)
    store.answers.change(ana, item, request_id(), Answer(category=4), NOW)
    view = store.review.view(expert, item)
    assert [event.answer.category for event in view.answers] == [4]
    old = {"event": first.event, "kind": "answer", "standard": "us", "category": 1}
    assert view.history[1].old == {**old, "aqi": None, "cant_tell": None}
    with pytest.raises(AnswerError, match="You have not answered item"):
        store.answers.change(expert, item, request_id(), Answer(category=4), NOW)


def test_undo_goes_back_step_by_step_and_gives_the_item_again(store, admin, ana, expert):
    first, second = add(store, admin, 1), add(store, admin, 2)
    say(store, ana, first, 1)
    say(store, ana, second, 2)
    store.answers.change(ana, first, request_id(), Answer(category=3), NOW)
    back = store.answers.undo(ana, request_id(), NOW)
    assert (back.item, back.status) == (first, "answered")
    assert back.leased.own_event.category == 1  # the first answer holds again
    back = store.answers.undo(ana, request_id(), NOW)
    assert (back.item, back.status, back.leased.own_event) == (second, "open", None)
    assert store.queue.next_item(ana, NOW).task.id == second
    assert store.answers.undo(ana, "last", NOW).item == first
    assert store.answers.undo(ana, "last", NOW).leased is None  # the same request changes nothing
    with pytest.raises(UndoError, match="You have no answer to undo"):
        store.answers.undo(ana, request_id(), NOW)
    kinds = [first.kind for first in store.review.view(expert, first).history]
    assert kinds == ["answer", "answer", "undo", "undo"]
    assert store.verify() == ()


def test_what_an_expert_has_decided_is_not_taken_back(store, item, ana, expert):
    say(store, ana, item, 1)
    store.review.accept(expert, item, ana.id, request_id(), NOW)
    with pytest.raises(UndoError, match="is settled, so your answer to it can no longer be undone"):
        store.answers.undo(ana, request_id(), NOW)


def test_a_skipped_item_comes_back_only_by_the_way_back(store, item, ana, ben):
    leased = store.queue.next_item(ana, NOW)
    store.answers.skip(ana, leased.token, request_id(), NOW, reason="too dark for me")
    assert store.queue.next_item(ana, NOW) is None
    assert [(skipped.task.id, skipped.reason) for skipped in store.overview.skipped(ana)] == [
        (item, "too dark for me")
    ]
    assert store.queue.next_item(ben, NOW).task.id == item
    store.queue.release(ben, store.queue.next_item(ben, NOW).token, NOW)
    assert say(store, ana, item, 1).status == "answered"
    assert store.overview.skipped(ana) == ()
    store.answers.undo(ana, request_id(), NOW)  # and the skip holds again
    assert [skipped.task.id for skipped in store.overview.skipped(ana)] == [item]
    assert store.verify() == ()


def test_an_unskipped_item_is_in_the_queue_again(store, item, ana):
    leased = store.queue.next_item(ana, NOW)
    store.answers.skip(ana, leased.token, request_id(), NOW)
    store.answers.unskip(ana, item, request_id(), NOW)
    assert store.queue.next_item(ana, NOW).task.id == item
    with pytest.raises(AnswerError, match="You have not skipped item"):
        store.answers.unskip(ana, item, request_id(), NOW)


def test_only_a_reading_that_is_there_can_be_corrected(store, item, ana, expert):
    with pytest.raises(AnswerError, match="of a reading that item 1 has, got no2"):
        say(store, ana, item, Answer(category=1, corrections={"no2": 4.0}))
    saved = say(store, ana, item, Answer(category=1, corrections={"pm25": None}))
    assert saved.status == "flagged"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "answer must be one of category, aqi and can't tell, got none"),
        ({"category": 1, "aqi": 60}, "can't tell, got category and aqi"),
        ({"category": 6}, "category must be a whole number from 0 to 5, got 6"),
        ({"category": True}, "category must be a whole number from 0 to 5, got True"),
        ({"aqi": 501}, "aqi must be a whole number from 0 to 500, got 501"),
        ({"aqi": 12.5}, "aqi must be a whole number from 0 to 500, got 12.5"),
        ({"cant_tell": "rain"}, "can't tell must be one of night, cloud, not sky, "),
        ({"aqi": 1, "standard": "uk"}, "standard must be one of us, india, got 'uk'"),
        ({"aqi": 1, "confidence": "very"}, "confidence must be one of sure, unsure, got 'very'"),
        ({"aqi": 1, "note": "x" * 501}, "note must have at most 500 characters, got 501"),
        ({"aqi": 1, "note": "a\x00b"}, "note must have no control characters"),
        ({"aqi": 1, "note": "a\ud800b"}, "note must have no control characters"),
        ({"aqi": 1, "corrections": {"pm25": -1.0}}, "pm25 must be >= 0 ug/m3, got -1.0"),
        ({"aqi": 1, "corrections": {"lead": 1.0}}, "lead"),
    ],
)
def test_a_wrong_answer_is_named(wrong, sentence):
    with pytest.raises(InputError) as refused:
        Answer(**wrong)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "wrong", [{"mode": "open"}, {"aqi": 501}, {"seconds": -1.0}, {"seconds": float("nan")}]
)
def test_what_was_seen_is_checked_too(wrong):
    with pytest.raises(AnswerError):
        AnswerContext(**wrong)
