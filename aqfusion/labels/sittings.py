"""Where each person is in their labelling: the mode, since when, and which items have been met."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.database import Database
from aqfusion.labels.schema import answers, label_events, sign_ins, sittings

__all__ = ["Sitting", "Sittings"]

_PAUSE = timedelta(hours=1)  # after a longer one the count begins anew
_OFTEN = timedelta(minutes=5)
_LONGEST_TRAIL = 200
_MODES = ("blind", "assisted")


@dataclass(frozen=True)
class Sitting:
    """How a person labels, since when, and the items dealt with since then, in order."""

    mode: str
    since: datetime
    trail: tuple[int, ...] = ()


class Sittings:
    """One sitting for each person, whichever tab or device they are at."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def resume(self, actor: Actor, now: datetime) -> Sitting:
        """Go on where the person was, or begin anew: by a new sign-in, or after a pause."""

        def work(connection: Connection) -> Sitting:
            acting(connection, actor, "annotator")
            row = connection.execute(select(sittings).where(sittings.c.user == actor.id)).first()
            goes_on = row is not None and row.seen > now - _PAUSE
            since = row.since if row is not None and goes_on else now
            begun = select(sign_ins.c.created).where(sign_ins.c.id == actor.sign_in)
            since = max(since, connection.execute(begun).scalar() or since)
            mode = row.mode if row is not None else "blind"
            _write(connection, actor, Sitting(mode, since), now)
            return Sitting(mode, since, _trail(connection, actor.id, since))

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
            acting(connection, actor, "annotator")
            _write(connection, actor, Sitting(mode, since), now)

        self._database.write(work)


def _write(connection: Connection, actor: Actor, sitting: Sitting, now: datetime) -> None:
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
