"""The extinction at each of a site's landmarks in a new photo, or the reason why there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aqfusion.photo import Photo
from aqfusion.sites.contrast import Contrast, measure
from aqfusion.sites.landmark import Box, Landmark, LandmarkError
from aqfusion.sites.registration import register
from aqfusion.sites.site import Site


@dataclass(frozen=True)
class Sighting:
    """One landmark in one photo: `box` and `sky` are where they are in that photo, upright.

    They are `None` where the photo could not be matched; either `contrast` or `refused` is given.
    """

    landmark: Landmark
    box: Box | None = None
    sky: Box | None = None
    contrast: Contrast | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Extinctions:
    """A sighting for each landmark, in the site's order; `refused` holds for all of the photo."""

    sightings: tuple[Sighting, ...] = ()
    refused: str | None = None

    @property
    def values(self) -> Mapping[str, float]:
        """The extinctions that were measured, by landmark: what a `DayPhoto` keeps."""
        return {
            sighting.landmark.name: sighting.contrast.extinction
            for sighting in self.sightings
            if sighting.contrast is not None
        }

    @property
    def refusals(self) -> tuple[str, ...]:
        """A sentence for the photo or for each landmark that could not be measured."""
        if self.refused is not None:
            return (self.refused,)
        return tuple(
            f"{sighting.landmark.name}: {sighting.refused}"
            for sighting in self.sightings
            if sighting.refused
        )


def extinctions(site: Site, photo: Photo) -> Extinctions:
    """Match a photo to the site's reference photo and measure each landmark."""
    if not site.landmarks:
        return Extinctions()
    if site.reference is None:
        return _refused(site, "the site must have a reference photo for its landmarks, got none")
    try:
        registration = register(site.reference, photo)
    except LandmarkError as error:
        return _refused(site, str(error))
    return Extinctions(
        tuple(_sighting(landmark, photo, registration.place) for landmark in site.landmarks)
    )


def _refused(site: Site, sentence: str) -> Extinctions:
    return Extinctions(
        tuple(Sighting(landmark, refused=sentence) for landmark in site.landmarks), sentence
    )


def _sighting(landmark: Landmark, photo: Photo, place: Callable[[Box], Box]) -> Sighting:
    try:
        box, sky = place(landmark.box), place(landmark.sky)
    except LandmarkError as error:
        return Sighting(landmark, refused=str(error))
    try:
        return Sighting(landmark, box, sky, measure(photo.image, box, sky))
    except LandmarkError as error:
        return Sighting(landmark, box, sky, refused=str(error))
