"""A site's book in the store: its events, and the site that they come to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, or_, select

from aqfusion.errors import InputError
from aqfusion.labels.schema import site_events, users
from aqfusion.sites.site import Site
from aqfusion.sites.site_file import parse_day, parse_site, site_bytes

__all__ = ["DaysKept", "KeptSite", "SiteBook", "SiteStoreError", "head_of", "site_faults"]


class SiteStoreError(InputError):
    """A site that is not in the store, or that a rule of the store refuses."""


@dataclass(frozen=True)
class KeptSite:
    """A site of the store and its number; `day_ids` name its days when one is to go."""

    id: int
    owner: int
    owner_name: str
    site: Site
    day_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class SiteBook:
    """All that happened to one site: where it leaves the site, and its days as they are kept."""

    id: int
    owner: int
    owner_name: str
    head: Site
    days: "DaysKept"
    events: int
    deleted: bool

    @classmethod
    def open(cls, connection: Connection, site: int) -> "SiteBook":
        """Read a site; `SiteStoreError` where there is none, or none any more."""
        projection = cls.find(connection, site)
        if projection is None or projection.deleted:
            raise SiteStoreError(f"site must be one of the store, got {site}")
        return projection

    @classmethod
    def find(cls, connection: Connection, site: int) -> "SiteBook | None":
        """Read a site, a deleted one too; `None` where there is none."""
        query = (
            select(site_events, users.c.name.label("user_name"))
            .join(users, users.c.id == site_events.c.user)
            .where(or_(site_events.c.id == site, site_events.c.site == site))
            .order_by(site_events.c.id)
        )
        events = connection.execute(query).all()
        if not events or events[0].kind != "create":
            return None
        first, head, days = events[0], "", DaysKept()
        for event in events:
            if event.kind in ("create", "change"):
                head = event.content
            elif event.kind == "add":
                days.add(event.id, event.content)
            elif event.kind == "remove":
                days.remove(event.about)
        return cls(
            *(first.id, first.user, first.user_name),
            parse_site(head.encode(), f"site {first.id}").site,
            *(days, len(events), events[-1].kind == "delete"),
        )

    @property
    def kept(self) -> KeptSite:
        """The site with its days, each of which is read."""
        ids = tuple(self.days.lines)
        read = (
            parse_day(line, f"site {self.id}, day {id}") for id, line in self.days.lines.items()
        )
        site = replace(self.head, days=tuple(read))
        return KeptSite(self.id, self.owner, self.owner_name, site, ids)


class DaysKept:
    """The days of a site as lines by their ids, in the order of their coming.

    A day of the same photo, or else of the same time, takes the place of the earlier one, as
    `aqfusion.sites.site.same_day` says: looked up, since a write must not wait for long.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self.lines: dict[int, str] = {}
        self._keys: dict[int, tuple[str | None, datetime | None]] = {}
        self._of_photo: dict[str, int] = {}
        self._of_time: dict[datetime, set[int]] = {}

    def add(self, id: int, line: str) -> None:
        """Keep a day; a line that is none raises `SiteStoreError`."""
        photo, time = key = _key_of(line)
        for other in [*self._of_time.get(time, ())] if time else []:
            if photo is None or self._keys[other][0] is None:
                self.remove(other)
        if photo is not None:
            self.remove(self._of_photo.get(photo, -1))
            self._of_photo[photo] = id
        if time is not None:
            self._of_time.setdefault(time, set()).add(id)
        self.lines[id], self._keys[id] = line, key

    def remove(self, id: int) -> None:
        """Let a day go, if it is there."""
        if self.lines.pop(id, None) is None:
            return
        photo, time = self._keys.pop(id)
        if photo is not None:
            del self._of_photo[photo]
        if time is not None:
            self._of_time[time].remove(id)


def head_of(site: Site) -> str:
    """A site without its days, as an event keeps it."""
    return site_bytes(replace(site, days=())).decode()


def _key_of(line: str) -> tuple[str | None, datetime | None]:
    """The photo's digest and the time, which tell days apart; all else is left unread."""
    try:
        day = json.loads(line)
        photo, time = day.get("photo"), day.get("taken_at")
        return photo and str(photo["digest"]), time and datetime.fromisoformat(time)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise SiteStoreError(f"a day must be a line of a site's file, got {line[:60]!r}") from error


def site_faults(connection: Connection) -> Iterator[str]:
    """A sentence for each site that is not what its events say."""
    query = select(site_events.c.id).where(site_events.c.kind == "create")
    for site in connection.execute(query.order_by(site_events.c.id)).scalars().all():
        try:
            projection = SiteBook.find(connection, site)
            if projection is not None:
                _ = projection.kept
        except InputError as error:
            yield f"site {site} must have events that can be read, got: {error}"
            continue
        newest = (
            select(site_events.c.days, site_events.c.name)
            .where(or_(site_events.c.id == site, site_events.c.site == site))
            .order_by(site_events.c.id.desc())
        )
        days, name = connection.execute(newest).first() or (0, "")
        if projection is None or (days, name) != (len(projection.days.lines), projection.head.name):
            yield f"site {site} must have the name and days of its events, got {name!r} and {days}"
    strange = site_events.alias("first")
    lost = (
        select(site_events.c.id)
        .join(strange, strange.c.id == site_events.c.site)
        .where(strange.c.kind != "create")
    )
    for event in connection.execute(lost).scalars():
        yield f"site event {event} must be of a site, got one of none"
