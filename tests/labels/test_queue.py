"""The queue: order, shares, leases, and nobody twice."""

from collections import Counter

import pytest

from aqfusion.labels.answer import Answer
from aqfusion.labels.item import Reason
from aqfusion.labels.item_insertion import ItemScore
from aqfusion.labels.leases import LeaseError
from aqfusion.labels.queue import Queue
from aqfusion.labels.queue_sql import Shares
from tests.labels.planted import MINUTE, NOW, add, request_id, say, status


def take(store, actor, category=1):
    """Answer what comes next, and return its id."""
    leased = store.queue.next_item(actor, NOW)
    if leased is None:
        return None
    answer = Answer(category=category)
    return store.answers.save(actor, leased.token, request_id(), answer, NOW).item


def test_the_most_urgent_comes_first_and_the_reasons_with_it(store, admin, ana, ben, expert):
    low, high = add(store, admin, 1, priority=0.1), add(store, admin, 2, priority=0.9)
    begun = add(store, admin, 3, priority=0.0, overlap=2)
    back = add(store, admin, 4, priority=0.0)
    why = (Reason("unsure", "The model is unsure: it predicts 90 to 260"),)
    store.items.set_views(admin, [ItemScore(high, 0.9, why)])
    say(store, ben, begun, 1)
    say(store, ben, back, 1)
    store.review.send_back(expert, back, "look at the horizon", request_id(), NOW)
    first = store.queue.next_item(ana, NOW)
    assert [reason.kind for reason in first.why] == ["sent back"]
    assert [take(store, ana) for _ in range(2)] == [back, begun]
    third = store.queue.next_item(ana, NOW)
    assert (third.task.id, third.why) == (high, why)
    assert [take(store, ana) for _ in range(3)] == [high, low, None]
    assert take(store, ben) is None


def test_equal_priorities_are_drawn_by_lot_and_not_by_age(store, admin, ana):
    added = [add(store, admin, number) for number in range(12)]
    served = [take(store, ana) for _ in added]
    assert sorted(served) == added
    assert served not in (added, added[::-1])


def test_what_is_held_is_given_to_nobody_else_and_comes_back_after_its_time(store, admin, ana, ben):
    item = add(store, admin, 1)
    held = store.queue.next_item(ana, NOW)
    assert store.queue.next_item(ben, NOW + 9 * MINUTE) is None
    assert store.queue.next_item(ana, NOW + MINUTE).token == held.token  # a page loaded again
    assert store.queue.next_item(ben, NOW + 11 * MINUTE).task.id == item
    with pytest.raises(LeaseError, match=f"Somebody else is labelling item {item}"):
        store.queue.renew(ana, held.token, NOW + 11 * MINUTE)


def test_a_renewed_lease_lasts_longer_and_a_released_one_is_free(store, admin, ana, ben):
    add(store, admin, 1)
    held = store.queue.next_item(ana, NOW)
    again = store.queue.renew(ana, held.token, NOW + 9 * MINUTE)
    assert (again.token, again.until) == (held.token, NOW + 19 * MINUTE)
    assert store.queue.next_item(ben, NOW + 15 * MINUTE) is None
    store.queue.release(ana, held.token, NOW + 15 * MINUTE)
    assert store.queue.next_item(ben, NOW + 15 * MINUTE) is not None


def test_a_person_holds_one_item_at_a_time(store, admin, ana, ben):
    first, second = add(store, admin, 1), add(store, admin, 2)
    store.queue.lease(ana, first, NOW)
    store.queue.lease(ana, second, NOW)
    assert store.queue.lease(ben, first, NOW).task.id == first
    with pytest.raises(LeaseError):
        store.queue.lease(ben, second, NOW)


def test_the_way_back_to_an_answered_item_does_not_stop_the_queue(store, admin, ana):
    first, second = add(store, admin, 1, priority=1.0), add(store, admin, 2)
    say(store, ana, first, 3)
    back = store.queue.lease(ana, first, NOW)
    assert back.own_event.category == 3
    assert store.queue.next_item(ana, NOW).task.id == second


