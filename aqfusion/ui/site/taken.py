"""The capture time of a photo, if its file has it; never assumed to be now."""

from datetime import UTC, datetime

from aqfusion.photo import Photo
from aqfusion.sites.site import Site
from aqfusion.ui import reader_zone


def taken_at(photo: Photo | None, site: Site | None) -> datetime | None:
    """The time of the camera's clock, read in the zone of the site or else the reader's.

    A time in the future comes from a clock that was set wrong, and gives `None`.
    """
    if photo is None or photo.taken_at is None:
        return None
    clock = (None if site is None else site.zone) or reader_zone.here()
    time = photo.taken_at if photo.taken_at.tzinfo else photo.taken_at.replace(tzinfo=clock)
    return time if time <= datetime.now(UTC) else None
