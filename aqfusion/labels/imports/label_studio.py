"""Answers come back from Label Studio: each is an event of an annotator, once, told as imported.

Who answered there has no account here. So each annotator of Label Studio gets one that nobody can
sign in to, "Label Studio: 3": their answers count in agreement and review as everybody's do, and
the history names them and the file. What was answered here before stays; answers that we had
exported ourselves come back as known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.csv_table.fault import Fault, shortened
from aqfusion.errors import InputError
from aqfusion.labels.accounts import administrating, insert_user, name_key
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.answer import Answer
from aqfusion.labels.book import Book
from aqfusion.labels.events import Request, gist
from aqfusion.labels.given_text import digest_of, one_line
from aqfusion.labels.imports.intake import Imported, SourceError
from aqfusion.labels.imports.label_studio_file import (
    Annotation,
    LabelStudioTask,
    answer_of,
    printable,
    read_label_studio,
)
from aqfusion.labels.schema import items, label_events, users
from aqfusion.labels.store import LabelStore

__all__ = ["import_label_studio"]

_BATCH = 100
_CLOSED = {
    "settled": "must be one that no expert has decided",
    "rejected": "must be one that no expert has refused",
    "pending": "must be one that an expert has admitted",
}
_SAID = ("standard", "category", "aqi", "cant_tell")


@dataclass(frozen=True)
class _Wanted:
    """An answer on its way in, and where the file has it."""

    task: LabelStudioTask
    annotation: Annotation
    answer: Answer


def import_label_studio(
    store: LabelStore,
    actor: Actor,
    file: Path,
    now: datetime,
    report: Callable[[str], None] | None = None,
) -> Imported:
    """Import the answers of a JSON or JSON-MIN export for an admin; again it changes nothing.

    `new` and `known` count answers. A task that the store does not know, and an annotation that
    is no answer, are listed as faults; a line there is the place of the task in the file.
    """
    with store.database.read() as connection:
        acting(connection, actor, "admin", lock=False)
    tasks, faults = read_label_studio(file)
    wanted = [one for task in tasks for one in _answers(task, faults)]
    # One order for all who write, so that no two wait for each other.
    wanted.sort(key=lambda one: (one.task.item or 0, one.task.photo_hash or "", _moment(one)))
    new = known = 0
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]

        def work(
            connection: Connection, batch: Sequence[_Wanted] = batch
        ) -> tuple[int, int, list[Fault]]:
            administrating(connection, actor)
            return _Keeper(connection, printable(file.name, 200), now).keep(batch)

        added, same, refused = store.database.write(work)
        new, known, faults = new + added, known + same, faults + refused
        if report is not None:
            report(f"{start + len(batch)} of {len(wanted)} answers read, {new} of them new")
    faults.sort(key=lambda fault: fault.line)
    if not new and not known and faults:
        got = f"{len(faults)} bad entries, the first in {faults[0]}"
        raise SourceError(f"{file.name} must have an answer to an item of this store, got {got}")
    return Imported(new, known, 0, tuple(faults))


def _answers(task: LabelStudioTask, faults: list[Fault]) -> list[_Wanted]:
    wanted: list[_Wanted] = []
    for one in task.annotations:
        if one.cancelled:
            rule = "must not be skipped to be an answer"
            faults.append(_fault(task, one, f"{rule}, got a skipped one"))
            continue
        try:
            answer, left = answer_of(one)
        except InputError as error:
            faults.append(_fault(task, one, str(error)))
            continue
        faults += [_fault(task, one, sentence) for sentence in left]
        wanted.append(_Wanted(task, one, answer))
    if task.predictions and not task.annotations:
        rule = "must have an annotation: predictions are no answers of people"
        faults.append(Fault(task.number, f"task {task.id}", rule, "predictions only"))
    return wanted


def _fault(task: LabelStudioTask, one: Annotation, sentence: str) -> Fault:
    rule, _, got = sentence.rpartition(", got ")
    return Fault(
        task.number, f"task {task.id}, annotation {one.id}", rule, shortened(got.strip("'"))
    )


def _moment(one: _Wanted) -> tuple[str, str]:
    return one.annotation.updated_at, one.annotation.id


class _Keeper:
    """Writes answers in one transaction; a fault for each that finds no open item."""

    def __init__(self, connection: Connection, file: str, now: datetime) -> None:
        self._connection, self._file, self._now = connection, file, now
        self._accounts: dict[str, Actor] = {}

    def keep(self, batch: Sequence[_Wanted]) -> tuple[int, int, list[Fault]]:
        """Return how many answers are new, how many were known, and what was left out."""
        new = known = 0
        faults: list[Fault] = []
        for one in batch:
            try:
                added = self._keep(one)
            except InputError as error:
                faults.append(_fault(one.task, one.annotation, str(error)))
                continue
            new, known = new + added, known + (not added)
        return new, known, faults

    def _keep(self, one: _Wanted) -> bool:
        """Write an answer; false where the store has it."""
        annotation, item = one.annotation, self._item(one.task)
        said = {name: one.answer.columns()[name] for name in (*_SAID, "note")}
        content = (annotation.id, annotation.completed_by, _utc(annotation), said)
        request_id = f"label-studio-{digest_of(item.key, *content)[:48]}"
        asked = select(label_events.c.id).where(label_events.c.request_id == request_id)
        if self._connection.execute(asked).first() or self._is_ours(item.id, annotation, said):
            return False
        book = Book.open(self._connection, item.id)
        status = book.standing.status
        if status in _CLOSED:
            raise InputError(f"item {item.id} {_CLOSED[status]}, got one that is {status}")
        who = self._account(annotation.completed_by)
        last = book.said_by(who.id)
        if last is not None and _same(last, said):
            return False
        request = Request(request_id, "answer", who, (item.id, content))
        at = annotation.at if annotation.at and annotation.at <= self._now else self._now
        reason = f"imported from {self._file}: task {one.task.id}, annotation {annotation.id}"
        columns = {**one.answer.columns(), "old": gist(last), "reason": reason}
        book.write(self._connection, request, at, **columns)
        return True

    def _item(self, task: LabelStudioTask) -> Any:
        """Find a task's item: by its number, whose photo must be the task's, or by the photo."""
        if task.photo_hash is None:
            raise InputError("image must end with a photo of this store's export, got another")
        asked = select(items.c.id, items.c.key).where(items.c.photo_hash == task.photo_hash)
        found = self._connection.execute(asked).all()
        same = [row for row in found if row.id == task.item] or found
        if len(same) != 1:
            got = f"{task.item or 'no item'}, whose photo {len(found)} items have"
            raise InputError(f"task must be one of an item of this store, got {got}")
        return same[0]

    def _is_ours(self, item: int, annotation: Annotation, said: dict[str, Any]) -> bool:
        """Tell whether somebody said this here: an answer that we had exported."""
        if annotation.answered_by is None:
            return False
        asked = (
            select(label_events)
            .join(users, users.c.id == label_events.c.user)
            .where(label_events.c.item == item)
            .where(users.c.name_key == name_key(annotation.answered_by))
        )
        return any(_same(event, said) for event in self._connection.execute(asked))

    def _account(self, completed_by: str) -> Actor:
        """Return the account of an annotator there: one that nobody can sign in to."""
        if completed_by not in self._accounts:
            shortened = f"{completed_by[:24]}... {digest_of(completed_by)[:8]}"
            named = completed_by if len(completed_by) <= 40 else shortened
            first = one_line("annotator", f"Label Studio: {named or 'not named'}", 60)
            self._accounts[completed_by] = self._found_or_made(first)
        return self._accounts[completed_by]

    def _found_or_made(self, first: str) -> Actor:
        for number in range(1, 100):
            name = first if number == 1 else f"{first} ({number})"
            asked = select(users).where(users.c.name_key == name_key(name))
            row = self._connection.execute(asked).first()
            if row is None:
                made = insert_user(
                    self._connection, name, "annotator", self._now, {"disabled": True}
                )
                return made
            if row.pin is None and row.issuer is None and row.role != "operator":
                return Actor(row.id, row.name, row.role)
            # Somebody who signs in has that name: it is not for others to speak in it.
        raise InputError(f"annotator must have a name that is free, got {first!r}")


def _same(event: Any, said: dict[str, Any]) -> bool:
    return all(getattr(event, name) == value for name, value in said.items())


def _utc(annotation: Annotation) -> str:
    return annotation.at.isoformat() if annotation.at else annotation.updated_at
