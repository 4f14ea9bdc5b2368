"""Does a saved report come out again? The same model, the same input, and every number compared."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aqfusion.explain.attribution import LANDMARKS, SITE
from aqfusion.explain.report import Inputs, PredictionReport, as_json, report_of
from aqfusion.explain.saved_report import RESULTS, SavedReport
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor
from aqfusion.sites.site import Site

# Other processors add in another order: a figure may differ in its last digits, and a whole
# number by one where it stood close to a half.
_RELATIVE, _ABSOLUTE, _WHOLE = 1e-4, 1e-3, 1


@dataclass(frozen=True)
class Difference:
    """One value at `path` (`prediction.fused.aqi`) that came out otherwise; both in words."""

    path: str
    stated: str
    recomputed: str


@dataclass(frozen=True)
class Reproduction:
    """A recomputed report, and its differences from the saved one."""

    report: PredictionReport
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether every number came out again."""
        return not self.differences


def reproduce(
    saved: SavedReport, predictor: Predictor, photo: Photo | None, now: datetime
) -> Reproduction:
    """Predict and explain again; raises for another model, photo or site than the report's.

    The error is `ReportError`. A place that the model knows need not be passed in.
    """
    saved.check_photo(photo)
    saved.check_model(predictor.name, predictor.checkpoint.sha256)
    site = predictor.site or _learned(saved, predictor)
    saved.check_site(site)
    there = predictor.at(site, saved.taken_at)
    inputs = Inputs(saved.reading, photo, saved.trust_photo, saved.units_stated)
    report = report_of(there, inputs, now)
    recomputed = as_json(report)
    if not saved.knows_sites:
        _forget_sites(recomputed)
    differences = (
        difference
        for part in RESULTS
        for difference in _compare(part, saved.results[part], recomputed[part])
    )
    return Reproduction(report, tuple(differences))


def _learned(saved: SavedReport, predictor: Predictor) -> Site | None:
    if saved.site is None or saved.site.learned_as is None:
        return None
    named = (site for site in predictor.known_sites() if site.learned_as == saved.site.learned_as)
    return next(named, None)


def _forget_sites(report: dict[str, Any]) -> None:
    """Take out what reports of format 1 do not have."""
    for key in ("site_only", "site_share", "haze", "landmarks"):
        del report["prediction"][key]
    for name in (SITE, LANDMARKS):
        del report["explanation"]["contributions"]["points"][name]


def _compare(path: str, stated: Any, recomputed: Any) -> Iterator[Difference]:
    """Walk through the recomputed values; any other or additional stated value differs."""
    if (
        isinstance(recomputed, dict)
        and isinstance(stated, dict)
        and recomputed.keys() == stated.keys()
    ):
        for key, value in recomputed.items():
            yield from _compare(f"{path}.{key}", stated[key], value)
    elif (
        isinstance(recomputed, list) and isinstance(stated, list) and len(recomputed) == len(stated)
    ):
        for i, value in enumerate(recomputed):
            yield from _compare(f"{path}[{i}]", stated[i], value)
    elif not _same(stated, recomputed):
        yield Difference(path, _text(stated), _text(recomputed))


def _same(stated: Any, recomputed: Any) -> bool:
    """Whether two values, neither object nor list, agree."""
    if not _is_number(recomputed) or not _is_number(stated):
        return type(stated) is type(recomputed) and bool(stated == recomputed)
    if abs(stated) > 1e9:  # whatever it is, no result is
        return False
    if isinstance(recomputed, int):
        return bool(abs(stated - recomputed) <= _WHOLE)
    return math.isclose(float(stated), recomputed, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if isinstance(value, dict | list):  # which is not of the shape it should have
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
