"""What an import would make of a source, without a store: every photo is read, nothing kept."""

from datetime import datetime
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.labels.capture_time import local_time
from aqfusion.labels.imports.listing import Candidate, Listing
from aqfusion.photo import Photo, PhotoError

__all__ = ["dry_run"]


def dry_run(listing: Listing) -> dict[str, Any]:
    """Return the items that would come in, and all that would be left out, as JSON has them."""
    items: list[dict[str, Any]] = []
    faults = [*listing.faults]
    for one in listing.candidates:
        try:
            Photo.open(one.path)
        except PhotoError as error:
            faults.append(one.fault(f"must {str(error).rpartition(' must ')[2]}"))
            continue
        items.append(_item(one))
    faults.sort(key=lambda fault: fault.line)
    return {
        "items": items,
        "left_out": [
            {
                "line": fault.line,
                "column": fault.column,
                "reason": fault.reason,
                "row_kept": fault.row_kept,
            }
            for fault in faults
        ],
        "ignored_columns": list(listing.ignored),
        "notes": list(listing.notes),
    }


def _item(one: Candidate) -> dict[str, Any]:
    return {
        "line": one.line,
        "photo": one.name.replace("\\", "/").removeprefix("./"),
        "place": one.place,
        "time": _time(one),
        "time_zone": one.time_zone,
        "group": one.group,
        "readings": {
            name: value for name in POLLUTANTS if (value := getattr(one.reading, name)) is not None
        },
        "units_stated": one.units_stated,
        "aqi": one.given_aqi,
        "gold": one.known_aqi,
        "licence": one.licence,
    }


def _time(one: Candidate) -> str | None:
    local = local_time(one.taken_at, one.time_zone, one.place)
    time: datetime | None = local or one.taken_at
    return None if time is None else time.isoformat()
