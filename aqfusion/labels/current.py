"""The current view of an item: the fold of its events.

A person's answers and skips are a stack: undo takes the last one off, and what lay below holds
again. An expert's decision stands above all answers until the item is sent back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Standing", "fold", "members_of", "queue_columns", "verdict"]


@dataclass(frozen=True)
class Standing:
    """The state of an item; the values of `answers_by_user` are events, of answers and of skips."""

    answers_by_user: Mapping[int, Any]
    decision: Any | None
    wanted: int
    trusted: bool
    status: str

    @property
    def answers(self) -> tuple[Any, ...]:
        """The events of current answers."""
        return tuple(event for event in self.answers_by_user.values() if event.kind == "answer")


def fold(item: Any, events: Iterable[Any]) -> Standing:
    """Go through all events of an item, the oldest first."""
    stacks: dict[int, list[Any]] = defaultdict(list)
    decision, wanted, moderated = None, item.overlap, None
    for event in events:
        if event.kind in {"answer", "skip"}:
            stacks[event.user].append(event)
        elif event.kind in {"undo", "unskip"}:
            stacks[event.user].pop()
        elif event.kind in {"accept", "overrule"}:
            decision = event
        elif event.kind == "send back":
            answer_count = sum(
                bool(stack) and stack[-1].kind == "answer" for stack in stacks.values()
            )
            decision, wanted = None, max(wanted, answer_count) + 1
        else:
            moderated = event.kind
    answers_by_user = {user: stack[-1] for user, stack in stacks.items() if stack}
    trusted = item.trusted or moderated == "admit"
    standing = Standing(answers_by_user, decision, wanted, trusted, "open")
    status = "rejected" if moderated == "reject" else _status(item, standing)
    return Standing(answers_by_user, decision, wanted, trusted, status)


def verdict(answers: Iterable[Any]) -> str:
    """The status of an item that has enough answers.

    A wrong reading is for an expert. That nobody can tell needs two who say why in the same way;
    categories of different standards are different.
    """
    answers = tuple(answers)
    reasons = [answer.cant_tell for answer in answers]
    if any(answer.corrections for answer in answers):
        return "flagged"
    if all(reasons):
        return "answered" if len(answers) > 1 and len({*reasons}) == 1 else "flagged"
    bands = {(answer.standard, answer.category) for answer in answers}
    return "answered" if len(bands) == 1 and not any(reasons) else "conflict"


def queue_columns(item: Any, standing: Standing) -> dict[str, Any]:
    """Return the columns of an item by which the queue is ordered, but for its annotators."""
    answer_count = len(standing.answers)
    open_now = standing.status in {"open", "sent back"}
    served = open_now and standing.trusted and item.duplicate_of is None
    gold = item.kind == "gold"
    return {
        "status": standing.status,
        "wanted": standing.wanted,
        "trusted": standing.trusted,
        "lane": (2 if gold else 1) if served else 0,
        "urgent": 0 if gold else 2 if standing.status == "sent back" else int(answer_count > 0),
        "seats": 1 if gold else max(0, standing.wanted - answer_count),
    }


def members_of(standing: Standing) -> str:
    """Return the annotators of an item as the queue has them: who has answered or skipped it."""
    return " ".join(("", *map(str, sorted(standing.answers_by_user)), ""))


def _status(item: Any, standing: Standing) -> str:
    if not standing.trusted:
        return "pending"
    if item.kind == "gold":
        return "open"
    if standing.decision is not None:
        return "settled"
    if len(standing.answers) < standing.wanted:
        return "sent back" if standing.wanted > item.overlap else "open"
    return verdict(standing.answers)
