"""Events of sites as lines of JSON beside the export of items, and back."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.errors import InputError
from aqfusion.labels.given_text import one_line
from aqfusion.labels.schema import site_events, users
from aqfusion.labels.state_parts import StateLineError, same_keys, whole_number
from aqfusion.sites.site import Site
from aqfusion.sites.site_file import LARGEST

__all__ = ["site_lines", "site_rows", "sites_beside"]

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
                row = _row(text)
                _place(row, sites, last)
                last = row["id"]
            except InputError as error:
                raise StateLineError(f"{where}: {error}; nothing is kept") from error
            except _WRONG_SHAPE as error:
                rule = "must be an event of a site, got other JSON"
                raise StateLineError(f"{where} {rule}; nothing is kept") from error
            yield row


def _row(text: bytes) -> dict[str, Any]:
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
        raise StateLineError(f"content must be that of a {row['kind']}, got another")
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
        raise StateLineError(f"site must be one before it, got {row['site']}")
    if (row["kind"] == "remove") != (row["about"] is not None):
        raise StateLineError(f"about must be a day before it, got {row['about']}")
    if row["site"] is None:
        sites[row["id"]] = {row["id"]}
        return
    if row["site"] not in sites or (row["about"] or row["site"]) not in sites[row["site"]]:
        raise StateLineError("site and day must be ones before it, got others")
    sites[row["site"]].add(row["id"])
