"""One answer covers photos of the same view after a look: each its own event, all or none of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from aqfusion.labels.answer import Answer, AnswerContext, AnswerError
from aqfusion.labels.answers import UndoError
from aqfusion.labels.event_log import RequestError
from aqfusion.labels.schema import label_events
from aqfusion.labels.store import LabelStore
from tests.labels.planted import MINUTE, NOW, add, request_id, say, status
from tests.labels.test_processes import KILLS, run_writers

PRINT = "00000000000000{:02x}"  # bits apart by the ones in its last two digits


@pytest.fixture
def first(store, admin):
    return add(store, admin, 1, group="roof", fingerprint=PRINT.format(0))


@pytest.fixture
def twins(store, admin, first):
    """Two duplicates, which are not served, and a frame of the same session, which is."""
    kept = [
        add(store, admin, number, group="roof", fingerprint=PRINT.format(1), duplicate_of=first)
        for number in (2, 3)
    ]
    return [*kept, add(store, admin, 4, group="roof", fingerprint=PRINT.format(0b11111))]


def offered(store, actor, item, now=NOW):
    return [(frame.task.id, frame.served) for frame in store.same_view.frames(actor, item, now)]


def answer_all(store, actor, item, also, request=None, category=2, now=NOW):
    leased = store.queue.lease(actor, item, now)
    answer = Answer(category, note="haze", seen=AnswerContext("assisted", "m", 80, 3.5))
    return store.answers.save(actor, leased.token, request or request_id(), answer, now, also)


def events(store):
    with store.database.read() as connection:
        return connection.execute(select(label_events).order_by(label_events.c.id)).all()


def test_the_most_alike_of_the_same_view_are_offered(store, admin, ana, first, twins):
    add(store, admin, 5, group="roof", fingerprint=PRINT.format(0xFF))  # 8 bits: another view
    add(store, admin, 6, group="other", fingerprint=PRINT.format(0))
    add(store, admin, 7, group="roof", fingerprint=PRINT.format(0), split="frozen")
    add(store, admin, 8, group="roof", fingerprint=PRINT.format(0), known_aqi=80)
    add(store, admin, 9, fingerprint=PRINT.format(0))
    expected = [(twins[0], False), (twins[1], False), (twins[2], True)]
    assert offered(store, ana, first) == expected
    assert [number for number, _ in offered(store, ana, twins[0])] == [twins[1], first, twins[2]]


def test_a_gold_item_has_no_frames_and_photos_without_a_session_only_duplicates(store, admin, ana):
    gold = add(store, admin, 1, group="roof", fingerprint=PRINT.format(0), known_aqi=80)
    add(store, admin, 2, group="roof", fingerprint=PRINT.format(0))
    alone = add(store, admin, 3, fingerprint=PRINT.format(0))
    add(store, admin, 4, fingerprint=PRINT.format(0))
    twin = add(store, admin, 5, duplicate_of=alone)
    assert offered(store, ana, gold) == []
    assert offered(store, ana, alone) == [(twin, False)]


def test_every_photo_gets_an_event_of_its_own_in_one_go(store, expert, ana, first, twins):
    saved = answer_all(store, ana, first, twins, "one look")
    assert (saved.item, saved.covered, saved.words) == (first, tuple(twins), None)
    columns = [
        (event.item, event.category, event.note, event.batch, event.mode) for event in events(store)
    ]
    assert columns == [
        (first, 2, "haze", None, "assisted"),
        *((twin, 2, "haze", "one look", "assisted") for twin in twins),
    ]
    # What was seen of the model, and how long it took, is true of the first photo alone.
    assert [(event.seen_aqi, event.seconds) for event in events(store)] == [(80, 3.5)] + 3 * [
        (None,) * 2
    ]
    assert [status(store, expert, item) for item in (first, *twins)] == 4 * ["answered"]
    assert offered(store, ana, first) == []
    assert store.verify() == ()
    learned = {value.item: value.category for value in store.adjudicated()}
    assert learned == dict.fromkeys((first, *twins), 2)


def test_covered_photos_are_done_and_count_once_for_the_pace(store, ana, first, twins):
    answer_all(store, ana, first, twins, "one look")
    progress = store.overview.progress(ana, NOW, NOW + timedelta(hours=2))
    assert (progress.done, progress.per_hour) == (1 + len(twins), 0.5)


def test_a_double_press_is_one_batch_and_another_request_none(store, ana, first, twins):
    leased = store.queue.lease(ana, first, NOW)
    saved = store.answers.save(ana, leased.token, "r", Answer(2), NOW, twins)
    again = store.answers.save(ana, leased.token, "r", Answer(2), NOW + MINUTE, twins)
    assert again == saved
    assert len(events(store)) == 4
    for also in ([], twins[:1]):
        with pytest.raises(RequestError):
            store.answers.save(ana, leased.token, "r", Answer(2), NOW, also)


def test_one_undo_takes_all_of_it_back(store, expert, ana, first, twins):
    answer_all(store, ana, first, twins)
    undone = store.answers.undo(ana, "back", NOW)
    assert (undone.item, undone.leased.task.id) == (first, first)
    assert undone.covered == tuple(twins)
    assert [status(store, expert, item) for item in (first, *twins)] == 4 * ["open"]
    assert store.answers.undo(ana, "back", NOW).covered == tuple(twins)
    assert len(events(store)) == 8
    with pytest.raises(UndoError, match="You have no answer to undo"):
        store.answers.undo(ana, request_id(), NOW)
    assert store.verify() == ()
    assert [number for number, _ in offered(store, ana, first)] == twins  # and over again
    answer_all(store, ana, first, twins)
    assert store.verify() == ()


def test_what_was_changed_since_goes_back_first(store, expert, ana, first, twins):
    answer_all(store, ana, first, twins)
    store.answers.change(ana, twins[0], request_id(), Answer(5), NOW)
    assert store.answers.undo(ana, request_id(), NOW).item == twins[0]
    assert store.review.view(expert, twins[0]).answers[0].answer.category == 2
    assert store.answers.undo(ana, request_id(), NOW).covered == tuple(twins)
    assert store.verify() == ()


def test_what_an_expert_has_decided_stays(store, expert, ana, first, twins):
    answer_all(store, ana, first, twins)
    store.review.overrule(expert, twins[1], Answer(0), "clear", request_id(), NOW)
    undone = store.answers.undo(ana, request_id(), NOW)
    assert undone.covered == (twins[0], twins[2])
    assert undone.words == "1 of 4 photos keep your answer: an expert has decided them."
    assert status(store, expert, twins[1]) == "settled"
    with pytest.raises(UndoError, match=f"Item {twins[1]} is settled, so your answer"):
        store.answers.undo(ana, request_id(), NOW)
    assert store.verify() == ()


def test_two_annotators_never_cover_the_same_photo_unless_two_are_wanted(
    store, admin, ana, ben, expert, first, twins
):
    store.queue.lease(ben, twins[2], NOW)  # holds the frame that is served
    assert [number for number, _ in offered(store, ana, first)] == twins[:2]
    saved = answer_all(store, ana, first, twins)
    assert saved.covered == tuple(twins[:2])
    assert saved.words.startswith("1 of the 3 other photos was left out")
    both = add(store, admin, 20, overlap=2)
    twin = add(store, admin, 21, overlap=2, duplicate_of=both)
    for actor, category in ((ana, 1), (ben, 4)):
        assert answer_all(store, actor, both, [twin], category=category).covered == (twin,)
    assert status(store, expert, twin) == "conflict"
    assert store.verify() == ()


def test_what_does_not_show_the_same_view_is_refused_and_nothing_is_saved(
    store, admin, ana, first, twins
):
    frozen = add(store, admin, 7, group="roof", fingerprint=PRINT.format(0), split="frozen")
    gold = add(store, admin, 8, group="roof", fingerprint=PRINT.format(0), known_aqi=80)
    other = add(store, admin, 9)
    for wrong in (frozen, gold, other, first):
        with pytest.raises(AnswerError, match=f"the same view as item {first}, got item {wrong}"):
            answer_all(store, ana, first, [*twins, wrong])
    with pytest.raises(AnswerError, match="must cover at most 24 photos, got 25"):
        answer_all(store, ana, first, range(100, 125))
    assert events(store) == []


def test_corrections_of_readings_stay_with_the_photo_that_was_looked_at(
    store, ana, first, twins, expert
):
    leased = store.queue.lease(ana, first, NOW)
    answer = Answer(2, corrections={"pm25": 3.0})
    store.answers.save(ana, leased.token, "r", answer, NOW, twins)
    assert [event.corrections for event in events(store)] == [{"pm25": 3.0}, None, None, None]


def test_covered_answers_are_no_evidence_of_agreement(store, expert, ana, first, twins):
    answer_all(store, ana, first, twins)
    say(store, ana, first, 3, NOW + MINUTE)
    records = store.annotation_records(expert).answers
    assert {item: answer.covered for item, answer in records} == {
        first: False,
        **dict.fromkeys(twins, True),
    }


def test_a_writer_that_is_killed_leaves_all_of_a_batch_or_nothing(store, url, admin, ana):
    lots = []
    for lot in range(8):
        head = add(store, admin, 100 * lot)
        lots.append(
            [head, *(add(store, admin, 100 * lot + n, duplicate_of=head) for n in range(1, 21))]
        )
    store.close()
    acknowledged = run_writers("kill_batches", url, ana.id, lots, KILLS)
    again = LabelStore.open(url, "photos")
    with again.database.read() as connection:
        answered = [*connection.execute(select(label_events.c.item)).scalars()]
    for lot in lots:
        assert sum(item in answered for item in lot) in {0, 21}
    assert len(answered) == len({*answered})
    assert {item for lot in acknowledged for item in lots[lot]} <= {*answered}
    assert again.verify() == ()
    again.close()
