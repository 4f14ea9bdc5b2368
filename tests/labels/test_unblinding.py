"""An item whose prediction or answers were shown to a person is never answered blind by them."""

import multiprocessing
import os
import signal
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select

from aqfusion.labels.answer import Answer, AnswerContext
from aqfusion.labels.exports.export import export
from aqfusion.labels.schema import label_events, unblindings
from aqfusion.labels.search import Filters
from aqfusion.labels.store import LabelStore
from aqfusion.labels.unblinding import unblind_by_events
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import RoleError
from aqfusion.ui.review.agreement_stats import figures_of
from tests.labels.planted import NOW, add, request_id, say

VIEW = ItemPrediction("m-1", "fused", 150.4, 90, 210, (0.1, 0.2, 0.4, 0.1, 0.1, 0.1))


@pytest.fixture
def item(store, admin):
    return add(store, admin, 1, model_view=VIEW, overlap=2)


def modes(store, expert, item, name="Ana"):
    """The modes of all answers of a person to an item, the oldest first."""
    events = store.review.view(expert, item).history
    return [event.answer.seen.mode for event in events if event.answer and event.name == name]


def rows(store):
    with store.database.read() as connection:
        return connection.execute(select(func.count()).select_from(unblindings)).scalar_one()


def test_a_first_answer_is_blind_and_reveals_the_prediction(store, item, ana, expert):
    leased = store.queue.next_item(ana, NOW)
    assert not leased.unblinded
    assert not hasattr(leased.task, "model_view")
    saved = say(store, ana, item, 1)
    assert (saved.revealed, modes(store, expert, item)) == (VIEW, ["blind"])


def test_once_suggested_no_answer_claims_to_be_blind(store, item, ana, expert):
    assert store.unblinding.suggestion(ana, item) == VIEW
    leased = store.queue.lease(ana, item, NOW)
    assert leased.unblinded
    store.answers.save_shown(ana, leased, request_id(), Answer(category=1), NOW)
    store.answers.change(ana, item, request_id(), Answer(category=2), NOW)
    assert modes(store, expert, item) == ["unblinded", "unblinded"]
    assert store.verify() == ()


def test_the_reveal_after_an_answer_outlasts_its_undo(store, item, ana, expert):
    say(store, ana, item, 1)
    back = store.answers.undo(ana, request_id(), NOW).leased
    assert back.unblinded
    store.answers.save_shown(ana, back, request_id(), Answer(category=2), NOW)
    assert modes(store, expert, item) == ["blind", "unblinded"]


def test_a_repeated_request_reveals_what_its_first_coming_did(store, item, ana):
    leased = store.queue.lease(ana, item, NOW)
    first = store.answers.save_shown(ana, leased, "r", Answer(category=1), NOW)
    again = store.answers.save_shown(ana, leased, "r", Answer(category=1), NOW)
    assert again == first
    assert again.revealed == VIEW


def test_who_cannot_tell_is_told_nothing_and_stays_blind(store, item, ana, expert):
    assert say(store, ana, item, Answer(cant_tell="night")).revealed is None
    store.answers.change(ana, item, request_id(), Answer(category=2), NOW)
    assert modes(store, expert, item) == ["blind", "blind"]


def test_an_assisted_answer_is_never_followed_by_a_blind_one(store, admin, ana, expert):
    item = add(store, admin, 2, overlap=2)  # without a prediction
    say(store, ana, item, Answer(category=1, seen=AnswerContext("assisted")))
    store.answers.undo(ana, request_id(), NOW)
    say(store, ana, item, 2)
    assert modes(store, expert, item) == ["assisted", "unblinded"]


@pytest.mark.parametrize("way", ["view", "answers_of", "search"])
def test_what_an_expert_sees_in_review_they_do_not_answer_blind(store, item, ana, expert, way):
    say(store, ana, item, 1)
    looks = {
        "view": lambda: store.review.view(expert, item),
        "answers_of": lambda: store.review.answers_of(expert, [item]),
        "search": lambda: store.search(expert, Filters()),
    }
    looks[way]()
    assert store.queue.next_item(expert, NOW) is None
    assert store.queue.has_unblinded(expert, NOW)
    say(store, expert, item, 1)
    assert modes(store, expert, item, "Eva") == ["unblinded"]


@pytest.mark.parametrize("format", ["csv", "events", "label-studio"])
def test_what_an_expert_exports_they_do_not_answer_blind(
    store, item, ana, admin, expert, format, tmp_path
):
    other = add(store, admin, 2, model_view=VIEW)
    say(store, ana, item, 1)
    export(store, expert, format, tmp_path / "out")
    assert store.queue.lease(expert, item, NOW).unblinded
    assert not store.queue.lease(expert, other, NOW).unblinded  # nobody's answer was in it


def test_an_export_of_everything_holds_predictions_too(store, item, admin, tmp_path):
    export(store, admin, "jsonl", tmp_path / "out.jsonl")
    assert store.queue.lease(admin, item, NOW).unblinded


def test_a_label_on_the_site_pages_is_no_secret(store, admin, ana, ben, expert):
    item = add(store, admin, 2, overlap=2)  # no prediction: only answers could be seen
    say(store, ana, item, 1)
    say(store, ben, item, 1)  # agreed, and so a measured day of its place
    store.answers.undo(ana, request_id(), NOW)  # though she takes hers back
    say(store, ana, item, 1)
    assert modes(store, expert, item) == ["blind", "unblinded"]


