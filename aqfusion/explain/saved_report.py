"""A report read back from its JSON, whoever wrote it: what is needed to repeat it, checked."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.sensors import Reading, ReadingError
from aqfusion.errors import InputError
from aqfusion.explain.saved_site import SavedSite, site_digest
from aqfusion.io.json_models import TableError
from aqfusion.photo import Photo
from aqfusion.sites.site import Site
from aqfusion.table_file import Field, parse_table

FORMAT = 2
_WITHOUT_SITES = 1  # a format of before there were sites
RESULTS = ("prediction", "explanation", "formula")  # what a repetition must find again
_LARGEST = 1_000_000  # bytes; a report has about 10 000
_YEARS = range(1970, 2200)
_SHOWN = 12  # characters of a checksum, in sentences


class ReportError(InputError):
    """A report that cannot be repeated with this model or this photo."""


@dataclass(frozen=True)
class SavedReport:
    """What a report says went in, and where its results stand.

    `photo_digest` is `None` where there was no photo, `site` where no place was known.
    """

    file: Field
    reading: Reading
    photo_digest: str | None
    trust_photo: bool
    model: str
    sha256: str
    site: SavedSite | None = None
    taken_at: datetime | None = None
    units_stated: bool = True

    @property
    def knows_sites(self) -> bool:
        """Whether it is of a format that tells of sites."""
        return self.file["format"].whole() != _WITHOUT_SITES

    def check_photo(self, photo: Photo | None) -> None:
        """Refuse any photo but the one of the report; `ReportError`."""
        stated = self.photo_digest
        if photo is None and stated is None:
            return
        if photo is None and stated is not None:
            raise ReportError(
                f"{self.file.file} was made with a photo (digest {stated[:_SHOWN]}...): "
                "give the same photo to repeat it"
            )
        if photo is not None and stated is None:
            raise ReportError(f"{self.file.file} was made without a photo, got one")
        if photo is not None and stated is not None and photo.digest != stated:
            raise ReportError(
                f"photo must have the digest {stated[:_SHOWN]}... as {self.file.file} says, got "
                f"{photo.digest[:_SHOWN]}...; it is another photo, or another size of it"
            )

    def check_site(self, site: Site | None) -> None:
        """Refuse any site but that of the report, with the same days; `ReportError`."""
        stated = self.site
        if site is None and stated is not None:
            raise ReportError(
                f"{self.file.file} was made at {stated.name[:80]!r} with {stated.days} days "
                f"(digest {stated.digest[:_SHOWN]}...): give the same site to repeat it"
            )
        if site is not None and stated is None:
            raise ReportError(f"{self.file.file} was made without a site, got {site.name!r}")
        if site is not None and stated is not None and site_digest(site) != stated.digest:
            raise ReportError(
                f"site must have the digest {stated.digest[:_SHOWN]}... as {self.file.file} says, "
                f"got {site_digest(site)[:_SHOWN]}...; it is another place, or has other days now"
            )

    def check_model(self, name: str, sha256: str) -> None:
        """Refuse any weights but those of the report; `ReportError`."""
        if sha256 != self.sha256:
            raise ReportError(
                f"model must have the sha256 {self.sha256[:_SHOWN]}... as {self.file.file} says, "
                f"got {sha256[:_SHOWN]}... of {name[:80]!r}; another version of the model"
            )


def read_report(path: Path) -> SavedReport:
    """Read a report's file; what breaks a rule raises `TableError` with its address."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise TableError(f"{path.name} must be a readable file: {error.strerror}") from error
    return parse_report(content, path.name)


def parse_report(content: bytes, name: str = "report") -> SavedReport:
    """Read the bytes of a report as `read_report` does; `name` opens the error's sentence."""
    if len(content) > _LARGEST:
        raise TableError(f"{name} must be a report, which has less than 1 MB, got more")
    return _saved(parse_table(content, name))


def _saved(file: Field) -> SavedReport:
    if file["format"].whole() not in (_WITHOUT_SITES, FORMAT):
        raise file["format"].fault(f"must be {_WITHOUT_SITES} or {FORMAT}")
    inputs, model = file["inputs"], file["model"]
    for part in RESULTS:
        file[part].keys()
    return SavedReport(
        file=file,
        reading=_reading(inputs["readings"], inputs["units"]),
        photo_digest=inputs.optional("photo", lambda photo: _sha256(photo["digest"])),
        trust_photo=inputs["trust_photo"].flag(),
        model=model["name"].text(),
        sha256=_sha256(model["sha256"]),
        site=inputs.optional("site", _site),
        taken_at=inputs.optional("taken_at", _time),
        # a report of before units could be unknown does not say it
        units_stated=inputs.optional("units_stated", Field.flag) is not False,
    )


def _site(field: Field) -> SavedSite:
    return SavedSite(
        field["name"].text(),
        field["days"].whole(),
        field.optional("learned_as", lambda name: name.text()),
        _sha256(field["digest"]),
    )


def _time(field: Field) -> datetime:
    try:
        time = datetime.fromisoformat(field.text())
    except ValueError:
        time = datetime.min
    if time.tzinfo is None or time.year not in _YEARS:
        rule = f"of the years {_YEARS.start} to {_YEARS.stop - 1} with its offset from UTC"
        raise field.fault(f"must be a time of ISO 8601, {rule}")
    return time


def _reading(readings: Field, units: Field) -> Reading:
    if set(readings.keys()) != set(POLLUTANTS):
        raise readings.fault(f"must name {', '.join(POLLUTANTS)} and nothing else")
    for name in POLLUTANTS:
        if units[name].value != pollutant(name).unit:
            raise units[name].fault(f"must be {pollutant(name).unit!r}")
    try:
        return Reading(**{name: readings.optional(name, _concentration) for name in POLLUTANTS})
    except ReadingError as error:  # whose sentence the pollutant's name opens
        raise TableError(f"{readings.file}: {readings.path}.{error}") from error


def _concentration(field: Field) -> float:
    return field.size()


def _sha256(field: Field) -> str:
    if not re.fullmatch("[0-9a-f]{64}", field.text()):
        raise field.fault("must be 64 hexadecimal digits")
    return field.text()
