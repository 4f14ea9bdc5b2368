"""Drawing a landmark on a site's reference photo: refusals at once, and its contrast."""

from dataclasses import dataclass, replace

from aqfusion.images.photo import Photo
from aqfusion.sites.extinction import Contrast, measure
from aqfusion.sites.landmark import Box, Landmark, LandmarkError
from aqfusion.sites.reference_photo import ReferencePhoto
from aqfusion.sites.site import Site

MOST_LANDMARKS = 20
_MOST_STD = 1 / 3  # of the extinction: a contrast of three standard deviations


@dataclass(frozen=True)
class Drawn:
    """The site with its new landmark, and what that measures on the reference photo itself."""

    site: Site
    landmark: Landmark
    contrast: Contrast


def draw_landmark(
    site: Site,
    photo: Photo,
    box: Box,
    name: str | None = None,
    sky: Box | None = None,
    distance_km: float | None = None,
) -> Drawn:
    """Add a landmark by its box on `photo`; the first one makes that the site's reference photo.

    Without a name it is called by the next number that is free. A box that cannot be measured on
    the photo it is drawn on, or another photo than the reference, raises `LandmarkError`.
    """
    if site.landmarks and site.reference is not None and site.reference.digest != photo.digest:
        raise LandmarkError(
            "landmarks must be drawn on the site's reference photo, got another photo: use the "
            "reference photo, or remove the landmarks of the site first"
        )
    if len(site.landmarks) >= MOST_LANDMARKS:
        raise LandmarkError(f"a site must have at most {MOST_LANDMARKS} landmarks, got one more")
    landmark = Landmark.from_boxes(_free_name(site, name), box, sky, distance_km)
    contrast = measure(photo.image, landmark.box, landmark.sky)
    if contrast.is_hidden or contrast.std > _MOST_STD:
        rule = "the landmark must stand out from the sky on the reference photo"
        share = 1 - contrast.dark / contrast.sky
        raise LandmarkError(
            f"{rule}, got a contrast of {max(share, 0):.1%}: use a photo of a clearer day"
        )
    kept = site.reference if site.reference and site.landmarks else ReferencePhoto.from_photo(photo)
    return Drawn(
        replace(site, reference=kept, landmarks=(*site.landmarks, landmark)), landmark, contrast
    )


def remove_landmark(site: Site, name: str) -> Site:
    """The site without a landmark; the extinctions of its days stay, and have no effect."""
    if name not in _names(site):
        valid_names = ", ".join(_names(site)) or "none"
        raise LandmarkError(
            f"landmark must be one of the site's ({valid_names}), got {name[:60]!r}"
        )
    kept = tuple(landmark for landmark in site.landmarks if landmark.name != name)
    return replace(site, landmarks=kept, reference=site.reference if kept else None)


def _free_name(site: Site, name: str | None) -> str:
    """The name, if no landmark and no day's extinction is called so: two boxes never mix."""
    used = set(_names(site))
    used |= {
        landmark_name
        for day in site.days
        if day.photo is not None
        for landmark_name in day.photo.extinction
    }
    if name is None:
        return next(f"landmark {n}" for n in range(1, 10_000) if f"landmark {n}" not in used)
    if name.strip() in used:
        rule = "landmark name must be new to the site and to what its days have measured"
        raise LandmarkError(f"{rule}, got {name.strip()[:60]!r}")
    return name.strip()


def _names(site: Site) -> list[str]:
    return [landmark.name for landmark in site.landmarks]
