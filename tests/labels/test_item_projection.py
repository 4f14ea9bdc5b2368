"""What events come to, told without a database."""

from types import SimpleNamespace

import pytest

from aqfusion.labels.item_projection import fold_events, majority_label, members_of, queue_columns


def answer(category=None, cant_tell=None, corrections=None, standard="us"):
    return SimpleNamespace(
        category=category, cant_tell=cant_tell, corrections=corrections, standard=standard
    )


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([answer(1)], "answered"),
        ([answer(1), answer(1), answer(1)], "answered"),
        ([answer(1), answer(2)], "conflict"),
        ([answer(1), answer(1, standard="india")], "conflict"),
        ([answer(1), answer(cant_tell="night")], "conflict"),
        ([answer(cant_tell="night")], "flagged"),
        ([answer(cant_tell="night"), answer(cant_tell="night")], "answered"),
        ([answer(cant_tell="night"), answer(cant_tell="cloud")], "flagged"),
        ([answer(1), answer(1, corrections={"pm25": None})], "flagged"),
    ],
)
def test_enough_answers_come_to(answers, status):
    assert majority_label(answers) == status


def item(**more):
    plain = {"overlap": 1, "trusted": True, "kind": "normal", "duplicate_of": None}
    return SimpleNamespace(**{**plain, **more})


def events(*steps):
    """Events from (user, kind) or (user, kind, category)."""
    return [
        SimpleNamespace(
            id=number, user=user, kind=kind, category=rest[0] if rest else None,
            cant_tell=None, corrections=None, standard="us",
        )
        for number, (user, kind, *rest) in enumerate(steps, start=1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("item_row", "steps", "status", "who"),
    [
        (item(), [], "open", {}),
        (item(trusted=False), [], "pending", {}),
        (item(trusted=False), [(9, "admit")], "open", {}),
        (item(trusted=False), [(9, "reject")], "rejected", {}),
        (item(), [(1, "answer", 2)], "answered", {1: 1}),
        (item(overlap=2), [(1, "answer", 2)], "open", {1: 1}),
        (item(overlap=2), [(1, "answer", 2), (2, "answer", 3)], "conflict", {1: 1, 2: 2}),
        (item(), [(1, "answer", 2), (1, "undo")], "open", {}),
        (item(), [(1, "answer", 2), (1, "answer", 3), (1, "undo")], "answered", {1: 1}),
        (item(), [(1, "skip"), (1, "answer", 2), (1, "undo")], "open", {1: 1}),
        (item(), [(1, "skip"), (1, "unskip")], "open", {}),
        (item(), [(1, "answer", 2), (9, "accept", 2)], "settled", {1: 1}),
        (item(), [(9, "overrule", 0), (9, "send back")], "sent back", {}),
        (item(), [(1, "answer", 2), (9, "send back")], "sent back", {1: 1}),
        (item(), [(1, "answer", 2), (9, "send back"), (2, "answer", 2)], "answered", {1: 1, 2: 3}),
        (item(kind="gold"), [(1, "answer", 2)], "open", {1: 1}),
    ],
)
def test_events_leave_an_item(item_row, steps, status, who):
    standing = fold_events(item_row, events(*steps))
    assert standing.status == status
    assert {user: event.id for user, event in standing.answers_by_user.items()} == who


def test_a_send_back_always_asks_one_more_person():
    late = events((1, "answer", 2), (2, "answer", 3), (9, "send back"))  # more than were asked for
    standing = fold_events(item(overlap=1), late)
    columns = queue_columns(item(), standing)
    assert (standing.wanted, columns["seats"], columns["lane"], columns["urgent"]) == (3, 1, 1, 2)
    assert members_of(standing) == " 1 2 "


@pytest.mark.parametrize(
    ("item_row", "lane"),
    [
        (item(), 1),
        (item(kind="gold"), 2),
        (item(duplicate_of=3), 0),
        (item(trusted=False), 0),
        (item(kind="gold", trusted=False), 0),
    ],
)
def test_what_is_served_has_a_lane(item_row, lane):
    assert queue_columns(item_row, fold_events(item_row, []))["lane"] == lane
