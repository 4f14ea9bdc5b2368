"""A site's book in the store: its events, and the site that they come to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, or_, select

from aqfusion.errors import InputError
from aqfusion.labels.schema import site_events, users
from aqfusion.sites.site import Day, Site, same_day
from aqfusion.sites.site_file import parse_day, parse_site, site_bytes

__all__ = ["KeptSite", "SiteBook", "SiteStoreError", "head_of", "site_faults", "site_of"]


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
    """All that happened to one site, the oldest first, and where it leaves the site."""

    kept: KeptSite
    events: int
    deleted: bool

    @classmethod
    def open(cls, connection: Connection, site: int) -> "SiteBook":
        """Read a site; `SiteStoreError` where there is none, or none any more."""
        book = cls.find(connection, site)
        if book is None or book.deleted:
            raise SiteStoreError(f"site must be one of the store, got {site}")
        return book

    @classmethod
    def find(cls, connection: Connection, site: int) -> "SiteBook | None":
        """Read a site, a deleted one too; `None` where there is none."""
        asked = (
            select(site_events, users.c.name.label("user_name"))
            .join(users, users.c.id == site_events.c.user)
            .where(or_(site_events.c.id == site, site_events.c.site == site))
            .order_by(site_events.c.id)
        )
        events = connection.execute(asked).all()
        if not events or events[0].kind != "create":
            return None
        return cls(*_folded(events))


def site_of(head: Site, days: Iterable[Day]) -> Site:
    """Put a site together."""
    return replace(head, days=tuple(days))


def head_of(site: Site) -> str:
    """A site without its days, as an event keeps it."""
    return site_bytes(replace(site, days=())).decode()


def _folded(events: Sequence[Any]) -> tuple[KeptSite, int, bool]:
    first = events[0]
    head = Site(first.name)
    kept: list[tuple[int, Day]] = []
    for event in events:
        where = f"site {first.id}, event {event.id}"
        if event.kind in ("create", "change"):
            head = parse_site(event.content.encode(), where).site
        elif event.kind == "add":
            day = parse_day(event.content, where)
            kept = [*(one for one in kept if not same_day(one[1], day)), (event.id, day)]
        elif event.kind == "remove":
            kept = [one for one in kept if one[0] != event.about]
    ids, days = tuple(id for id, _ in kept), tuple(day for _, day in kept)
    site = KeptSite(first.id, first.user, first.user_name, site_of(head, days), ids)
    return site, len(events), events[-1].kind == "delete"


def site_faults(connection: Connection) -> Iterator[str]:
    """A sentence for each site that is not what its events say."""
    asked = select(site_events.c.id).where(site_events.c.kind == "create")
    for site in connection.execute(asked.order_by(site_events.c.id)).scalars().all():
        try:
            book = SiteBook.find(connection, site)
        except InputError as error:
            yield f"site {site} must have events that can be read, got: {error}"
            continue
        newest = (
            select(site_events.c.days, site_events.c.name)
            .where(or_(site_events.c.id == site, site_events.c.site == site))
            .order_by(site_events.c.id.desc())
        )
        days, name = connection.execute(newest).first() or (0, "")
        if book is None or (days, name) != (len(book.kept.site.days), book.kept.site.name):
            yield f"site {site} must have the name and days of its events, got {name!r} and {days}"
    strange = site_events.alias("first")
    lost = (
        select(site_events.c.id)
        .join(strange, strange.c.id == site_events.c.site)
        .where(strange.c.kind != "create")
    )
    for event in connection.execute(lost).scalars():
        yield f"site event {event} must be of a site, got one of none"
