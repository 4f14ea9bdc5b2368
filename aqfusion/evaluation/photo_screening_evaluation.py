"""Photo screening: false alarms on unseen photos, and pictures without sky that it refuses."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from aqfusion.images.photo import Photo, PhotoError
from aqfusion.synthetic_scenes.non_sky import indoor, night, nothing


def guard_figures(
    places: Sequence[str], margins: Tensor, pictures: Mapping[str, Tensor]
) -> dict[str, Any]:
    """The "guard" object of a model's figures.

    `margins` (N,) are score less threshold of real photos taken at `places`, each by a photo
    screen that had not seen its group; `pictures` holds those of each set of pictures without sky.
    Above 0 is refused. "caught" is the mean over the sets: a renderer can make one of any size.
    """
    if len(places) != len(margins):
        raise ValueError(f"places must be one per photo, got {len(places)} for {len(margins)}")
    alarms = (margins > 0).tolist()
    per_place: dict[str, list[bool]] = {}
    for place, alarm in zip(places, alarms, strict=True):
        per_place.setdefault(place, []).append(alarm)
    caught = {name: (picture_margins > 0).tolist() for name, picture_margins in pictures.items()}
    return {
        "photos": len(alarms),
        "false_alarms": _share(alarms),
        "false_alarms_per_place": {place: _share(refused) for place, refused in per_place.items()},
        "pictures": {
            name: {"caught": sum(refused), "of": len(refused)} for name, refused in caught.items()
        },
        "caught": _share([_share(refused) for refused in caught.values()]),
    }


def _share(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


RENDERED: dict[str, Callable[[int], Image.Image]] = {
    "rendered night": night,
    "rendered indoor": indoor,
    "blank": nothing,
}
# Pagoda, trees and a clear sky by day: a photo screen is right to accept it.
_SHOWS_A_SKY = {"china"}


def non_sky_pictures(count: int = 24) -> dict[str, dict[str, Photo]]:
    """By set and name: `count` of each rendered kind, and what two libraries bring along.

    scikit-image and scikit-learn are left out where they are not installed. Nothing is
    downloaded: only the files inside the packages are read.
    """
    sets = {
        kind: {str(seed): Photo.from_image(draw(seed)) for seed in range(count)}
        for kind, draw in RENDERED.items()
    }
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        photos = _packaged(package, folder)
        if photos:
            sets[f"{package}.{folder.split('/')[0]}"] = photos
    return sets


def _packaged(package: str, folder: str) -> dict[str, Photo]:
    """Pictures of an installed package by name; those too small for a photo are left out."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return {}
    photos = {}
    for path in sorted((Path(spec.origin).parent / folder).iterdir()):
        if path.suffix not in {".png", ".jpg"} or path.stem in _SHOWS_A_SKY:
            continue
        try:
            # Not Photo.open: some of them are in modes or sizes that no camera makes.
            with Image.open(path) as image:
                photos[path.stem] = Photo.from_image(image)
        except PhotoError:
            continue
    return photos
