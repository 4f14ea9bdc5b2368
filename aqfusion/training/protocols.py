"""How photos are split into training and test; each protocol states what its figures mean."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqfusion.air.aqi import standard
from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.errors import InputError
from aqfusion.training.sessions import Session, sessions_of

_PLACE_SESSIONS = 3  # a place with fewer is no evidence; it stays on the training side
_PAPER_TEST_SHARE = 5  # one photo in five


class ProtocolError(InputError):
    """A protocol that the data cannot be split by, or that there is not."""


@dataclass(frozen=True)
class Part:
    """One network's share of a protocol: its training sessions and its test sessions."""

    name: str
    train: tuple[Session, ...]
    test: tuple[Session, ...]


@dataclass(frozen=True)
class SplitProtocol:
    """A way to split; `leaks` where photos of one session stand on both sides."""

    name: str
    says: str
    split: Callable[[Sequence[DatasetRow], int], tuple[Part, ...]]
    leaks: bool = False


def _by_fold(rows: Sequence[DatasetRow], seed: int) -> tuple[Part, ...]:
    sessions = sessions_of(rows)
    return _leave_out(sessions, {f"fold{session.fold}": session.fold for session in sessions})


def _by_place(rows: Sequence[DatasetRow], seed: int) -> tuple[Part, ...]:
    # Places that share a group (identical photos) leave together, under the number of the first.
    number: dict[str, int] = {}
    for row in rows:
        of_place = number.setdefault(row.place, len(number))
        first, second = sorted((of_place, number.setdefault(row.group, of_place)))
        if first != second:
            number = {label: first if n == second else n for label, n in number.items()}
    sessions = tuple(replace(s, fold=number[s.place]) for s in sessions_of(rows))
    judged = {
        f"place{s.fold}": s.fold
        for s in sessions
        if sum(other.fold == s.fold for other in sessions) >= _PLACE_SESSIONS
    }
    return _leave_out(sessions, judged)


def _leave_out(sessions: tuple[Session, ...], numbers: dict[str, int]) -> tuple[Part, ...]:
    """One part per name; the sessions of its number are tested, all others trained on."""
    return tuple(
        Part(
            name,
            tuple(session for session in sessions if session.fold != number),
            tuple(session for session in sessions if session.fold == number),
        )
        for name, number in sorted(numbers.items(), key=lambda item: item[1])
    )


def _by_photo(rows: Sequence[DatasetRow], seed: int) -> tuple[Part, ...]:
    """80/20 at random within each category; gate and intervals are fitted across two halves."""
    generator = np.random.default_rng(seed)
    by_category = defaultdict(list)
    for index, row in enumerate(rows):
        by_category[standard("us").category_of(row.aqi).name].append(index)
    tested = {
        index
        for members in by_category.values()
        for index in generator.permutation(members)[: round(len(members) / _PAPER_TEST_SHARE)]
    }
    train = sessions_of([row for index, row in enumerate(rows) if index not in tested])
    test = sessions_of([row for index, row in enumerate(rows) if index in tested])
    halves = tuple(replace(session, fold=i % 2) for i, session in enumerate(test))
    return (Part("photos", train, halves),)


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        SplitProtocol(
            "leak-safe",
            "Five folds by place and day, merged where photos are identical; every photo is judged "
            "by a network, a gate and intervals that never saw its fold.",
            _by_fold,
        ),
        SplitProtocol(
            "place",
            "One place left out at a time: every photo is judged by a network, a gate and "
            "intervals that never saw its place.",
            _by_place,
        ),
        SplitProtocol(
            "paper",
            "A random 80/20 split of photos, stratified by category, as the paper's: the readings "
            "and the AQI of nearly every judged photo were learned by heart.",
            _by_photo,
            leaks=True,
        ),
    )
}


def protocol(name: str) -> SplitProtocol:
    """Look a protocol up; `ProtocolError` lists the known ones."""
    if name not in PROTOCOLS:
        raise ProtocolError(f"protocol must be one of {', '.join(PROTOCOLS)}, got {name!r}")
    return PROTOCOLS[name]


def split(name: str, rows: Sequence[DatasetRow], seed: int) -> tuple[Part, ...]:
    """The parts of a protocol; data that leaves nothing to train or to test on is refused."""
    parts = protocol(name).split(rows, seed)
    sessions = len({row.session for row in rows})
    halves = {session.fold for part in parts for session in part.test}
    if len(halves) < 2 or not all(part.train and part.test for part in parts):
        raise ProtocolError(
            f"protocol {name} needs at least 2 parts with sessions to learn from and to judge, "
            f"got {len(parts)} from {sessions} session(s)"
        )
    return parts
