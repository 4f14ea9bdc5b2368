"""`site landmark`: draw dark distant things on a site's photo, and measure photos there."""

import argparse
import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqfusion.commands.options import Commands, Parser, UsageError, add_json_option, print_json
from aqfusion.commands.site.named import NamedSite, add_site_argument, site_named
from aqfusion.sites.landmark import Box

if TYPE_CHECKING:
    from aqfusion.photo import Photo
    from aqfusion.sites.contrast import Contrast


def add_landmark_command(commands: "Commands[Parser]") -> None:
    """Add `site landmark`."""
    parser = commands.add_parser(
        "landmark",
        help="draw a landmark on a site's reference photo, or measure a photo at its landmarks",
        description="With --box, add a dark distant thing of the photo as a landmark; the first "
        "one makes the photo the site's reference photo. With --photo alone, tell what that photo "
        "shows at the site's landmarks. Boxes are left,top,right,bottom as shares of the photo's "
        "width and height, from its top left corner.",
        allow_abbrev=False,
    )
    add_site_argument(parser)
    parser.add_argument("--photo", metavar="FILE", help="the reference photo, or one to measure")
    parser.add_argument("--box", metavar="X0,Y0,X1,Y1", help="the dark thing, without any sky")
    parser.add_argument(
        "--sky", metavar="X0,Y0,X1,Y1", help="a patch of sky (default: just above the box)"
    )
    parser.add_argument("--distance-km", metavar="D", help="how far away it is, if known")
    parser.add_argument("--name", metavar="NAME", help="what it is called (default: a number)")
    parser.add_argument("--remove", metavar="NAME", help="take this landmark away instead")
    add_json_option(parser)
    parser.set_defaults(run=run_landmark)


def run_landmark(arguments: argparse.Namespace) -> None:
    """Add, remove or measure; print what there is then."""
    drawn = [
        f"--{option.replace('_', '-')}"
        for option in ("sky", "distance_km", "name")
        if getattr(arguments, option) is not None
    ]
    if arguments.box is None and drawn:
        raise UsageError(f"{drawn[0]} must come with --box, got none")
    if (arguments.remove is None) == (arguments.photo is None):
        raise UsageError("site landmark must have either --photo or --remove")
    if arguments.remove is not None and arguments.box is not None:
        raise UsageError("--box must not come with --remove")
    named = site_named(arguments.site)
    if arguments.remove is not None:
        _remove(named, arguments.remove)
    elif arguments.box is not None:
        _draw(named, arguments)
    else:
        from aqfusion.photo import Photo

        _measure(named, Photo.open(arguments.photo))


def _remove(named: NamedSite, name: str) -> None:
    from aqfusion.sites.drawing import remove_landmark

    site = remove_landmark(named.site, name)
    named.change(site)
    print_json(
        {
            "site": site.name,
            "kept_in": named.where,
            "removed": name,
            "landmarks": [one.name for one in site.landmarks],
        }
    )


def _draw(named: NamedSite, arguments: argparse.Namespace) -> None:
    from aqfusion.photo import Photo
    from aqfusion.sites.drawing import draw_landmark

    box = _box("--box", arguments.box)
    sky = None if arguments.sky is None else _box("--sky", arguments.sky)
    distance_km = _kilometres(arguments.distance_km)
    photo = Photo.open(Path(arguments.photo))
    drawn = draw_landmark(named.site, photo, box, arguments.name, sky, distance_km)
    named.change(drawn.site)
    print_json(
        {
            "site": drawn.site.name,
            "kept_in": named.where,
            "landmark": drawn.landmark.name,
            "box": _sides(drawn.landmark.box),
            "sky": _sides(drawn.landmark.sky),
            "distance_km": distance_km,
            "on_the_reference_photo": _told(drawn.contrast, distance_km),
            "landmarks": [one.name for one in drawn.site.landmarks],
            "days_to_add_again": sum(day.photo is not None for day in drawn.site.days),
        }
    )


def _measure(named: NamedSite, photo: "Photo") -> None:
    from aqfusion.sites.extinction import extinctions
    from aqfusion.sites.landmark_evidence import site_evidence

    if not named.site.landmarks:
        raise UsageError("the site must have landmarks to measure a photo at, draw one with --box")
    seen = extinctions(named.site, photo)
    evidence = site_evidence(named.site, seen.values)
    print_json(
        {
            "site": named.site.name,
            "refused": seen.refused,
            "landmarks": [
                {
                    "landmark": one.landmark.name,
                    "box": None if one.box is None else _sides(one.box),
                    "sky": None if one.sky is None else _sides(one.sky),
                    "refused": one.refused,
                    "seen": None
                    if one.contrast is None
                    else _told(one.contrast, one.landmark.distance_km),
                }
                for one in seen.sightings
            ],
            "evidence": None
            if evidence is None
            else {
                "times_the_usual_aqi": round(math.exp(evidence.shift), 3),
                **{name: round(value, 4) for name, value in dataclasses.asdict(evidence).items()},
            },
        }
    )


def _told(contrast: "Contrast", distance_km: float | None) -> dict[str, Any]:
    from aqfusion.sites.visual_range import visual_range

    told: dict[str, Any] = {
        "extinction": round(contrast.extinction, 4),
        "std": round(contrast.std, 4),
        "hidden": contrast.is_hidden,
        "sky": round(contrast.sky, 4),
        "dark": round(contrast.dark, 4),
    }
    if distance_km is not None:
        seen = visual_range(contrast, distance_km)
        told["extinction_per_km"] = _with_ends(seen.per_km, seen.low_per_km, seen.high_per_km)
        told["visual_range_km"] = _with_ends(seen.km, seen.low_km, seen.high_km)
    return told


def _with_ends(value: float | None, low: float, high: float | None) -> dict[str, float | None]:
    """A value with its 90 % interval; `None` where there is no end."""
    ends = {"value": value, "low": low, "high": high}
    return {
        name: None if end is None or math.isinf(end) else round(end, 4)
        for name, end in ends.items()
    }


def _sides(box: Box) -> list[float]:
    return [round(side, 4) for side in (box.left, box.top, box.right, box.bottom)]


def _box(option: str, text: str) -> Box:
    try:
        left, top, right, bottom = (float(side) for side in text.split(","))
    except ValueError:
        rule = f"{option} must be four numbers of 0 to 1, as in 0.4,0.5,0.45,0.6"
        raise UsageError(f"{rule}, got {text[:60]!r}") from None
    return Box(left, top, right, bottom)


def _kilometres(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--distance-km must be a number, got {text[:40]!r}") from None
