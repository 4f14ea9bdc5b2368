"""Events of sites, the site that they come to, and both as lines of JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, or_, select

from aqfusion.errors import InputError
from aqfusion.labels.item_json import StateLineError, same_keys, whole_number
from aqfusion.labels.schema import site_events, users
from aqfusion.sites.site import Site
from aqfusion.sites.site_file import LARGEST, parse_day, parse_site, site_bytes
from aqfusion.text_validation import one_line

__all__ = [
    "DaysKept",
    "SiteProjection",
    "SiteStoreError",
    "StoredSite",
    "head_of",
    "site_faults",
    "site_lines",
    "site_row",
    "site_rows",
    "sites_beside",
]


class SiteStoreError(InputError):
    """A site that is not in the store, or that a rule of the store refuses."""


@dataclass(frozen=True)
class StoredSite:
    """A site of the store and its number; `day_ids` name its days when one is to go."""

    id: int
    owner: int
    owner_name: str
    site: Site
    day_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class SiteProjection:
    """All that happened to one site: where it leaves the site, and its days as they are kept."""

    id: int
    owner: int
    owner_name: str
    head: Site
    days: "DaysKept"
    events: int
    deleted: bool

    @classmethod
    def open(cls, connection: Connection, site: int) -> "SiteProjection":
        """Read a site; `SiteStoreError` where there is none, or none any more."""
        projection = cls.find(connection, site)
        if projection is None or projection.deleted:
            raise SiteStoreError(f"There is no site {site}.")
        return projection

    @classmethod
    def find(cls, connection: Connection, site: int) -> "SiteProjection | None":
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
    def kept(self) -> StoredSite:
        """The site with its days, each of which is read."""
        ids = tuple(self.days.lines)
        read = (
            parse_day(line, f"site {self.id}, day {id}") for id, line in self.days.lines.items()
        )
        site = replace(self.head, days=tuple(read))
        return StoredSite(self.id, self.owner, self.owner_name, site, ids)


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
            projection = SiteProjection.find(connection, site)
            if projection is not None:
                _ = projection.kept
        except InputError as error:
            yield f"site {site} has events that cannot be read: {error}"
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
        yield f"site event {event} belongs to no site"


KINDS = ("create", "change", "add", "remove", "delete")
_COLUMNS = {column.name for column in site_events.columns} - {"user"}
_WRONG_SHAPE = (TypeError, ValueError, LookupError, AttributeError, RecursionError)


def sites_beside(file: Path) -> Path:
    """Return where the sites of a JSON Lines export lie."""
    return file.with_name(f"{file.stem}-sites{file.suffix}")


def site_lines(connection: Connection) -> Iterator[bytes]:
    """Return each event with the name of who did it, the oldest first."""
    query = select(site_events, users.c.name.label("by")).join(
        users, users.c.id == site_events.c.user
    )
    for row in connection.execute(query.order_by(site_events.c.id)):
        columns = {name: getattr(row, name) for name in sorted(_COLUMNS)} | {"by": row.by}
        line = {**columns, "at": row.at.isoformat()}
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def site_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Read events back, whose users are still names; `StateLineError` names line and rule.

    No file is no site: exports had none at first, and stores without sites have none.
    """
    if not file.is_file():
        return
    sites: dict[int, set[int]] = {}
    last = 0
    with file.open("rb") as stream:
        for number, text in enumerate(iter(lambda: stream.readline(LARGEST + 1), b""), 1):
            where = f"{file.name} line {number}"
            try:
                row = site_row(text)
                _place(row, sites, last)
                last = row["id"]
            except InputError as error:
                raise StateLineError(f"{where}: {error}. Nothing was imported") from error
            except _WRONG_SHAPE as error:
                rule = "must be an event of a site, got other JSON"
                raise StateLineError(f"{where} {rule}. Nothing was imported") from error
            yield row


def site_row(text: bytes) -> dict[str, Any]:
    """Read an event by itself; what breaks a rule raises `StateLineError`, other JSON anything."""
    if len(text) > LARGEST:
        raise StateLineError(f"must have at most {LARGEST // 1_000_000} MB, got more")
    row: dict[str, Any] = json.loads(text)
    same_keys("event of a site", row, _COLUMNS | {"by"})
    for name in ("id", "site", "about"):
        if row[name] is not None or name == "id":
            whole_number(row[name])
    whole_number(row["days"], 0)
    if row["kind"] not in KINDS:
        raise StateLineError(f"kind must be one of {', '.join(KINDS)}, got {row['kind']!r}"[:200])
    one_line("request id", row["request_id"], 100)
    one_line("request digest", row["request_digest"], 64)
    one_line("by", row["by"], 60)
    Site(row["name"])  # raises for a name that is none
    if (row["content"] is None) != (row["kind"] in ("remove", "delete")):
        raise StateLineError(f"content must fit the kind {row['kind']}, got another")
    if row["content"] is not None and not isinstance(row["content"], str):
        raise StateLineError("content must be a text, got something else")
    row["at"] = datetime.fromisoformat(row["at"])
    if row["at"].tzinfo is None:
        raise StateLineError("times must have a zone, got one without")
    return row


def _place(row: dict[str, Any], sites: dict[int, set[int]], last: int) -> None:
    """Refuse an event of a site or about a day that was not there before it."""
    if row["id"] <= last:
        raise StateLineError(f"events must come in the order of their ids, got {row['id']}")
    if (row["kind"] == "create") != (row["site"] is None):
        raise StateLineError(f"site must be created in an earlier line, got {row['site']}")
    if (row["kind"] == "remove") != (row["about"] is not None):
        raise StateLineError(f"about must be a day of an earlier line, got {row['about']}")
    if row["site"] is None:
        sites[row["id"]] = {row["id"]}
        return
    if row["site"] not in sites or (row["about"] or row["site"]) not in sites[row["site"]]:
        raise StateLineError("site and day must be added in earlier lines, got others")
    sites[row["site"]].add(row["id"])
