"""`site show`: what is known of a site, for people or as its file."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator

from aqfusion.commands.options import Commands, Parser, print_lines
from aqfusion.commands.site.named import add_site_argument, site_named
from aqfusion.sites.site import MODEL_STANDARD, Day, Site
from aqfusion.sites.site_file import site_bytes

_NEWEST = 10


def add_show_command(commands: "Commands[Parser]") -> None:
    """Add `site show`."""
    parser = commands.add_parser(
        "show",
        help="tell what is known of a site",
        description="Tell what is known of a site; with --json it is the site's file, to keep or "
        "to take elsewhere.",
        allow_abbrev=False,
    )
    add_site_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the site's file")
    parser.set_defaults(run=run_show)


def run_show(arguments: argparse.Namespace) -> None:
    """Print it."""
    site = site_named(arguments.site).site
    if arguments.json:
        sys.stdout.write(site_bytes(site).decode())
    else:
        print_lines(_lines(site))


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
        yield f"  {more} more of another standard than {MODEL_STANDARD}, which say nothing"
    sources = Counter(day.source for day in site.days)
    if sources:
        yield "  from " + ", ".join(f"{source} ({count})" for source, count in sources.items())
    for landmark in site.landmarks:
        far = "" if landmark.distance_km is None else f", {landmark.distance_km:g} km away"
        yield f"  landmark {landmark.name}{far}"
    if site.landmarks and site.reference is None:
        yield "  without a reference photo, so that nothing is measured at its landmarks"
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
