"""`site add`: days of a table into a site's history, with what the model sees in their photos."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aqfusion.commands.options import (
    SERVED,
    Commands,
    Parser,
    add_json_option,
    add_model_option,
    model_of,
    print_json,
    report,
)
from aqfusion.commands.site.named import add_site_argument, site_named
from aqfusion.csv_table.fault import Fault, shortened
from aqfusion.errors import InputError
from aqfusion.sites.days_table import DayRow, read_days
from aqfusion.sites.site import SOURCES, DayPhoto, Site

if TYPE_CHECKING:
    from aqfusion.model.predict import Predictor

_EVERY = 10  # photos between two lines of progress


class NoDaysError(InputError):
    """A table of which no day could be read."""


def add_add_command(commands: "Commands[Parser]") -> None:
    """Add `site add`."""
    parser = commands.add_parser(
        "add",
        help="add days of a table to a site",
        description="Add the days of a table (CSV or .xlsx: aqi; photo, time, timezone, standard "
        "and readings where there are any) to a site. Photos lie below the table's folder. The "
        "same photo or time again takes the place of the earlier day.",
        allow_abbrev=False,
    )
    add_site_argument(parser)
    parser.add_argument("table", metavar="TABLE", help="the table, whatever its name is")
    parser.add_argument(
        "--source", choices=SOURCES, default="table", help="where the AQI comes from"
    )
    parser.add_argument(
        "--trust-photo", action="store_true", help="use photos even if they look unsuitable"
    )
    add_model_option(parser, SERVED)
    add_json_option(parser)
    parser.set_defaults(run=run_add)


def run_add(arguments: argparse.Namespace) -> None:
    """Read the table, look at the photos, keep the days and print what was made of them."""
    named = site_named(arguments.site)
    table = read_days(Path(arguments.table), named.site.zone, datetime.now(UTC))
    days = [replace(row.day, source=arguments.source) for row in table.rows]
    faults = [*table.faults]
    model: str | None = None
    if any(row.photo is not None for row in table.rows):
        from aqfusion.model.predict import load_model  # takes seconds, with torch

        predictor = load_model(model_of(arguments))
        model = predictor.name
        seen = _photos(predictor, named.site, table.rows, arguments.trust_photo, faults)
        days = [replace(day, photo=photo) for day, photo in zip(days, seen, strict=True)]
    if not days:
        for fault in faults:
            report(str(fault))
        raise NoDaysError("no day of this table could be read")
    site = named.add_days(days)
    before, after = len(named.site.days), len(site.days)
    print_json(
        {
            "site": site.name,
            "kept_in": named.where,
            "days_read": len(days),
            "days_before": before,
            "days": after,
            "replaced": before + len(days) - after,
            "photos": sum(day.photo is not None for day in days),
            "model": model,
            "left_out": [_told(fault) for fault in sorted(faults, key=lambda one: one.line)],
            "ignored_columns": list(table.ignored),
            "notes": list(table.notes),
        }
    )


def _photos(
    predictor: "Predictor",
    site: Site,
    rows: Sequence[DayRow],
    trust: bool,
    faults: list[Fault],
) -> list[DayPhoto | None]:
    """What is kept of each row's photo; one that cannot be used is told, and its day stays."""
    from aqfusion.photo import Photo
    from aqfusion.sites.extinction import extinctions

    found: list[DayPhoto | None] = []
    wanted = sum(row.photo is not None for row in rows)
    done = 0
    for row in rows:
        found.append(None)
        if row.photo is None:
            continue
        try:
            photo = Photo.open(row.photo)
            embedding = predictor.embed(photo)
            if embedding.problem is not None and not trust:
                raise InputError(f"must be a photo that can be judged: {embedding.problem}")
            seen = extinctions(site, photo)
            found[-1] = replace(predictor.day_photo(photo, embedding), extinction=seen.values)
            faults.extend(
                _unmeasured(row.line, refusal, row.photo.name) for refusal in seen.refusals
            )
        except (InputError, OSError) as error:
            faults.append(Fault(row.line, "photo", shortened(str(error)), row.photo.name, True))
        done += 1
        if done % _EVERY == 0 or done == wanted:
            report(f"{done} of {wanted} photos seen")
    return found


def _unmeasured(line: int, refusal: str, name: str) -> Fault:
    return Fault(line, "photo", f"tells nothing at a landmark: {refusal}", name, True)


def _told(fault: Fault) -> dict[str, object]:
    return {
        "line": fault.line,
        "column": fault.column,
        "reason": fault.reason,
        "row_kept": fault.row_kept,
    }
