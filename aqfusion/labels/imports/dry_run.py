"""The result of an import without a store: every photo is read, nothing kept."""

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
    for candidate in listing.candidates:
        try:
            Photo.open(candidate.path)
        except PhotoError as error:
            faults.append(candidate.fault(f"must {str(error).rpartition(' must ')[2]}"))
            continue
        items.append(_item(candidate))
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


def _item(candidate: Candidate) -> dict[str, Any]:
    return {
        "line": candidate.line,
        "photo": candidate.name.replace("\\", "/").removeprefix("./"),
        "place": candidate.place,
        "time": _time(candidate),
        "time_zone": candidate.time_zone,
        "group": candidate.group,
        "readings": {
            name: value
            for name in POLLUTANTS
            if (value := getattr(candidate.reading, name)) is not None
        },
        "units_stated": candidate.units_stated,
        "aqi": candidate.given_aqi,
        "gold": candidate.known_aqi,
        "licence": candidate.licence,
    }


def _time(candidate: Candidate) -> str | None:
    local = local_time(candidate.taken_at, candidate.time_zone, candidate.place)
    time: datetime | None = local or candidate.taken_at
    return None if time is None else time.isoformat()