def test_after_a_decision_nobody_answers_blind(store, admin, ana, expert):
    item = add(store, admin, 2)
    store.review.overrule(expert, item, Answer(category=0), "clear", request_id(), NOW)
    store.review.send_back(expert, item, "look again", request_id(), NOW)
    leased = store.queue.next_item(ana, NOW)
    assert (leased.task.id, leased.unblinded) == (item, True)
    say(store, ana, item, 1)
    assert modes(store, expert, item) == ["unblinded"]


def test_an_experts_own_decision_cannot_claim_to_be_blind(store, item, expert):
    store.review.view(expert, item)
    store.review.overrule(expert, item, Answer(category=0), "clear", request_id(), NOW)
    decision = store.review.view(expert, item).decision
    assert decision.answer.seen.mode == "unblinded"


def test_photos_of_the_same_view_are_judged_each_by_itself(store, admin, ana, expert):
    first = add(store, admin, 1, model_view=VIEW, fingerprint="0" * 16)
    twins = [add(store, admin, n, duplicate_of=first, fingerprint="0" * 16) for n in (2, 3)]
    store.unblinding.suggestion(ana, twins[0])
    leased = store.queue.lease(ana, first, NOW)
    store.answers.save_shown(ana, leased, request_id(), Answer(category=2), NOW, twins)
    assert [modes(store, expert, item) for item in (first, *twins)] == [
        ["blind"],
        ["unblinded"],
        ["blind"],
    ]
    store.answers.undo(ana, request_id(), NOW)
    assert all(store.queue.lease(ana, item, NOW).unblinded for item in (first,))
    leased = store.queue.lease(ana, first, NOW)
    store.answers.save_shown(ana, leased, request_id(), Answer(category=2), NOW, twins)
    assert [modes(store, expert, twin)[-1] for twin in twins] == ["unblinded", "unblinded"]


def test_the_queue_asks_nobody_blind_for_what_they_were_shown(store, item, admin, ana, ben):
    second = add(store, admin, 2, model_view=VIEW)
    store.unblinding.suggestion(ana, item)
    assert store.queue.next_item(ana, NOW).task.id == second
    assert store.queue.next_item(ben, NOW).task.id == item
    say(store, ana, second, 1)
    assert store.queue.next_item(ana, NOW) is None
    assert store.queue.has_unblinded(ana, NOW)
    assert store.queue.next_item(ana, NOW, blind=False).task.id == item


def test_there_is_one_row_for_a_person_and_an_item(store, item, ana, expert, admin):
    for _ in range(3):
        store.unblinding.suggestion(ana, item)
        store.review.view(expert, item)
    operator = store.accounts.operator(NOW)
    store.review.view(operator, item)
    assert rows(store) == 2
    with pytest.raises(RoleError):
        store.unblinding.suggestion(replace(ana, id=999), item)
    assert rows(store) == 2


def test_agreement_counts_blind_answers_only(store, admin, ana, ben, expert):
    items = [add(store, admin, n, model_view=VIEW, overlap=2, known_aqi=None) for n in range(1, 7)]
    for number, item in enumerate(items):
        say(store, ana, item, number % 3)
        if number >= 3:  # copied from the suggestion, and so from each other
            store.unblinding.suggestion(ben, item)
        say(store, ben, item, number % 3 if number >= 3 else (number + 1) % 3)
    figures = figures_of(store.annotation_records(expert))
    assert (figures.answers, figures.blind) == (12, 9)
    assert figures.nominal.items == 3  # those with two blind answers
    assert figures.nominal.value < 0
    assert [pair.kappa.items for pair in figures.pairs] == [3]
    by_name = {annotator.annotator: annotator for annotator in figures.annotators}
    assert (by_name["Ben"].items, by_name["Ben"].blind, by_name["Ben"].differs.total) == (6, 3, 3)


def test_a_forged_event_is_reported(store, item, ana, monkeypatch):
    store.unblinding.suggestion(ana, item)
    monkeypatch.setattr("aqfusion.labels.answers.as_seen", lambda _c, _u, _i, answer: answer)
    saved = say(store, ana, item, 1)
    assert store.verify() == (
        f"item {item} has event {saved.event}, a blind answer of somebody who was not",
    )


def _shows_and_dies(url, photos, ana, item):
    store = LabelStore.open(url, photos)
    store.unblinding.suggestion(ana, item)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_killed_after_showing_has_noted_it(store, url, tmp_path, item, ana, expert):
    store.database.close()
    where = (url, str(tmp_path / "photos"), ana, item)
    process = multiprocessing.get_context("spawn").Process(target=_shows_and_dies, args=where)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    say(store, ana, item, 1)
    assert modes(store, expert, item) == ["unblinded"]


def test_an_old_store_knows_whom_the_predictions_were_told_to(store, item, admin, ana, ben, expert):
    plain = add(store, admin, 2, overlap=2)
    say(store, ana, item, 1)
    say(store, ana, plain, 1)
    say(store, ben, plain, Answer(category=1, seen=AnswerContext("assisted")))
    with store.database.read() as connection:
        events = connection.execute(select(label_events)).all()
    store.database.write(lambda connection: connection.execute(delete(unblindings)))
    store.database.write(unblind_by_events)
    with store.database.read() as connection:
        assert {(row.item, row.user) for row in connection.execute(select(unblindings))} == {
            (item, ana.id),
            (plain, ben.id),
        }
        assert connection.execute(select(label_events)).all() == events  # they keep what they say
