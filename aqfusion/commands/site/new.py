"""`site new`: begin a site's file."""

import argparse
from pathlib import Path

from aqfusion.commands.options import Commands, Parser, UsageError, add_json_option, print_json
from aqfusion.sites.site import Site
from aqfusion.sites.site_file import write_site
from aqfusion.time_zones import TimeError, zone, zone_at


def add_new_command(commands: "Commands[Parser]") -> None:
    """Add `site new`."""
    parser = commands.add_parser(
        "new",
        help="begin a site's file",
        description="Write the file of a site without days; one that exists is not overwritten.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="what the place is called")
    parser.add_argument("--lat", metavar="DEGREES", help="its latitude, north is positive")
    parser.add_argument("--lon", metavar="DEGREES", help="its longitude, east is positive")
    parser.add_argument(
        "--timezone",
        metavar="ZONE",
        help="as in Asia/Kolkata or +05:30 (default: that of the coordinates)",
    )
    parser.add_argument("--out", required=True, metavar="FILE.json", help="where to")
    add_json_option(parser)
    parser.set_defaults(run=run_new)


def run_new(arguments: argparse.Namespace) -> None:
    """Write it and print what is in it."""
    out = Path(arguments.out)
    if out.suffix.lower() != ".json":
        raise UsageError(f"--out must name a file that ends in .json, got {arguments.out!r}")
    if out.exists():
        raise UsageError(f"--out must be a new file, got {arguments.out}, which exists")
    latitude = _degrees("--lat", arguments.lat)
    longitude = _degrees("--lon", arguments.lon)
    site = Site(arguments.name, latitude, longitude, _zone(arguments, latitude, longitude))
    write_site(out, site)
    print_json(
        {
            "site": site.name,
            "latitude": site.latitude,
            "longitude": site.longitude,
            "timezone": site.timezone,
            "wrote": arguments.out,
        }
    )


def _zone(
    arguments: argparse.Namespace, latitude: float | None, longitude: float | None
) -> str | None:
    """The zone that is stated, else that of the coordinates if they are on land."""
    if arguments.timezone is not None:
        try:
            return str(zone(arguments.timezone)).removeprefix("UTC") or "UTC"
        except TimeError as error:
            raise UsageError(f"--timezone {error}, got {arguments.timezone[:40]!r}") from error
    if latitude is None or longitude is None:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # NaN too
        return None  # `Site` tells what is wrong
    found = zone_at(latitude, longitude)
    return None if found is None else str(found)


def _degrees(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option} must be degrees, got {text[:40]!r}") from None