def test_duplicates_and_pending_items_are_never_served(store, admin, ana, expert):
    first = add(store, admin, 1)
    near = add(store, admin, 2, duplicate_of=first)
    gold = add(store, admin, 3, known_aqi=40, duplicate_of=first)
    add(store, admin, 4, trusted=False, split="frozen")
    assert [take(store, ana) for _ in range(2)] == [first, None]
    for item in (near, gold):
        with pytest.raises(LeaseError, match="is not in the queue"):
            store.queue.lease(ana, item, NOW)
    store.items.mark_duplicate(admin, near, None)
    assert [take(store, ana) for _ in range(2)] == [near, None]


def test_shares_are_drawn_as_often_as_they_say():
    shares = Shares(random=0.2, gold=0.05)
    drawn = [shares.draw(user, done) for user in range(20) for done in range(500)]
    turns = Counter(draw.turn for draw in drawn)
    assert turns["random"] / len(drawn) == pytest.approx(0.2, abs=0.012)
    assert turns["gold"] / len(drawn) == pytest.approx(0.05, abs=0.007)
    shares_of_lot = [draw.lot / 2**31 for draw in drawn]
    assert sum(shares_of_lot) / len(shares_of_lot) == pytest.approx(0.5, abs=0.01)
    assert drawn[:500] == [shares.draw(0, done) for done in range(500)]


def test_gold_looks_like_what_is_drawn_at_random(store, admin, ana, ben):
    ordinary, gold = add(store, admin, 1, priority=1.0), add(store, admin, 2, known_aqi=180)
    with_gold = Queue(store.database, Shares(random=0.0, gold=0.999))
    at_random = Queue(store.database, Shares(random=1.0, gold=0.0))
    gold_task, random_task = with_gold.next_item(ana, NOW), at_random.next_item(ben, NOW)
    assert (gold_task.task.id, random_task.task.id) == (gold, ordinary)
    assert gold_task.why == random_task.why
    assert "180" not in repr(gold_task)


def test_gold_stays_for_everybody_and_comes_once_to_each(store, admin, ana, ben, expert):
    gold = add(store, admin, 1, known_aqi=180)
    queue = Queue(store.database, Shares(random=0.0, gold=0.999))
    for actor in (ana, ben):
        leased = queue.next_item(actor, NOW)
        saved = store.answers.save(actor, leased.token, request_id(), Answer(category=3), NOW)
        assert (saved.item, saved.status) == (gold, "open")
        assert queue.next_item(actor, NOW) is None
    assert status(store, expert, gold) == "open"
    assert store.verify() == ()


def test_random_items_come_from_everywhere(store, admin, ana):
    for number in range(40):
        add(store, admin, number, priority=number / 40)
    queue = Queue(store.database, Shares(random=1.0, gold=0.0))
    served = []
    for _ in range(40):
        leased = queue.next_item(ana, NOW)
        served.append(leased.task.id)
        store.answers.save(ana, leased.token, request_id(), Answer(category=0), NOW)
    assert len({*served}) == 40
    assert 12 < sum(served[:20]) / 20 < 29  # not the top of the queue, nor its end


def test_crowds_without_an_item_are_forgotten(store, admin, ana, ben, expert):
    item = add(store, admin, 1, overlap=3)
    for actor in (ana, ben, expert):
        say(store, actor, item, 1)
    with store.database.read() as connection:
        members = connection.exec_driver_sql("SELECT members FROM crowds").scalars().all()
    assert members == [" "]


def test_progress_counts_what_stands(store, admin, ana):
    store.accounts.set_goal(ana, 30)
    items = [add(store, admin, number) for number in range(3)]
    for turn, item in enumerate(items):
        say(store, ana, item, 1, NOW + 10 * turn * MINUTE)
    store.answers.undo(ana, request_id(), NOW + 20 * MINUTE)
    progress = store.overview.progress(ana, NOW, NOW + 30 * MINUTE)
    assert (progress.done, progress.per_hour, progress.goal) == (2, 4.0, 30)
    assert store.overview.counts()["answered"] == 2
    nothing = store.overview.progress(ana, NOW + MINUTE * 60, NOW + MINUTE * 60)
    assert (nothing.done, nothing.per_hour) == (0, None)
