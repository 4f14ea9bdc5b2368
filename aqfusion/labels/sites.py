"""Sites that people keep in the store, and settled labels as measured days of one."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from aqfusion.air.aqi import STANDARDS
from aqfusion.labels.adjudication import AdjudicatedLabel, adjudicated_labels
from aqfusion.labels.authorization import require_role
from aqfusion.labels.capture_time import zone_of
from aqfusion.labels.database import Database, in_turn
from aqfusion.labels.event_log import Request, RequestError
from aqfusion.labels.schema import site_events, users
from aqfusion.labels.site_events import (
    DaysKept,
    SiteProjection,
    SiteStoreError,
    StoredSite,
    head_of,
)
from aqfusion.permissions import Actor, RoleError
from aqfusion.sites.site import MOST_DAYS, Day, Site, SiteError
from aqfusion.sites.site_file import day_line
from aqfusion.text_validation import quoted
from aqfusion.time_zones import on_the_clock_of

__all__ = [
    "MOST_EVENTS",
    "MOST_SITES",
    "SiteEntry",
    "SiteStoreError",
    "Sites",
    "StoredSite",
    "label_days",
    "with_labels",
]

MOST_SITES = 50  # of one person
MOST_EVENTS = 3 * MOST_DAYS  # of one site: what was added and removed stays in its book
_LOCK = 0x415150  # any number, the same in every process
_NEW = -2  # and below: ids of days that the database has not numbered yet
_LEAST = "annotator"
_OTHERS = "expert"  # who may see and change the sites of others


@dataclass(frozen=True)
class SiteEntry:
    """A site in a list: `days` are how many it has, `changed` is when it last was."""

    id: int
    name: str
    owner: int
    owner_name: str
    days: int
    changed: datetime


class Sites:
    """Append-only events of sites. Every function raises `RoleError` for whoever may not."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def entries(self, actor: Actor) -> tuple[SiteEntry, ...]:
        """The sites that the actor may see, by name: their own, and all for experts."""
        with self._database.read() as connection:
            row = require_role(connection, actor, _LEAST, lock=False)
            everybody = Actor(row.id, row.name, row.role).may(_OTHERS)
            return _entries(connection, None if everybody else row.id)

    def get(self, actor: Actor, site: int) -> StoredSite:
        """A site with its days."""
        with self._database.snapshot() as connection:
            return _open(connection, actor, site, lock=False).kept

    def named(self, actor: Actor, name: str) -> StoredSite:
        """The one site of this name that the actor may see; their own before those of others."""
        matches = [entry for entry in self.entries(actor) if _key(entry.name) == _key(name)]
        own = [entry for entry in matches if entry.owner == actor.id]
        if not matches:
            raise SiteStoreError(f"There is no site called {quoted(name)}.")
        if len(matches) > 1 and len(own) != 1:
            owners = ", ".join(entry.owner_name for entry in matches)
            raise SiteStoreError(
                f"Several sites are called {quoted(name)}: of {owners}. Rename all but one."
            )
        return self.get(actor, (own or matches)[0].id)

    def create(self, actor: Actor, site: Site, request: str, now: datetime) -> int:
        """Keep a site with its days and return its number; a name twice is refused."""
        head, lines = head_of(site), [day_line(day) for day in site.days]
        days = _added(DaysKept(), site.name, lines)

        def work(connection: Connection) -> list[dict[str, Any]]:
            own_entries = _entries(connection, actor.id)
            if len(own_entries) >= MOST_SITES:
                raise SiteStoreError(
                    f"You have {MOST_SITES} sites, which is the maximum. Delete one first."
                )
            _check_name(own_entries, site.name, None)
            return [{"kind": "create", "name": site.name, "days": 0, "content": head}, *days]

        wanted = Request(request, "create", actor, (head, *lines))
        return self._write(wanted, None, now, work)[0]

    def add_days(
        self, actor: Actor, site: int, days: Sequence[Day], request: str, now: datetime
    ) -> tuple[int, ...]:
        """Add days, all or none, and return their ids; the same photo or time takes its place."""
        lines = [day_line(day) for day in days]

        def work(connection: Connection) -> list[dict[str, Any]]:
            projection = _open(connection, actor, site, coming=len(lines))
            return _added(projection.days, projection.head.name, lines)

        wanted = Request(request, "add", actor, (site, *lines))
        return self._write(wanted, site, now, work)

    def remove_day(self, actor: Actor, site: int, day_id: int, request: str, now: datetime) -> None:
        """Take a day out of a site's history."""

        def work(connection: Connection) -> list[dict[str, Any]]:
            projection = _open(connection, actor, site, coming=1)
            if day_id not in projection.days.lines:
                raise SiteStoreError(f"Site {site} has no day {day_id}.")
            left = len(projection.days.lines) - 1
            return [{"kind": "remove", "about": day_id, "name": projection.head.name, "days": left}]

        self._write(Request(request, "remove", actor, (site, day_id)), site, now, work)

    def rename(self, actor: Actor, site: int, name: str, request: str, now: datetime) -> None:
        """Give a site another name."""
        self._change(actor, site, (name,), lambda head: replace(head, name=name), request, now)

    def change(self, actor: Actor, site: int, head: Site, request: str, now: datetime) -> None:
        """Take over all of `head` but its days: name, place, zone, reference and landmarks."""
        self._change(actor, site, (head_of(head),), lambda _: head, request, now)

    def delete(self, actor: Actor, site: int, request: str, now: datetime) -> None:
        """Delete a site; its events stay in the event log."""

        def work(connection: Connection) -> list[dict[str, Any]]:
            projection = _open(connection, actor, site)
            return [
                {"kind": "delete", "name": projection.head.name, "days": len(projection.days.lines)}
            ]

        self._write(Request(request, "delete", actor, (site,)), site, now, work)

    def _change(
        self,
        actor: Actor,
        site: int,
        content: tuple[Any, ...],
        changed: Callable[[Site], Site],
        request: str,
        now: datetime,
    ) -> None:
        def work(connection: Connection) -> list[dict[str, Any]]:
            projection = _open(connection, actor, site, coming=1)
            head = changed(projection.head)
            _check_name(_entries(connection, projection.owner), head.name, site)
            days = len(projection.days.lines)
            return [{"kind": "change", "name": head.name, "days": days, "content": head_of(head)}]

        self._write(Request(request, "change", actor, (site, *content)), site, now, work)

    def _write(
        self,
        request: Request,
        site: int | None,
        now: datetime,
        work: Callable[[Connection], list[dict[str, Any]]],
    ) -> tuple[int, ...]:
        """Write the events of a request in one transaction, once however often it is sent."""

        digest = request.digest

        def once(connection: Connection) -> tuple[int, ...]:
            require_role(connection, request.actor, _LEAST)
            in_turn(connection, _LOCK)
            before = _earlier(connection, request.id, digest)
            if before:
                return before
            rows = [
                {
                    "request_id": request.id if number == 0 else f"{request.id}/{number}",
                    "request_digest": digest,
                    "site": site,
                    "user": request.actor.id,
                    "at": now,
                    **dict.fromkeys(("about", "content")),
                    **row,
                }
                for number, row in enumerate(work(connection))
            ]
            if site is None:
                made = connection.execute(insert(site_events), rows[0]).inserted_primary_key
                assert made is not None
                rows = [{**row, "site": made[0]} for row in rows[1:]]
            if rows:
                connection.execute(insert(site_events), rows)
            return _earlier(connection, request.id, digest)

        return self._database.write(once)


