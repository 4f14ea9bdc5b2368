"""What the command `predict` says, in the app's terminal and in an exported folder alike.

Rules of its options, the place by its name, and the JSON that it prints. Nothing here knows how
options are read.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.readings import Reading
from aqfusion.errors import UsageError
from aqfusion.sites.site import Site
from aqfusion.time_zones import TimeError, names_offset, read_time

if TYPE_CHECKING:
    from aqfusion.images.photo import Photo
    from aqfusion.model.predictor import PhotoRefusedError, Predictor, Result

SITE_FILE = ".json"
IMAGE_HELP = "a photo of the sky: JPEG, PNG, WebP, HEIC or AVIF"
UNIT_HELP = "another unit, for example o3=ppb; may be repeated"
TRUST_HELP = "use a photo even if it looks unsuitable"
TIME_HELP = "time, for example 2023-02-01T08:30+05:30; without an offset, local time of the site"
_YEARS = range(1970, 2200)
_MOST_NAMES = 12  # in a sentence


def reading_option_names() -> str:
    """The options of the readings, for a sentence."""
    return ", ".join(f"--{name}" for name in POLLUTANTS)


def unit_of(option: str, text: str) -> tuple[str, str]:
    """A pollutant and its unit, as in o3=ppb; whether they exist tells `Reading.from_values`."""
    name, equals, unit = text.partition("=")
    if not equals:
        raise UsageError(f"{option} must look like o3=ppb, got {text!r}")
    return name.strip(), unit


def require_some_input(command: str, image: str | None, reading: Reading, site: str | None) -> None:
    """Refuse a command line from which nothing can be predicted."""
    if image is None and not reading.present and site is None:
        raise UsageError(
            f"{command} must have --image, --site or at least one of "
            f"{reading_option_names()}, got none"
        )


def refused_photo(command: str, error: "PhotoRefusedError") -> UsageError:
    """What a command says of a photo that is refused, and nothing beside it."""
    return UsageError(
        f"{command} must have a usable photo, --site with days or at least one of "
        f"{reading_option_names()}, got only a photo that is left out: {error.problem} "
        "(--trust-photo uses it anyway)"
    )


def require_offset(taken_at: str | None, site: str | None) -> None:
    """Refuse a time without an offset where no site can have a time zone."""
    if taken_at is not None and site is None and not names_offset(taken_at):
        rule = "--taken-at must have an offset where there is no --site"
        raise UsageError(f"{rule}, got {taken_at[:40]!r}")


def moment(taken_at: str | None, site: Site | None) -> datetime | None:
    """The time of `--taken-at`, by the site's clock where it names no offset."""
    if taken_at is None:
        return None
    try:
        time = read_time(taken_at, None if site is None else site.zone)
        if time.year not in _YEARS:
            raise TimeError(f"must be of the years {_YEARS.start} to {_YEARS.stop - 1}")
        return time
    except TimeError as error:
        raise UsageError(f"--taken-at {error}, got {taken_at[:40]!r}") from error


def means_file(text: str) -> bool:
    """Say whether the text of `--site` means a file and no name."""
    return Path(text).suffix.lower() == SITE_FILE or Path(text).is_file()


def name_key(name: str) -> str:
    """A place's name for comparing: letter case and blanks do not count."""
    return " ".join(name.split()).casefold()


def learned_site(learned: Sequence[Site], text: str) -> Site | None:
    """The place that a model was trained on under this name; several raise `UsageError`."""
    for field in ("learned_as", "name"):
        same = [site for site in learned if name_key(getattr(site, field) or "") == name_key(text)]
        if len(same) == 1:
            return same[0]
        if same:
            names = ", ".join(site.learned_as or "" for site in same)
            raise UsageError(f"--site fits several places: {names}. Name one of them")
    return None


def unknown_site(rule: str, learned: Sequence[Site], text: str) -> UsageError:
    """What a command says of a site that is none: `rule`, and some places that the model knows."""
    names = "".join(f", {site.learned_as}" for site in learned[:_MOST_NAMES])
    more = ", ..." if len(learned) > _MOST_NAMES else ""
    places = f", or a place of the model, such as{names[1:]}{more}" if learned else ""
    return UsageError(f"--site must be {rule}{places}, got {text[:80]!r}")


def sites_unused(predictor: "Predictor") -> str | None:
    """The sentence that a model cannot use a site's history; `None` where it can."""
    if predictor.checkpoint.sites is not None:
        return None
    return f"model {predictor.name} cannot use sites: the history is not used"


def prediction_json(
    predictor: "Predictor", reading: Reading, photo: "Photo | None", result: "Result"
) -> dict[str, Any]:
    """What `predict` prints."""
    return {
        **result.fused.as_json(),
        "modalities": list(result.modalities),
        "readings": list(result.readings_used),
        "photo_share": round(result.photo_share, 4),
        "site_share": round(result.site_share, 4),
        "photo_problem": result.photo_problem,
        "photo_notes": list(photo.notes) if photo else [],
        "image_only": result.image_only and result.image_only.as_json(),
        "sensors_only": result.sensors_only and result.sensors_only.as_json(),
        "site_only": result.site_only and result.site_only.as_json(),
        "site": predictor.site and {"name": predictor.site.name, "days": result.site_days},
        "landmarks": result.landmarks and asdict(result.landmarks),
        "haze": result.haze and {"score": result.haze.score, "words": result.haze.words},
        "formula": {key: standard(key).index(reading).as_json() for key in STANDARDS},
        "model": predictor.name,
    }
