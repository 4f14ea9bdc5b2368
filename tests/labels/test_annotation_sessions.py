"""One person in several tabs: an item for each, no dead end, and no answer lost or doubled."""

import pytest

from aqfusion.labels.annotation_sessions import MOST_DRAFTS, Draft
from aqfusion.labels.answer import Answer, ItemGoneError
from aqfusion.labels.leases import Tab
from tests.labels.planted import MINUTE, NOW, add, request_id, say

LATER = NOW + 30 * MINUTE
ONE, TWO = Tab("one"), Tab("two")


@pytest.fixture
def three(store, admin):
    return [add(store, admin, number, priority=1.0 - number / 10) for number in range(3)]


def answer(store, actor, leased, category, now=NOW):
    return store.answers.save_shown(actor, leased, request_id(), Answer(category), now)


def categories(store, expert, item):
    return {event.name: event.answer.band for event in store.review.view(expert, item).answers}


def test_each_tab_has_an_item_of_its_own_and_others_get_none_of_them(store, ana, ben, three):
    held = [store.queue.next_item(ana, NOW, tab=tab).task.id for tab in (ONE, TWO, ONE)]
    assert held == [three[0], three[1], three[0]]
    assert store.queue.next_item(ben, NOW).task.id == three[2]


def test_a_reloaded_tab_gets_back_what_it_showed(store, ana, three):
    store.queue.next_item(ana, NOW, tab=ONE)
    reloaded = Tab("anew", lambda tab: tab != "one")
    assert store.queue.next_item(ana, NOW, tab=reloaded).task.id == three[0]


def test_an_answer_counts_whatever_has_become_of_its_lease(store, ana, expert, three):
    first = store.queue.next_item(ana, NOW, tab=ONE)
    store.queue.lease(ana, three[0], NOW, TWO)  # taken over
    assert answer(store, ana, first, 2).words is None
    ended = store.queue.next_item(ana, NOW, tab=ONE)
    assert answer(store, ana, ended, 3, LATER).words is None
    assert [categories(store, expert, item) for item in three[:2]] == [{"Ana": 2}, {"Ana": 3}]


def test_the_second_answer_to_what_another_tab_answered_is_told_and_not_saved(
    store, ana, expert, three
):
    here = store.queue.next_item(ana, NOW, tab=ONE)
    there = store.queue.lease(ana, three[0], NOW, TWO)
    answer(store, ana, there, 2)
    with pytest.raises(ItemGoneError, match="in another tab"):
        answer(store, ana, here, 4)
    with pytest.raises(ItemGoneError, match="in another tab"):
        store.answers.skip_shown(ana, here, request_id(), NOW)
    assert categories(store, expert, three[0]) == {"Ana": 2}
    back = store.queue.lease(ana, three[0], NOW, ONE)  # now it is seen, and may be changed
    answer(store, ana, back, 4)
    assert categories(store, expert, three[0]) == {"Ana": 4}


def test_what_was_undone_in_another_tab_is_saved(store, ana, expert, three):
    say(store, ana, three[0], 1)
    back = store.queue.lease(ana, three[0], NOW, ONE)
    store.answers.undo(ana, request_id(), NOW, tab="two")
    answer(store, ana, back, 5)
    assert categories(store, expert, three[0]) == {"Ana": 5}


def test_a_decided_item_takes_no_answer_and_says_so(store, ana, expert, three):
    shown = store.queue.next_item(ana, NOW, tab=ONE)
    store.review.overrule(expert, three[0], Answer(0), "clear", request_id(), NOW)
    with pytest.raises(ItemGoneError, match="no longer open"):
        answer(store, ana, shown, 4)


def test_two_people_never_hold_one_item_by_way_of_tabs(store, ana, ben, three):
    own_items = [store.queue.next_item(ana, NOW, tab=tab).task.id for tab in (ONE, TWO)]
    other_items = [store.queue.next_item(ben, NOW, tab=tab) for tab in (ONE, TWO)]
    assert other_items[0].task.id == three[2]
    assert other_items[1] is None
    assert three[2] not in own_items


def test_a_draft_waits_until_the_answer_and_is_nobody_elses(store, ana, ben, three):
    draft = Draft("fog?", True, {"pm25": "3"})
    store.drafts.save(ana, three[0], draft, NOW)
    assert (store.drafts.get(ana, three[0]), store.drafts.get(ben, three[0])) == (draft, None)
    answer(store, ana, store.queue.next_item(ana, NOW, tab=ONE), 1)
    assert store.drafts.get(ana, three[0]) is None


def test_drafts_are_bounded(store, admin, ana):
    items = [add(store, admin, number) for number in range(MOST_DRAFTS + 1)]
    for turn, item in enumerate(items):
        store.drafts.save(ana, item, Draft(f"note {turn}"), NOW + turn * MINUTE)
    assert store.drafts.get(ana, items[0]) is None
    assert store.drafts.get(ana, items[1]) == Draft("note 1")
    with pytest.raises(ValueError, match="note must have at most 500 characters, got 501"):
        store.drafts.save(ana, items[0], Draft("x" * 501), NOW)


def test_a_sitting_goes_on_over_a_reload_and_not_over_a_pause_or_a_new_sign_in(store, ana, three):
    begun = store.sittings.resume(ana, NOW)
    store.sittings.keep(ana, "assisted", begun.since, NOW)
    say(store, ana, three[1], 1, NOW + MINUTE)
    say(store, ana, three[0], 1, NOW + 2 * MINUTE)
    again = store.sittings.resume(ana, NOW + 3 * MINUTE)
    assert (again.mode, again.since, again.trail) == ("assisted", NOW, (three[1], three[0]))
    anew, _ = store.sessions.begin(ana, NOW + 4 * MINUTE)
    assert store.sittings.resume(anew, NOW + 5 * MINUTE).since == NOW + 4 * MINUTE
    late = store.sittings.resume(ana, NOW + 90 * MINUTE)
    assert (late.mode, late.since, late.trail) == ("assisted", NOW + 90 * MINUTE, ())