def _open(
    connection: Connection, actor: Actor, site: int, coming: int = 0, lock: bool = True
) -> SiteProjection:
    """Read a site that the actor may see; `coming` events must still fit into its book."""
    row = require_role(connection, actor, _LEAST, lock=lock)
    projection = SiteProjection.open(connection, site)
    if projection.owner != row.id and not Actor(row.id, row.name, row.role).may(_OTHERS):
        raise RoleError(
            f"The role {_OTHERS} or above is needed for the sites of others, "
            f"and your role is {row.role}."
        )
    if projection.events + coming > MOST_EVENTS:
        rule = f"a site must have at most {MOST_EVENTS} changes in its history"
        raise SiteStoreError(f"{rule}, got {projection.events + coming}. Save it as a new site")
    return projection


def _added(days: DaysKept, name: str, lines: Sequence[str]) -> list[dict[str, Any]]:
    """The events of new days; each counts the days of the site after it."""
    rows = []
    for number, line in enumerate(lines):
        days.add(_NEW - number, line)
        count = len(days.lines)
        rows.append({"kind": "add", "name": name, "days": count, "content": line})
    if len(days.lines) > MOST_DAYS:
        raise SiteStoreError(f"a site must have at most {MOST_DAYS} days, got {len(days.lines)}")
    return rows


