"""Every protocol on planted rows: who may stand on which side, and what is refused."""

from collections import Counter, defaultdict

import pytest

from aqfusion.air.aqi import standard
from aqfusion.training.protocols import PROTOCOLS, Part, ProtocolError, protocol, split
from aqfusion.training.sessions import Session
from tests.planted import rows_of

# Twelve sessions: place -> (session, group, fold, AQI, photos). Two of Gammapur stand in one group;
# Deltaburg shares a group, which is to say identical photos, with Alphaville; Epsilon is small.
PLACES = {
    "Alphaville": [("a1", "ga", 0, 30, 7), ("a2", "gx", 1, 80, 6), ("a3", "gb", 2, 130, 5)],
    "Gammapur": [("g1", "gg", 0, 180, 5), ("g2", "gg", 0, 250, 5), ("g3", "gh", 3, 320, 5)],
    "Betatown": [("b1", "h1", 4, 40, 4), ("b2", "h2", 0, 90, 4), ("b3", "h3", 1, 140, 10)],
    "Deltaburg": [("d1", "gx", 1, 80, 1)],
    "Epsilon": [("e1", "i1", 2, 410, 12), ("e2", "i2", 3, 190, 9)],
}
ROWS = [
    row
    for place, sessions in PLACES.items()
    for key, group, fold, aqi, photos in sessions
    for row in rows_of(key, photos, place=place, group=group, fold=fold, aqi=float(aqi))
]
INTERLEAVED = ROWS[1::2] + ROWS[::2]


def keys(sessions: tuple[Session, ...]) -> set[str]:
    return {session.key for session in sessions}


def sides(part: Part) -> dict[str, tuple[set[str], set[str]]]:
    """Photos, sessions, groups and places that are learned from and judged."""
    train, test = part.train, part.test
    return {
        "photo": (
            {r.photo.name for s in train for r in s.rows},
            {r.photo.name for s in test for r in s.rows},
        ),
        **{
            name: ({getattr(s, name) for s in train}, {getattr(s, name) for s in test})
            for name in ("key", "group", "place")
        },
    }


@pytest.mark.parametrize("rows", [ROWS, INTERLEAVED], ids=["in order", "interleaved"])
def test_leak_safe_puts_nothing_on_both_sides_and_judges_everything_once(rows):
    parts = split("leak-safe", rows, seed=0)
    assert [part.name for part in parts] == ["fold0", "fold1", "fold2", "fold3", "fold4"]
    for number, part in enumerate(parts):
        for name in ("photo", "key", "group"):
            learned, judged = sides(part)[name]
            assert not learned & judged, (part.name, name)
        assert {session.fold for session in part.test} == {number}
        assert sum(len(session.rows) for session in part.train + part.test) == len(rows)
    judged = Counter(session.key for part in parts for session in part.test)
    assert judged == Counter({row.session: 1 for row in rows})


@pytest.mark.parametrize("rows", [ROWS, INTERLEAVED, ROWS[::-1]], ids=["in order", "mixed", "back"])
def test_a_place_is_judged_by_a_network_that_never_saw_it_nor_its_twin_photos(rows):
    parts = split("place", rows, seed=0)
    together = {frozenset(session.place for session in part.test) for part in parts}
    assert together == {
        frozenset({"Alphaville", "Deltaburg"}),
        frozenset({"Gammapur"}),
        frozenset({"Betatown"}),
    }
    for part in parts:
        for name in ("photo", "key", "group", "place"):
            learned, judged = sides(part)[name]
            assert not learned & judged, (part.name, name)
        assert keys(part.train) | keys(part.test) == {row.session for row in rows}
        assert len({session.fold for session in part.test}) == 1
    assert len({part.name for part in parts}) == 3


def test_a_place_of_two_sessions_is_learned_from_and_never_judged():
    for part in split("place", ROWS, seed=0):
        assert {"e1", "e2"} <= keys(part.train)


def test_places_linked_by_a_chain_of_twins_leave_together():
    """One shares a group with two, two with three; the link of the last is told last."""
    links = {"One": ("x", "y1"), "Three": ("z", "y3"), "Two": ("y2", "x", "z")}
    rows = [
        row
        for place, groups in links.items()
        for group in groups
        for row in rows_of(f"{place}-{group}", place=place, group=group)
    ]
    apart = [row for n in range(3) for row in rows_of(f"far{n}", place="Far")]
    for part in split("place", [*apart, *rows], seed=0):
        assert {session.place for session in part.test} in ({"Far"}, {"One", "Two", "Three"})


@pytest.mark.parametrize("seed", [0, 5])
def test_the_papers_split_judges_a_fifth_of_the_photos_of_every_category(seed):
    (part,) = split("paper", ROWS, seed)
    learned, judged = sides(part)["photo"]
    assert (learned & judged, learned | judged) == (set(), {row.photo.name for row in ROWS})
    total, tested = defaultdict(int), defaultdict(int)
    for row in ROWS:
        category = standard("us").category_of(row.aqi).name
        total[category] += 1
        tested[category] += row.photo.name in judged
    assert len(total) == 6
    assert tested == {category: round(count / 5) for category, count in total.items()}
    assert {session.fold for session in part.test} == {0, 1}  # halves to fit gate and reach across


def test_the_papers_split_depends_on_its_seed_alone():
    one, same, other = (sides(split("paper", ROWS, seed)[0])["photo"][1] for seed in (0, 0, 1))
    assert one == same
    assert one != other
    assert split("place", ROWS, seed=0) == split("place", ROWS, seed=1)


def test_only_the_papers_split_leaks_and_it_does():
    assert [name for name, known in PROTOCOLS.items() if known.leaks] == ["paper"]
    (part,) = split("paper", ROWS, seed=0)
    learned, judged = sides(part)["key"]
    assert judged - learned <= {"d1"}  # all but a session of one photo were learned from
    assert all(known.says.endswith(".") for known in PROTOCOLS.values())


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(ProtocolError) as refused:
        protocol("kaggle")
    assert str(refused.value) == "protocol must be one of leak-safe, place, paper, got 'kaggle'"


@pytest.mark.parametrize(
    ("name", "rows", "got"),
    [
        ("leak-safe", rows_of("a", 3), "1 from 1 session(s)"),
        ("leak-safe", rows_of("a", fold=2) + rows_of("b", fold=2), "1 from 2 session(s)"),
        ("place", [r for n in range(9) for r in rows_of(f"s{n}")], "1 from 9 session(s)"),
        ("place", rows_of("a") + rows_of("b", place="Betatown"), "0 from 2 session(s)"),
        ("paper", rows_of("a", 50), "1 from 1 session(s)"),
        ("paper", rows_of("a", 2) + rows_of("b", 2), "1 from 2 session(s)"),
        ("leak-safe", [], "0 from 0 session(s)"),
    ],
)
def test_data_that_leaves_nothing_to_learn_or_to_judge_is_refused(name, rows, got):
    with pytest.raises(ProtocolError) as refused:
        split(name, rows, seed=0)
    assert str(refused.value) == (
        f"protocol {name} needs at least 2 parts with sessions to learn from and to judge, "
        f"got {got}"
    )
