"""Annotators keep place and colour from item to item."""

from datetime import UTC, datetime

import pytest

from aqfusion.labels.answer import Answer
from aqfusion.labels.review import Recorded
from aqfusion.ui.review.answer_view import badge, colour_of, slots

NAMES = {5: "Ana", 7: "Ben", 9: "Cid", 11: "Dia", 13: "Eli", 15: "Flo"}
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def answers_by(*users: int) -> list[Recorded]:
    answer = Answer(category=1)
    return [
        Recorded(n, user, NAMES[user], NOW, "answer", answer, None, None, None)
        for n, user in enumerate(users)
    ]


def first_people(count: int) -> dict[int, str]:
    return dict(list(NAMES.items())[:count])


def places(count: int, *users: int) -> list[int | None]:
    """Who answered at each place; `None` where nobody did."""
    places = slots(first_people(count), answers_by(*users))
    return [place.user if place.answer is not None else None for place in places]


@pytest.mark.parametrize(
    ("count", "users", "expected"),
    [
        *((2, (5, 7), [5, 7]), (2, (7, 5), [5, 7]), (2, (7,), [None, 7]), (2, (5,), [5, None])),
        *((3, (7, 9), [None, 7, 9]), (3, (9, 5), [5, None, 9]), (1, (5,), [5, None])),
        *((4, (11, 5), [5, None, None, 11]), (2, (), [None, None])),
        # More people than places: the fifth shares the first one's, and steps aside for it.
        *((6, (13,), [13, None]), (6, (5, 13), [5, 13]), (6, (13, 7), [13, 7])),
        *((6, (11, 15), [None, 15, None, 11]), (6, (5, 7, 13), [5, 7, 13])),
    ],
)
def test_everybody_has_their_place(count, users, expected):
    assert places(count, *users) == expected


def test_an_empty_place_says_whose_it_is():
    empty = slots(first_people(2), answers_by(7))[0]
    assert (empty.user, empty.name, empty.answer) == (5, "Ana", None)


def test_a_colour_stays_and_a_name_is_text():
    assert len({colour_of(first_people(6), user) for user in NAMES}) == 6
    assert colour_of(first_people(2), 7) == colour_of(first_people(6), 7)
    assert "<b>" not in badge(first_people(1), 5, "<b>x</b>")
