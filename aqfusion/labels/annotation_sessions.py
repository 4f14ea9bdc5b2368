"""Where each person is in their labelling: mode, items met, and drafts that survive a reload."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.errors import InputError
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.schema import Id, answers, drafts, items, label_events, sign_ins, sittings
from aqfusion.permissions import Actor
from aqfusion.text_validation import several_lines

__all__ = ["MOST_DRAFTS", "AnnotationMode", "AnnotationModeStore", "Draft", "Drafts", "drop_draft"]

_PAUSE = timedelta(hours=1)  # after a longer one the count begins anew
_OFTEN = timedelta(minutes=5)
_LONGEST_TRAIL = 200
_MODES = ("blind", "assisted")


@dataclass(frozen=True)
class AnnotationMode:
    """How a person labels, since when, and the items dealt with since then, in order."""

    mode: str
    since: datetime
    trail: tuple[int, ...] = ()


class AnnotationModeStore:
    """One sitting for each person, whichever tab or device they are at."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def resume(self, actor: Actor, now: datetime) -> AnnotationMode:
        """Go on where the person was, or begin anew: by a new sign-in, or after a pause."""

        def work(connection: Connection) -> AnnotationMode:
            require_role(connection, actor, "annotator")
            row = connection.execute(select(sittings).where(sittings.c.user == actor.id)).first()
            goes_on = row is not None and row.seen > now - _PAUSE
            since = row.since if row is not None and goes_on else now
            begun = select(sign_ins.c.created).where(sign_ins.c.id == actor.sign_in)
            since = max(since, connection.execute(begun).scalar() or since)
            mode = row.mode if row is not None else "blind"
            _write(connection, actor, AnnotationMode(mode, since), now)
            return AnnotationMode(mode, since, _trail(connection, actor.id, since))

        return self._database.write(work)

    def keep(self, actor: Actor, mode: str, since: datetime, now: datetime) -> None:
        """Note the mode, and that the person is at work; what changed nothing of late is free."""
        if mode not in _MODES:
            raise InputError(f"mode must be one of {', '.join(_MODES)}, got {mode!r}")
        with self._database.read() as connection:
            row = connection.execute(select(sittings).where(sittings.c.user == actor.id)).first()
        if row is not None and (row.mode, row.since) == (mode, since) and now - row.seen < _OFTEN:
            return

        def work(connection: Connection) -> None:
            require_role(connection, actor, "annotator")
            _write(connection, actor, AnnotationMode(mode, since), now)

        self._database.write(work)


def _write(connection: Connection, actor: Actor, sitting: AnnotationMode, now: datetime) -> None:
    connection.execute(delete(sittings).where(sittings.c.user == actor.id))
    row = {"user": actor.id, "mode": sitting.mode, "since": sitting.since, "seen": now}
    connection.execute(insert(sittings).values(**row))


def _trail(connection: Connection, user: int, since: datetime) -> tuple[int, ...]:
    newest = (
        select(answers.c.item)
        .join(label_events, label_events.c.id == answers.c.event)
        .where(answers.c.user == user, label_events.c.at >= since)
        .order_by(answers.c.event.desc())
        .limit(_LONGEST_TRAIL)
    )
    return tuple(reversed([*connection.execute(newest).scalars()]))


MOST_DRAFTS = 200  # of one person; with one more the oldest goes
_LONGEST_VALUE = 12
_MINE = (
    drafts.c.user == bindparam("who", type_=Id),
    drafts.c.item == bindparam("of", type_=Id),
)
_ASKED = select(drafts).where(*_MINE)
_DROP = delete(drafts).where(*_MINE)


@dataclass(frozen=True)
class Draft:
    """A note of at most 500 characters, whether one is unsure, and corrections as typed."""

    note: str = ""
    unsure: bool = False
    corrections: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that no more is kept than an answer may bring."""
        wrong = [name for name in self.corrections if name not in POLLUTANTS]
        if wrong:
            raise InputError(f"corrections must be of pollutants, got {wrong[0][:40]!r}")
        for name, value in self.corrections.items():
            if len(value) > _LONGEST_VALUE:
                rule = f"must have at most {_LONGEST_VALUE} characters"
                raise InputError(f"{name} {rule}, got {len(value)}")


class Drafts:
    """Each person's own drafts; nobody sees another's."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def get(self, actor: Actor, item: int) -> Draft | None:
        """Return the actor's draft of an answer to the item; `None` where there is none."""
        with self._database.read() as connection:
            require_role(connection, actor, "annotator", lock=False)
            row = connection.execute(_ASKED, {"who": actor.id, "of": item}).first()
        return Draft(row.note, row.unsure, row.corrections) if row is not None else None

    def save(self, actor: Actor, item: int, draft: Draft, now: datetime) -> None:
        """Keep a draft in the place of the one before, an empty one too: it says so much."""
        note = several_lines("note", draft.note, 500)

        def work(connection: Connection) -> None:
            require_role(connection, actor, "annotator")
            if connection.execute(select(items.c.id).where(items.c.id == item)).first() is None:
                raise InputError(f"item must be one of the store, got {item}")
            drop_draft(connection, actor.id, item)
            newest = select(drafts.c.item).where(drafts.c.user == actor.id)
            newest = newest.order_by(drafts.c.at.desc(), drafts.c.item).limit(MOST_DRAFTS - 1)
            kept = [*connection.execute(newest).scalars()]
            oldest = (drafts.c.user == actor.id, drafts.c.item.not_in(kept))
            connection.execute(delete(drafts).where(*oldest))
            row = {"user": actor.id, "item": item, "note": note, "unsure": draft.unsure, "at": now}
            row["corrections"] = {**draft.corrections}
            connection.execute(insert(drafts).values(**row))

        self._database.write(work)


def drop_draft(connection: Connection, user: int, item: int) -> None:
    """Forget a draft, in the transaction that writes its answer."""
    connection.execute(_DROP, {"who": user, "of": item})
