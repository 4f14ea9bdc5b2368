"""A site by its file or by its name in the label store: read, and written back to where it was."""

import argparse
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aqfusion.commands.labels.opened import opened
from aqfusion.commands.options import UsageError, report
from aqfusion.settings import load_settings
from aqfusion.sites.site import Day, Site
from aqfusion.sites.site_file import read_site, write_site

if TYPE_CHECKING:
    from aqfusion.labels.sites import KeptSite
    from aqfusion.model.predict import Predictor

__all__ = [
    *("NamedSite", "add_site_argument", "is_file", "knows_sites", "site_for", "site_named"),
]

_ENDING = ".json"
_MOST_NAMES = 12  # in a sentence


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
            with opened() as store:
                now = datetime.now(UTC)
                operator = store.accounts.operator(now)
                store.sites.add_days(operator, self.id, days, uuid.uuid4().hex, now)
        return site

    def change(self, site: Site) -> None:
        """Keep the site with another place, reference photo, landmarks or days' photos."""
        if self.file is not None:
            write_site(self.file, site)
        elif self.id is not None:
            with opened() as store:
                now = datetime.now(UTC)
                operator = store.accounts.operator(now)
                head = replace(site, days=())
                store.sites.change(operator, self.id, head, uuid.uuid4().hex, now)


def add_site_argument(parser: argparse.ArgumentParser) -> None:
    """Add `FILE_OR_NAME`; `site_named` reads it."""
    parser.add_argument(
        "site", metavar="FILE_OR_NAME", help="a site's file, or its name in the label store"
    )


def is_file(text: str) -> bool:
    """Say whether a text means a file and no name."""
    return Path(text).suffix.lower() == _ENDING or Path(text).is_file()


def site_named(text: str) -> NamedSite:
    """Find a site; what was left out of a file is told on stderr. None raises `InputError`."""
    if is_file(text):
        path = Path(text)
        read = read_site(path)
        for fault in read.faults:
            report(fault)
        return NamedSite(read.site, file=path)
    kept = _kept(text)
    if kept is None:
        rule = f"site must be a file ({_ENDING}) or a name in the label store"
        raise UsageError(f"{rule}, got {text[:80]!r}")
    return NamedSite(kept.site, id=kept.id)


def site_for(predictor: "Predictor", text: str) -> Site:
    """Find a site for a prediction: a file, a place that the model knows, or one of the store.

    Settled labels of the place are days of it, except for a file, which says all itself.
    """
    if is_file(text):
        return site_named(text).site
    known = predictor.known_sites()
    for name in ("learned_as", "name"):
        found = [site for site in known if _key(getattr(site, name) or "") == _key(text)]
        if len(found) == 1:
            return _with_labels(found[0])
        if found:
            names = ", ".join(site.learned_as or "" for site in found)
            raise UsageError(f"--site must mean one place, and may be {names}")
    kept = _kept(text)
    if kept is not None:
        return _with_labels(kept.site)
    names = "".join(f", {site.learned_as}" for site in known[:_MOST_NAMES])
    more = ", ..." if len(known) > _MOST_NAMES else ""
    places = f", or a place of the model's as in{names[1:]}{more}" if known else ""
    rule = f"--site must be a file ({_ENDING}) or a name in the label store{places}"
    raise UsageError(f"{rule}, got {text[:80]!r}")


def knows_sites(predictor: "Predictor") -> bool:
    """Say whether a model can use a site's history; if not, that is told on stderr."""
    if predictor.checkpoint.sites is None:
        report(f"model {predictor.name} is of before sites: the history is not used")
    return predictor.checkpoint.sites is not None


def _kept(name: str) -> "KeptSite | None":
    """The store's site of this name; a store that is not there is not made."""
    if not _has_store():
        return None
    with opened() as store:
        operator = store.accounts.operator(datetime.now(UTC))
        if not any(_key(one.name) == _key(name) for one in store.sites.entries(operator)):
            return None
        return store.sites.named(operator, name)


def _with_labels(site: Site) -> Site:
    if not _has_store():
        return site
    with opened() as store:
        return store.with_labels(site)


def _has_store() -> bool:
    settings = load_settings()
    own = Path(settings.home) / "labels" / "labels.db"
    return settings.labels is not None or own.is_file()


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
