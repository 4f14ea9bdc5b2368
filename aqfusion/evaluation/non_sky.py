"""Pictures that show no sky by day: a photo screen is tested on them, and never fitted."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from aqfusion.photo import Photo, PhotoError
from aqfusion.scenes.indoor import indoor
from aqfusion.scenes.night import night
from aqfusion.scenes.nothing import nothing

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
