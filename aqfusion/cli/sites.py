"""`site`: places with a history of measured days, in a file or in the label store."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aqfusion.cli.landmarks import landmark
from aqfusion.cli.options import (
    SERVED,
    Choice,
    PathText,
    TimeZone,
    UsageError,
    json_option,
    latitude_option,
    longitude_option,
    model_option,
    now,
    print_json,
    print_lines,
    report,
    served_model,
)
from aqfusion.cli.site_options import knows_sites, site_argument, site_for, site_named
from aqfusion.csv_table.errors import TableFault, shortened
from aqfusion.errors import InputError
from aqfusion.model.prediction_command import means_file
from aqfusion.sites.days_table import DayRow, read_days
from aqfusion.sites.site import MODEL_STANDARD, SOURCES, Day, DayPhoto, Site
from aqfusion.sites.site_file import site_bytes, write_site
from aqfusion.time_zones import zone_at

if TYPE_CHECKING:
    from aqfusion.model.predictor import Predictor

_PHOTOS = 10  # between two lines of progress
_DAYS = 25  # between two lines of progress
_NEWEST = 10


class NoDaysError(InputError):
    """A table of which no day could be read."""


@click.group(
    no_args_is_help=False,
    short_help="Places with a history of measured days: make, add, show, evaluate, landmark.",
)
def site() -> None:
    """Work on sites: places with a history of measured days.

    They lie in a file or in the label store that AQFUSION_LABELS names.
    """


site.add_command(landmark)


@site.command(short_help="Create a site's file.")
@click.argument("name", metavar="NAME")
@latitude_option
@longitude_option
@click.option(
    "--timezone",
    type=TimeZone(),
    metavar="ZONE",
    help="time zone, for example Asia/Kolkata (default: that of the coordinates)",
)
@click.option("--out", required=True, type=PathText(), metavar="FILE.json", help="file to write")
@json_option
def new(name: str, lat: float | None, lon: float | None, timezone: tzinfo | None, out: str) -> None:
    """Write the file of a site without days; one that exists is not overwritten."""
    file = Path(out)
    if file.suffix.lower() != ".json":
        raise UsageError(f"--out must name a file that ends in .json, got {out!r}")
    if file.exists():
        raise UsageError(f"--out must be a new file, got {out}, which exists")
    if timezone is not None:
        zone_name = str(timezone).removeprefix("UTC") or "UTC"
    elif lat is None or lon is None:
        zone_name = None
    else:
        at = zone_at(lat, lon)  # none at sea
        zone_name = None if at is None else str(at)
    place = Site(name, lat, lon, zone_name)
    write_site(file, place)
    print_json(
        {
            "site": place.name,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "timezone": place.timezone,
            "wrote": out,
        }
    )


@site.command(short_help="Add days of a table to a site.")
@site_argument
@click.argument("table", metavar="TABLE", type=PathText())
@click.option("--source", type=Choice(SOURCES), default="table", help="where the AQI comes from")
@click.option("--trust-photo", is_flag=True, help="use photos even if they look unsuitable")
@model_option(SERVED)
@json_option
def add(site: str, table: str, source: str, trust_photo: bool, model: str | None) -> None:
    """Add the days of a table (CSV or .xlsx) to a site.

    Its columns are aqi and, where there are any, photo, time, timezone, standard and readings.
    Photos are in the table's folder or below it. A day of the same photo or time is replaced.
    """
    named = site_named(site)
    read = read_days(Path(table), named.site.zone, now())
    days = [replace(row.day, source=source) for row in read.rows]
    faults = [*read.faults]
    model_name: str | None = None
    if any(row.photo is not None for row in read.rows):
        from aqfusion.model.predictor import load_model  # takes seconds, with torch

        predictor = load_model(served_model(model))
        model_name = predictor.name
        photos = _day_photos(predictor, named.site, read.rows, trust_photo, faults)
        days = [replace(day, photo=photo) for day, photo in zip(days, photos, strict=True)]
    if not days:
        for fault in faults:
            report(str(fault))
        raise NoDaysError("no day of this table could be read")
    larger = named.add_days(days)
    before, after = len(named.site.days), len(larger.days)
    print_json(
        {
            "site": larger.name,
            "kept_in": named.where,
            "days_read": len(days),
            "days_before": before,
            "days": after,
            "replaced": before + len(days) - after,
            "photos": sum(day.photo is not None for day in days),
            "model": model_name,
            "left_out": [
                _fault_as_json(fault) for fault in sorted(faults, key=lambda fault: fault.line)
            ],
            "ignored_columns": list(read.ignored),
            "notes": list(read.notes),
        }
    )


def _day_photos(
    predictor: "Predictor",
    site: Site,
    rows: Sequence[DayRow],
    trust: bool,
    faults: list[TableFault],
) -> list[DayPhoto | None]:
    """What is kept of each row's photo; one that cannot be used is a fault, and its day stays."""
    from aqfusion.images.photo import Photo
    from aqfusion.sites.extinction import extinctions

    photos: list[DayPhoto | None] = []
    wanted = sum(row.photo is not None for row in rows)
    done = 0
    for row in rows:
        photos.append(None)
        if row.photo is None:
            continue
        try:
            photo = Photo.open(row.photo)
            embedding = predictor.embed(photo)
            if embedding.problem is not None and not trust:
                raise InputError(f"must be a usable photo: {embedding.problem}")
            seen = extinctions(site, photo)
            photos[-1] = replace(predictor.day_photo(photo, embedding), extinction=seen.values)
            faults.extend(
                _unmeasured(row.line, refusal, row.photo.name) for refusal in seen.refusals
            )
        except (InputError, OSError) as error:
            faults.append(
                TableFault(row.line, "photo", shortened(str(error)), row.photo.name, True)
            )
        done += 1
        if done % _PHOTOS == 0 or done == wanted:
            report(f"{done} of {wanted} photos read")
    return photos