def _entries(connection: Connection, owner: int | None) -> tuple[SiteEntry, ...]:
    """All sites that were not deleted, of one person or of everybody."""
    site_id = func.coalesce(site_events.c.site, site_events.c.id)
    newest = select(func.max(site_events.c.id)).group_by(site_id)
    first = site_events.alias("first")
    query = (
        select(first.c.id, site_events.c.name, first.c.user, users.c.name.label("owner"))
        .add_columns(site_events.c.days, site_events.c.at)
        .join(first, first.c.id == site_id)
        .join(users, users.c.id == first.c.user)
        .where(site_events.c.id.in_(newest), site_events.c.kind != "delete")
    )
    if owner is not None:
        query = query.where(first.c.user == owner)
    entries = [SiteEntry(*row) for row in connection.execute(query)]
    return tuple(sorted(entries, key=lambda entry: (_key(entry.name), entry.id)))


def _check_name(own_entries: Sequence[SiteEntry], name: str, own: int | None) -> None:
    taken = next((e for e in own_entries if _key(e.name) == _key(name) and e.id != own), None)
    if taken is not None:
        raise SiteStoreError(
            f"A site of this account is called {quoted(taken.name)} already. Choose another name."
        )


def _earlier(connection: Connection, request: str, digest: str) -> tuple[int, ...]:
    """The events of this request, if it was written."""
    query = select(site_events.c.id, site_events.c.request_digest)
    row = connection.execute(query.where(site_events.c.request_id == request)).first()
    if row is None:
        return ()
    if row.request_digest != digest:
        raise RequestError(
            f"Request {request!r} was saved before with other content. Reload the page."
        )
    more = query.where(site_events.c.request_id.startswith(f"{request}/", autoescape=True))
    return (
        row.id,
        *(later_row.id for later_row in connection.execute(more.order_by(site_events.c.id))),
    )


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


SOURCE = "label"


def with_labels(database: Database, site: Site) -> Site:
    """The site with the settled labels of the place that has its name, beside its own days.

    A label of the same time as a day takes its place, and of two labels the one that was settled
    last. Where there are too many, the newest days stay.
    """
    places = {_plain(name) for name in (site.name, site.learned_as) if name}
    days = label_days(adjudicated_labels(database, places=places))
    if not days:
        return site
    times = {day.taken_at for day in days}
    own = tuple(day for day in site.days if day.taken_at is None or day.taken_at not in times)
    both = sorted((*own, *days), key=_time)
    return replace(site, days=tuple(both[-MOST_DAYS:]))


def label_days(values: Iterable[AdjudicatedLabel]) -> tuple[Day, ...]:
    """Days of settled values with a time and an exact AQI; one for each time, the last settled."""
    days = {}
    for value in sorted(values, key=lambda value: value.last_event):
        if value.aqi is None or value.taken_at is None or value.standard not in STANDARDS:
            continue
        zone = zone_of(value.time_zone, value.place)
        time = value.taken_at if zone is None else on_the_clock_of(zone, value.taken_at)
        try:
            day = Day(value.aqi, SOURCE, time, value.standard, value.reading)
        except SiteError:  # of a year that no site knows
            continue
        days[value.taken_at] = day
    return tuple(sorted(days.values(), key=_time))


def _time(day: Day) -> float:
    return day.taken_at.timestamp() if day.taken_at else 0.0


def _plain(name: str) -> str:
    """A name as items keep that of their place."""
    return " ".join(unicodedata.normalize("NFC", name).split())
