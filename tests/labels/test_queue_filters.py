"""A queue that asks only about a place or for a reason; and how far everybody is."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from aqfusion.labels.item import Reason
from aqfusion.labels.progress import Choices, FilterOption, Member, TeamProgress
from aqfusion.labels.queue import Queue
from aqfusion.labels.queue_sql import QueueFilter, Shares, first_in_queue
from aqfusion.labels.schema import items
from aqfusion.permissions import RoleError
from benchmarks import label_queue
from tests.benchmarks.test_label_queue import steps
from tests.labels.planted import NOW, add, request_id, say

UNSURE = Reason("model unsure", "The model is unsure: it predicts 10 to 300")
APART = Reason("photo against readings", "Photo and readings disagree")


@pytest.fixture
def planted(store, admin):
    """Four items of two places and two reasons, the first of all with the highest priority."""
    kinds = [("Delhi", UNSURE), ("Pune", UNSURE), ("Delhi", APART), ("Pune", APART)]
    return [
        add(store, admin, number, place=place, reasons=(why,), priority=1 - number / 10)
        for number, (place, why) in enumerate(kinds)
    ]


def next_id(store, actor, chosen):
    leased = store.queue.next_item(actor, NOW, chosen=chosen)
    return leased and leased.task.id


@pytest.mark.parametrize(
    ("chosen", "first"),
    [
        (QueueFilter(), 0),
        (QueueFilter(place="Pune"), 1),
        (QueueFilter(reason="photo against readings"), 2),
        (QueueFilter("Pune", "photo against readings"), 3),
        (QueueFilter(place="Nowhere"), None),
        (QueueFilter(reason="sent back"), None),
        (QueueFilter(place="' OR 1=1 --"), None),
    ],
)
def test_the_first_that_a_filter_lets_by_comes_next(store, ana, planted, chosen, first):
    assert next_id(store, ana, chosen) == (None if first is None else planted[first])


def test_another_filter_lets_go_of_what_it_does_not_let_by(store, ana, ben, planted):
    assert next_id(store, ana, QueueFilter()) == planted[0]
    assert next_id(store, ana, QueueFilter(place="Delhi")) == planted[0]  # kept: it fits
    assert next_id(store, ana, QueueFilter(place="Pune")) == planted[1]
    assert next_id(store, ben, QueueFilter()) == planted[0]


def test_what_is_begun_or_sent_back_can_be_asked_for(store, admin, ana, ben, expert, planted):
    begun = add(store, admin, 20, overlap=2)
    say(store, ben, begun, 1)
    assert next_id(store, ana, QueueFilter(reason="overlap")) == begun
    say(store, ben, planted[3], 1)
    store.review.send_back(expert, planted[3], "look again", request_id(), NOW)
    assert next_id(store, ana, QueueFilter(reason="sent back")) == planted[3]
    assert next_id(store, ana, QueueFilter("Delhi", "sent back")) is None
    assert next_id(store, ben, QueueFilter(reason="overlap")) is None  # began it


def test_nothing_is_drawn_under_a_filter(store, admin, ana, planted):
    gold = add(store, admin, 30, known_aqi=80, place="Pune")
    always_gold = Queue(store.database, Shares(random=0.0, gold=0.99))
    assert always_gold.next_item(ana, NOW, chosen=QueueFilter(place="Pune")).task.id == planted[1]
    assert always_gold.next_item(ana, NOW).task.id in {gold, planted[1]}


def test_a_rare_place_is_a_few_steps_away_however_long_the_queue(tmp_path):
    taken_steps = []
    for size in (200, 3000):
        store, person = label_queue.busy_store(tmp_path / f"{size}.db", size, NOW)
        mark_the_last(store)
        filters = [
            QueueFilter("Rare"),
            QueueFilter(reason="model unsure"),
            QueueFilter("Rare", "model unsure"),
        ]
        taken_steps.append(
            [
                steps(
                    store,
                    lambda connection, me=person.id, chosen=chosen: first_in_queue(
                        connection, me, NOW, (), chosen
                    ),
                )
                for chosen in filters
            ]
        )
        store.close()
    short, long = taken_steps
    assert max(short) < 2000
    assert max(many / few for few, many in zip(short, long, strict=True)) < 1.5


def mark_the_last(store):
    """Give the last of those that nobody has answered or holds a place and a reason of its own."""
    free = (items.c.lane == 1, items.c.crowd == 1)
    last = select(items.c.id).where(*free).order_by(items.c.priority).limit(1)
    changed = update(items).values(place="Rare", top_reason="model unsure")
    rule = items.c.id == last.scalar_subquery()
    store.database.write(lambda connection: connection.execute(changed.where(rule)))


def test_the_choices_are_what_is_in_the_queue(store, admin, ana, ben, planted):
    add(store, admin, 20, place="Delhi", known_aqi=80)  # gold gives itself away by nothing
    say(store, ben, planted[1], 1)
    choices = store.team.choices(ana)
    assert choices == Choices(
        (FilterOption("Delhi", 2), FilterOption("Pune", 1)),
        (FilterOption("photo against readings", 2), FilterOption("model unsure", 1)),
    )


def test_everybodys_work_is_counted_by_name_today_and_in_all(store, admin, ana, ben, planted):
    twin = add(store, admin, 40, duplicate_of=planted[0])
    add(store, admin, 41, known_aqi=80)
    add(store, admin, 42, overlap=3)
    say(store, ana, planted[0], 1, NOW - timedelta(days=1))
    say(store, ana, planted[1], 1, NOW)
    say(store, ben, planted[2], 1, NOW)
    say(store, ben, planted[3], 1, NOW)
    store.answers.undo(ben, request_id(), NOW)
    progress = store.team.progress(ana, NOW - timedelta(hours=9))
    assert progress == TeamProgress(3, 2, 4, (Member("Ana", 2, 1), Member("Ben", 1, 1)))
    assert twin  # is neither done nor left: it is only asked beside its original
    vik = store.accounts.add_user(admin, "Vik", "1234", "visitor", NOW)
    for read in (lambda: store.team.progress(vik, NOW), lambda: store.team.choices(vik)):
        with pytest.raises(RoleError):
            read()
