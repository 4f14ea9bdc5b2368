"""`--site` and `--taken-at`: where and when what is asked about was seen or measured."""

import argparse
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aqfusion.commands.options import UsageError
from aqfusion.commands.site.named import is_file, knows_sites, site_for, site_named
from aqfusion.sites.site import Site
from aqfusion.time_zones import TimeError, names_offset, read_time

if TYPE_CHECKING:
    from aqfusion.model.predict import Predictor

_YEARS = range(1970, 2200)


def add_where_options(parser: argparse.ArgumentParser) -> None:
    """Add both; `Where.of` reads them."""
    parser.add_argument(
        "--site",
        metavar="NAME_OR_FILE",
        help="where it was: a site's file, a place of the model's, or a site of the label store",
    )
    parser.add_argument(
        "--taken-at",
        metavar="TIME",
        help="when it was, as in 2023-02-01T08:30+05:30; without an offset on the site's clock",
    )


@dataclass(frozen=True)
class Where:
    """What was stated; `site` is known at once if it is a file."""

    name: str | None
    time: str | None
    site: Site | None

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Where":
        """Read the options; what is wrong is said before a model is loaded, if that can be."""
        name, time = arguments.site, arguments.taken_at
        if time is not None and name is None and not names_offset(time):
            raise UsageError(f"--taken-at must name its offset without --site, got {time[:40]!r}")
        site = site_named(name).site if name is not None and is_file(name) else None
        where = cls(name, time, site)
        if site is not None or name is None:
            where._taken_at(site)
        return where

    def at(self, predictor: "Predictor") -> "Predictor":
        """The model where and when it was."""
        if self.name is None and self.time is None:
            return predictor
        site = self.site or (None if self.name is None else site_for(predictor, self.name))
        if site is not None:
            knows_sites(predictor)
        return predictor.at(site, self._taken_at(site))

    def _taken_at(self, site: Site | None) -> datetime | None:
        if self.time is None:
            return None
        try:
            time = read_time(self.time, None if site is None else site.zone)
            if time.year not in _YEARS:
                raise TimeError(f"must be of the years {_YEARS.start} to {_YEARS.stop - 1}")
            return time
        except TimeError as error:
            raise UsageError(f"--taken-at {error}, got {self.time[:40]!r}") from error
