"""Answers come back from Label Studio: each is an event of an annotator, once, marked as imported.

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

from aqfusion.csv_table.errors import TableFault, shortened
from aqfusion.errors import InputError
from aqfusion.labels.accounts import administrating, insert_user, name_key
from aqfusion.labels.answer import Answer
from aqfusion.labels.authorization import require_role
from aqfusion.labels.event_log import Request, gist
from aqfusion.labels.imports.item_import import Imported, SourceError
from aqfusion.labels.imports.label_studio_file import (
    Annotation,
    LabelStudioTask,
    answer_of,
    printable,
    read_label_studio,
)
from aqfusion.labels.item_projection import ItemProjection
from aqfusion.labels.schema import items, label_events, users
from aqfusion.labels.store import LabelStore
from aqfusion.labels.unblinding import as_seen
from aqfusion.permissions import Actor
from aqfusion.text_validation import digest_of, one_line

__all__ = ["import_label_studio"]

_BATCH = 100
_CLOSED = {
    "settled": "must not be decided by an expert",
    "rejected": "must not be rejected by an expert",
    "pending": "must first be admitted by an expert",
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
        require_role(connection, actor, "admin", lock=False)
    tasks, faults = read_label_studio(file)
    wanted = [answer for task in tasks for answer in _answers(task, faults)]
    # One order for all who write, so that no two wait for each other.
    wanted.sort(
        key=lambda answer: (answer.task.item or 0, answer.task.photo_hash or "", _moment(answer))
    )
    new = already_stored = 0
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]

        def work(
            connection: Connection, batch: Sequence[_Wanted] = batch
        ) -> tuple[int, int, list[TableFault]]:
            administrating(connection, actor)
            return _Keeper(connection, printable(file.name, 200), now).keep(batch)

        added, same, refused = store.database.write(work)
        new, already_stored, faults = new + added, already_stored + same, faults + refused
        if report is not None:
            report(f"{start + len(batch)} of {len(wanted)} answers read, {new} of them new")
    faults.sort(key=lambda fault: fault.line)
    if not new and not already_stored and faults:
        why = f"{len(faults)} faults, the first in {faults[0]}"
        raise SourceError(f"{file.name} has no answer to an item of this store: {why}")
    return Imported(new, already_stored, 0, tuple(faults))


def _answers(task: LabelStudioTask, faults: list[TableFault]) -> list[_Wanted]:
    wanted: list[_Wanted] = []
    for annotation in task.annotations:
        if annotation.cancelled:
            rule = "must not be skipped"
            faults.append(_fault(task, annotation, f"{rule}, got a skip"))
            continue
        try:
            answer, left = answer_of(annotation)
        except InputError as error:
            faults.append(_fault(task, annotation, str(error)))
            continue
        faults += [_fault(task, annotation, sentence) for sentence in left]
        wanted.append(_Wanted(task, annotation, answer))
    if task.predictions and not task.annotations:
        rule = "must have an annotation, because predictions are not answers of people"
        faults.append(TableFault(task.number, f"task {task.id}", rule, "predictions only"))
    return wanted


def _fault(task: LabelStudioTask, annotation: Annotation, sentence: str) -> TableFault:
    rule, _, got = sentence.rpartition(", got ")
    return TableFault(
        task.number, f"task {task.id}, annotation {annotation.id}", rule, shortened(got.strip("'"))
    )


def _moment(wanted: _Wanted) -> tuple[str, str]:
    return wanted.annotation.updated_at, wanted.annotation.id


class _Keeper:
    """Writes answers in one transaction; a fault for each that finds no open item."""

    def __init__(self, connection: Connection, file: str, now: datetime) -> None:
        self._connection, self._file, self._now = connection, file, now
        self._accounts: dict[str, Actor] = {}

    def keep(self, batch: Sequence[_Wanted]) -> tuple[int, int, list[TableFault]]:
        """Return how many answers are new, how many were known, and what was left out."""
        new = already_stored = 0
        faults: list[TableFault] = []
        for wanted in batch:
            try:
                added = self._keep(wanted)
            except InputError as error:
                faults.append(_fault(wanted.task, wanted.annotation, str(error)))
                continue
            new, already_stored = new + added, already_stored + (not added)
        return new, already_stored, faults

    def _keep(self, wanted: _Wanted) -> bool:
        """Write an answer; false where the store has it."""
        annotation, item = wanted.annotation, self._item(wanted.task)
        label = {name: wanted.answer.columns()[name] for name in (*_SAID, "note")}
        content = (annotation.id, annotation.completed_by, _utc(annotation), label)
        request_id = f"label-studio-{digest_of(item.key, *content)[:48]}"
        query = select(label_events.c.id).where(label_events.c.request_id == request_id)
        if self._connection.execute(query).first() or self._is_ours(item.id, annotation, label):
            return False
        projection = ItemProjection.open(self._connection, item.id)
        status = projection.standing.status
        if status in _CLOSED:
            raise InputError(f"item {item.id} {_CLOSED[status]}, got {status}")
        who = self._account(annotation.completed_by)
        last = projection.event_by(who.id)
        if last is not None and _same(last, label):
            return False
        request = Request(request_id, "answer", who, (item.id, content))
        at = annotation.at if annotation.at and annotation.at <= self._now else self._now
        reason = f"imported from {self._file}: task {wanted.task.id}, annotation {annotation.id}"
        answer = as_seen(self._connection, who.id, item.id, wanted.answer)
        columns = {**answer.columns(), "old": gist(last), "reason": reason}
        projection.write(self._connection, request, at, **columns)
        return True

    def _item(self, task: LabelStudioTask) -> Any:
        """Find a task's item: by its number, whose photo must be the task's, or by the photo."""
        if task.photo_hash is None:
            raise InputError("image must be a photo of this store's export, got another")
        query = select(items.c.id, items.c.key).where(items.c.photo_hash == task.photo_hash)
        rows = self._connection.execute(query).all()
        same = [row for row in rows if row.id == task.item] or rows
        if len(same) != 1:
            got = f"{task.item or 'no item'}, whose photo {len(rows)} items have"
            raise InputError(f"task must belong to an item of this store, got {got}")
        return same[0]

    def _is_ours(self, item: int, annotation: Annotation, label: dict[str, Any]) -> bool:
        """Whether the answer was given here: an answer that this store had exported."""
        if annotation.answered_by is None:
            return False
        query = (
            select(label_events)
            .join(users, users.c.id == label_events.c.user)
            .where(label_events.c.item == item)
            .where(users.c.name_key == name_key(annotation.answered_by))
        )
        return any(_same(event, label) for event in self._connection.execute(query))

    def _account(self, completed_by: str) -> Actor:
        """Return the account of an annotator there: one that nobody can sign in to."""
        if completed_by not in self._accounts:
            shortened = f"{completed_by[:24]}... {digest_of(completed_by)[:8]}"
            named = completed_by if len(completed_by) <= 40 else shortened
            first = one_line("annotator", f"Label Studio: {named or 'not named'}", 60)
            self._accounts[completed_by] = self._find_or_create(first)
        return self._accounts[completed_by]

    def _find_or_create(self, first: str) -> Actor:
        for number in range(1, 100):
            name = first if number == 1 else f"{first} ({number})"
            query = select(users).where(users.c.name_key == name_key(name))
            row = self._connection.execute(query).first()
            if row is None:
                made = insert_user(
                    self._connection, name, "annotator", self._now, {"disabled": True}
                )
                return made
            if row.pin is None and row.issuer is None and row.role != "operator":
                return Actor(row.id, row.name, row.role)
            # Somebody who signs in has that name: it is not for others to speak in it.
        raise InputError(f"annotator must have a name that is not taken, got {first!r}")


def _same(event: Any, label: dict[str, Any]) -> bool:
    return all(getattr(event, name) == value for name, value in label.items())


def _utc(annotation: Annotation) -> str:
    return annotation.at.isoformat() if annotation.at else annotation.updated_at
