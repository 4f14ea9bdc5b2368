"""`site landmark`: draw dark distant things on a site's photo, and measure photos there."""

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aqfusion.cli.options import Number, PathText, UsageError, json_option, print_json, refuse
from aqfusion.cli.site_options import NamedSite, site_argument, site_named
from aqfusion.sites.landmark import Box

if TYPE_CHECKING:
    from aqfusion.images.photo import Photo
    from aqfusion.sites.extinction import Contrast


class BoxType(click.ParamType[Box]):
    """A box on a photo: left, top, right and bottom as shares of its width and height."""

    name = "box"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Box:
        if isinstance(value, Box):
            return value
        try:
            left, top, right, bottom = map(float, str(value).split(","))
        except ValueError:
            rule = "must be four numbers from 0 to 1, for example 0.4,0.5,0.45,0.6"
            refuse(param, rule, str(value)[:60])
        return Box(left, top, right, bottom)


@dataclasses.dataclass(frozen=True)
class _Drawn:
    """What is drawn as a landmark."""

    box: Box
    sky: Box | None
    distance_km: float | None
    name: str | None


@click.command(short_help="Draw a landmark on a site's reference photo, or measure a photo.")
@site_argument
@click.option(
    "--photo", type=PathText(), metavar="FILE", help="the reference photo, or one to measure"
)
@click.option(
    "--box",
    type=BoxType(),
    metavar="X0,Y0,X1,Y1",
    help="box around the dark object, without any sky",
)
@click.option(
    "--sky",
    type=BoxType(),
    metavar="X0,Y0,X1,Y1",
    help="a patch of sky (default: just above the box)",
)
@click.option("--distance-km", type=Number(), metavar="D", help="distance to the object, if known")
@click.option("--name", metavar="NAME", help="name of the landmark (default: a number)")
@click.option("--remove", metavar="NAME", help="remove this landmark")
@json_option
def landmark(
    site: str, photo: str | None, box: Box | None, remove: str | None, **more: Any
) -> None:
    """Draw a landmark on a site's reference photo, or measure a photo at its landmarks.

    With --box, a dark distant object in the photo becomes a landmark; the first one makes the
    photo the site's reference photo. With --photo alone, the photo is measured at the site's
    landmarks. A box is left,top,right,bottom as shares of the photo's width and height, from the
    top left corner.
    """
    typed = [f"--{name.replace('_', '-')}" for name, value in more.items() if value is not None]
    if box is None and typed:
        raise UsageError(f"{typed[0]} needs --box")
    if (remove is None) == (photo is None):
        raise UsageError("site landmark must have either --photo or --remove")
    if remove is not None and box is not None:
        raise UsageError("--box is not allowed with --remove")
    named = site_named(site)
    if remove is not None:
        _remove(named, remove)
        return
    from aqfusion.images.photo import Photo

    opened = Photo.open(Path(str(photo)))
    if box is not None:
        _draw(named, opened, _Drawn(box, **more))
    else:
        _measure(named, opened)


def _remove(named: NamedSite, name: str) -> None:
    from aqfusion.sites.landmark_drawing import remove_landmark

    site = remove_landmark(named.site, name)
    named.change(site)
    print_json(
        {
            "site": site.name,
            "kept_in": named.where,
            "removed": name,
            "landmarks": [landmark.name for landmark in site.landmarks],
        }
    )


def _draw(named: NamedSite, photo: "Photo", asked: _Drawn) -> None:
    from aqfusion.sites.landmark_drawing import draw_landmark

    drawn = draw_landmark(named.site, photo, asked.box, asked.name, asked.sky, asked.distance_km)
    named.change(drawn.site)
    print_json(
        {
            "site": drawn.site.name,
            "kept_in": named.where,
            "landmark": drawn.landmark.name,
            "box": _sides(drawn.landmark.box),
            "sky": _sides(drawn.landmark.sky),
            "distance_km": asked.distance_km,
            "on_the_reference_photo": _contrast_as_json(drawn.contrast, asked.distance_km),
            "landmarks": [landmark.name for landmark in drawn.site.landmarks],
            "days_to_add_again": sum(day.photo is not None for day in drawn.site.days),
        }
    )


def _measure(named: NamedSite, photo: "Photo") -> None:
    from aqfusion.sites.extinction import extinctions
    from aqfusion.sites.landmark_evidence import site_evidence

    if not named.site.landmarks:
        raise UsageError("The site has no landmarks. Draw one with --box")
    measured = extinctions(named.site, photo)
    evidence = site_evidence(named.site, measured.values)
    print_json(
        {
            "site": named.site.name,
            "refused": measured.refused,
            "landmarks": [
                {
                    "landmark": sighting.landmark.name,
                    "box": None if sighting.box is None else _sides(sighting.box),
                    "sky": None if sighting.sky is None else _sides(sighting.sky),
                    "refused": sighting.refused,
                    "seen": None
                    if sighting.contrast is None
                    else _contrast_as_json(sighting.contrast, sighting.landmark.distance_km),
                }
                for sighting in measured.sightings
            ],
            "evidence": None
            if evidence is None
            else {
                "times_the_usual_aqi": round(math.exp(evidence.shift), 3),
                **{name: round(value, 4) for name, value in dataclasses.asdict(evidence).items()},
            },
        }
    )


def _contrast_as_json(contrast: "Contrast", distance_km: float | None) -> dict[str, Any]:
    from aqfusion.sites.extinction import visual_range

    numbers: dict[str, Any] = {
        "extinction": round(contrast.extinction, 4),
        "std": round(contrast.std, 4),
        "hidden": contrast.is_hidden,
        "sky": round(contrast.sky, 4),
        "dark": round(contrast.dark, 4),
    }
    if distance_km is not None:
        distance = visual_range(contrast, distance_km)
        numbers["extinction_per_km"] = _with_ends(
            distance.per_km, distance.low_per_km, distance.high_per_km
        )
        numbers["visual_range_km"] = _with_ends(distance.km, distance.low_km, distance.high_km)
    return numbers


def _with_ends(value: float | None, low: float, high: float | None) -> dict[str, float | None]:
    """A value with its 90 % interval; `None` where there is no end."""
    ends = {"value": value, "low": low, "high": high}
    return {
        name: None if end is None or math.isinf(end) else round(end, 4)
        for name, end in ends.items()
    }


def _sides(box: Box) -> list[float]:
    return [round(side, 4) for side in (box.left, box.top, box.right, box.bottom)]