def _unmeasured(line: int, refusal: str, name: str) -> TableFault:
    return TableFault(line, "photo", f"cannot be measured at a landmark: {refusal}", name, True)


def _fault_as_json(fault: TableFault) -> dict[str, object]:
    return {
        "line": fault.line,
        "column": fault.column,
        "reason": fault.reason,
        "row_kept": fault.row_kept,
    }


@site.command(short_help="Predict each day of a site from its other days.")
@site_argument
@model_option(SERVED)
@json_option
def evaluate(site: str, model: str | None) -> None:
    """Leave out each day of a site in turn, and predict it from the rest (leave-one-day-out).

    All other days of the same date are left out too. The result compares predictions with and
    without the history, the photo, the readings and the landmarks, and the mean of other days.
    """
    # What is wrong with a file is said before the model is loaded, which takes seconds.
    place = site_named(site).site if means_file(site) else None

    from aqfusion.evaluation.leave_one_day_out import leave_one_day_out
    from aqfusion.model.predictor import load_model

    predictor = load_model(served_model(model))
    place = place or site_for(predictor, site)
    knows_sites(predictor)
    scores = leave_one_day_out(predictor, place, _report_days)
    if scores.foreign_photos:
        report(
            f"{scores.foreign_photos} photos were read by another model and are not used: "
            "add them again with this model"
        )
    learned = {learned.learned_as for learned in predictor.known_sites()}
    if place.learned_as and place.learned_as in learned:
        report(
            "The network was trained on this place, so the figures of the network are optimistic"
        )
    print_json({"site": place.name, "model": predictor.name, **scores.as_json()})


def _report_days(done: int, of: int) -> None:
    if done % _DAYS == 0:
        report(f"{done} of {of} days")


@site.command(short_help="Show a site and its days.")
@site_argument
@click.option("--json", "as_file", is_flag=True, help="print the site's file")
def show(site: str, as_file: bool) -> None:
    """Show a site and its days.

    With --json it is the site's file, to save or to use elsewhere.
    """
    place = site_named(site).site
    if as_file:
        sys.stdout.write(site_bytes(place).decode())
    else:
        print_lines(_lines(place))


def _lines(site: Site) -> Iterator[str]:
    yield site.name
    if site.latitude is not None and site.longitude is not None:
        yield f"  at {site.latitude:g}, {site.longitude:g}"
    yield f"  time zone {site.timezone or 'not known'}"
    if site.learned_as:
        yield f"  known to the model as {site.learned_as}"
    history = site.history
    if history:
        aqis = sorted(day.aqi for day in history)
        yield (
            f"  {len(history)} days of {site.day_count} dates: AQI {aqis[0]:g} to {aqis[-1]:g}, "
            f"mean {sum(aqis) / len(aqis):.0f}"
        )
    else:
        yield "  no days yet"
    if len(site.days) > len(history):
        more = len(site.days) - len(history)
        yield f"  {more} more of another standard than {MODEL_STANDARD}, which are not used"
    sources = Counter(day.source for day in site.days)
    if sources:
        yield "  from " + ", ".join(f"{source} ({count})" for source, count in sources.items())
    for mark in site.landmarks:
        far = "" if mark.distance_km is None else f", {mark.distance_km:g} km away"
        yield f"  landmark {mark.name}{far}"
    if site.landmarks and site.reference is None:
        yield "  without a reference photo, so nothing is measured at its landmarks"
    days = sorted(site.days, key=_time)[-_NEWEST:]
    if len(site.days) > len(days):
        yield f"The {len(days)} newest days:"
    yield from (_day(site, day) for day in days)


def _day(site: Site, day: Day) -> str:
    time = day.taken_at
    if time is not None and site.zone is not None:
        time = time.astimezone(site.zone)
    when = "time not known   " if time is None else f"{time:%Y-%m-%d %H:%M} "
    parts = [*day.reading.present, *(["photo"] if day.photo else [])]
    standard = "" if day.counts else f" ({day.standard})"
    extra = f" with {', '.join(parts)}" if parts else ""
    return f"  {when} AQI {day.aqi:g}{standard}{extra}, {day.source}"


def _time(day: Day) -> float:
    return day.taken_at.timestamp() if day.taken_at else 0.0
