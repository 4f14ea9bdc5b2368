"""Where and when: a site by its file or its name, `--site` and `--taken-at` of a prediction."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aqfusion.cli.options import UsageError, label_store, now, report
from aqfusion.model.prediction_command import (
    SITE_FILE,
    TIME_HELP,
    learned_site,
    means_file,
    moment,
    name_key,
    require_offset,
    sites_unused,
    unknown_site,
)
from aqfusion.settings import load_settings
from aqfusion.sites.site import Day, Site
from aqfusion.sites.site_file import read_site, write_site

if TYPE_CHECKING:
    from aqfusion.labels.sites import StoredSite
    from aqfusion.model.predictor import Predictor


site_argument = click.argument("site", metavar="FILE_OR_NAME")  # `site_named` reads it


@dataclass(frozen=True)
class NamedSite:
    """A site, and where it is kept: a file, or a number in the label store."""

    site: Site
    file: Path | None = None
    id: int | None = None

    @property
    def where(self) -> str:
        """The place in words."""
        return str(self.file) if self.file is not None else f"the label store, site {self.id}"

    def add_days(self, days: Sequence[Day]) -> Site:
        """Keep more days, all or none; returns the site with them."""
        site = self.site
        for day in days:
            site = site.with_day(day)
        if self.file is not None:
            write_site(self.file, site)
        elif self.id is not None and days:
            with label_store() as store:
                operator, at = store.accounts.operator(now()), now()
                store.sites.add_days(operator, self.id, days, uuid.uuid4().hex, at)
        return site

    def change(self, site: Site) -> None:
        """Keep the site with another place, reference photo, landmarks or days' photos."""
        if self.file is not None:
            write_site(self.file, site)
        elif self.id is not None:
            with label_store() as store:
                operator, at = store.accounts.operator(now()), now()
                head = replace(site, days=())
                store.sites.change(operator, self.id, head, uuid.uuid4().hex, at)


@dataclass(frozen=True)
class PlaceAndTime:
    """What `--site` and `--taken-at` state."""

    name: str | None
    time: str | None

    def check(self) -> None:
        """Refuse what is wrong, as far as that shows before a model is loaded."""
        require_offset(self.time, self.name)
        if self._file is not None or self.name is None:
            moment(self.time, self._file)

    def at(self, predictor: "Predictor") -> "Predictor":
        """The model where and when it was."""
        if self.name is None and self.time is None:
            return predictor
        site = self._file or (None if self.name is None else site_for(predictor, self.name))
        if site is not None:
            knows_sites(predictor)
        return predictor.at(site, moment(self.time, site))

    @cached_property
    def _file(self) -> Site | None:
        return site_named(self.name).site if self.name and means_file(self.name) else None


def place_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--site` and `--taken-at`, handed on as `place`."""

    @click.option(
        "--site",
        metavar="NAME_OR_FILE",
        help="place: a site's file, a place of the model, or a site of the label store",
    )
    @click.option(
        "--taken-at",
        metavar="TIME",
        help=TIME_HELP,
    )
    @wraps(command)
    def with_place(site: str | None, taken_at: str | None, **others: Any) -> None:
        command(place=PlaceAndTime(site, taken_at), **others)

    return with_place


def site_named(text: str) -> NamedSite:
    """Find a site; what was left out of a file goes to stderr. None raises `UsageError`."""
    if means_file(text):
        path = Path(text)
        read = read_site(path)
        for fault in read.faults:
            report(fault)
        return NamedSite(read.site, file=path)
    stored = _stored(text)
    if stored is None:
        rule = f"site must be a file ({SITE_FILE}) or a name in the label store"
        raise UsageError(f"{rule}, got {text[:80]!r}")
    return NamedSite(stored.site, id=stored.id)


def site_for(predictor: "Predictor", text: str) -> Site:
    """Find a site for a prediction: a file, a place that the model knows, or one of the store.

    Settled labels of the place are days of it, except for a file, which says all itself.
    """
    if means_file(text):
        return site_named(text).site
    learned = predictor.known_sites()
    same = learned_site(learned, text)
    if same is not None:
        return _with_labels(same)
    stored = _stored(text)
    if stored is not None:
        return _with_labels(stored.site)
    raise unknown_site(f"a file ({SITE_FILE}) or a name in the label store", learned, text)


def knows_sites(predictor: "Predictor") -> bool:
    """Say whether a model can use a site's history; if not, stderr says so."""
    unused = sites_unused(predictor)
    if unused:
        report(unused)
    return unused is None


def _stored(name: str) -> "StoredSite | None":
    """The store's site of this name; a store that is not there is not made."""
    if not _has_store():
        return None
    with label_store() as store:
        operator = store.accounts.operator(now())
        if not any(name_key(site.name) == name_key(name) for site in store.sites.entries(operator)):
            return None
        return store.sites.named(operator, name)


def _with_labels(site: Site) -> Site:
    if not _has_store():
        return site
    with label_store() as store:
        return store.with_labels(site)


def _has_store() -> bool:
    settings = load_settings()
    own = Path(settings.home) / "labels" / "labels.db"
    return settings.labels is not None or own.is_file()
