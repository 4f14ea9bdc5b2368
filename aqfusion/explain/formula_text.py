"""One sentence on a standard's formula beside the model, for the same readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aqfusion.air.aqi import IndexResult, Standard, round_half_up, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.air.readings import Reading
from aqfusion.model.predictor import Result

_MODEL = standard("us")  # the model answers in the US AQI, whatever formula it is compared with
_TIMES = {"1h": "one hour", "8h": "8 hours", "24h": "24 hours"}
_POSITIONS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Sides:
    """The model's side of the comparison: AQI and interval, and each modality's own AQI."""

    aqi: float
    low: float
    high: float
    photo: float | None = None
    readings: float | None = None
    site: float | None = None

    @classmethod
    def from_result(cls, result: Result) -> "Sides":
        """The same of a prediction; the site counts where its days are known."""
        fused = result.fused
        alone = (
            None if prediction is None else float(prediction.aqi)
            for prediction in (
                result.image_only,
                result.sensors_only,
                result.site_only if result.site_days else None,
            )
        )
        return cls(fused.aqi, fused.low, fused.high, *alone)


def usable(index: IndexResult, unstated: Sequence[str]) -> bool:
    """Whether readings define the index: `unstated` ones, of unknown unit, do not."""
    return index.aqi is not None and not unstated


def formula_words(
    reading: Reading,
    index_standard: Standard,
    sides: Sides,
    unstated: Sequence[str] = (),
    highest: Mapping[str, float] | None = None,
) -> str:
    """The sentence for the case at hand; "" where there is no reading.

    `unstated` names the readings of unknown unit, `highest` has the largest readings that
    the model learned from, in canonical units.
    """
    index = index_standard.index(reading)
    if not reading.present:
        return ""
    if unstated:
        return _unstated(index, reading, unstated)
    if index.aqi is None or index.category is None or index.dominant is None:
        return index.incomplete or ""
    return _beside(
        _Case(reading, index_standard, index, index.aqi, index.dominant, sides), highest or {}
    )


@dataclass(frozen=True)
class _Case:
    """A whole index, its number and the pollutant that sets it, beside the model."""

    reading: Reading
    standard: Standard
    index: IndexResult
    aqi: int
    worst: str
    sides: Sides

    @property
    def label(self) -> str:
        return pollutant(self.worst).label

    @property
    def step(self) -> int:
        """By how many categories the model is above the formula."""
        return self.steps_to(self.aqi)

    def steps_to(self, index: float) -> int:
        """By how many categories the model is above an index of this standard."""
        return _place(_MODEL, self.sides.aqi) - _place(self.standard, index)


def _beside(case: _Case, highest: Mapping[str, float]) -> str:
    index, step = case.index, case.step
    most = highest.get(case.worst)
    if index.beyond:
        return (
            f"{_measured(case.reading, case.worst)} is beyond the {case.standard.short_name}, "
            "which ends at 500: the formula gives no higher value, and the model was not trained "
            "on higher values."
        )
    if step and most is not None and getattr(case.reading, case.worst) > 1.2 * most:
        return (
            f"{_measured(case.reading, case.worst)} is far above the highest value in the "
            f"training data, {most:.4g}, so only the formula can be used."
        )
    if not step:
        return _agree(case)
    photo = _photo(case)
    if photo:
        return photo
    if abs(step) == 1:
        return _one_apart(case)
    return (
        _scale(case) or _carbon_monoxide(case) or _worst_alone(case) or _site(case) or _rest(case)
    )


def _unstated(index: IndexResult, reading: Reading, unstated: Sequence[str]) -> str:
    worst = max(unstated, key=lambda name: index.sub_indices.get(name, 0))
    entry = pollutant(worst)
    return (
        f"These readings come without units, so the formula cannot be used: {entry.label} "
        f"{getattr(reading, worst):.4g}, taken as {entry.pretty_unit}, would give "
        f"{index.sub_indices.get(worst, 0)}."
    )


def _agree(case: _Case) -> str:
    category = _MODEL.category_of(case.sides.aqi)
    if case.standard.key == _MODEL.key:
        return f'Formula and model agree on "{category.name}".'
    formula_category = case.standard.category_of(case.aqi).name
    position = _POSITIONS[_place(_MODEL, case.sides.aqi)]
    return (
        f'Formula and model agree: "{formula_category}" is the {position} category of the '
        f'{case.standard.short_name}, and "{category.name}" of the US AQI, which the model '
        "predicts."
    )


def _photo(case: _Case) -> str:
    """The photo drew the model away from what readings and formula say."""
    photo, readings = case.sides.photo, case.sides.readings
    if photo is None or readings is None:
        return ""
    alone = _place(_MODEL, readings) - _place(case.standard, case.aqi)
    if abs(alone) >= abs(case.step) or (photo > readings) != (case.step > 0):
        return ""
    looks = "hazier" if photo > readings else "clearer"
    return (
        f"The photo looks {looks} than these readings suggest: the photo alone gives "
        f"{round_half_up(photo)}, the readings alone {round_half_up(readings)}, and the model "
        "combines both."
    )


def _one_apart(case: _Case) -> str:
    if case.standard.key != _MODEL.key and not _steps_in_us(case):
        return (
            "The results are one category apart, because the two scales have different category "
            f"limits: the US formula, {_MODEL.index(case.reading).aqi}, is in the model's "
            "category."
        )
    hours = _averaging(case)
    if hours == _TIMES["1h"]:
        return (
            f"The results are one category apart: the formula uses {case.label} of this hour "
            "only, while the model was trained on the AQI published for the whole day with such "
            "readings."
        )
    return (
        f"The results are one category apart: the formula treats the current {case.label} as a "
        f"mean over {hours}, while the model was trained on the AQI published at such moments."
    )


def _steps_in_us(case: _Case) -> int | None:
    """By how many categories the model is off the US formula."""
    formula_category = _MODEL.index(case.reading).aqi
    return (
        None
        if formula_category is None
        else _place(_MODEL, case.sides.aqi) - _place(_MODEL, formula_category)
    )


def _scale(case: _Case) -> str:
    """Another standard than the model's makes the difference."""
    steps = _steps_in_us(case)
    if case.standard.key == _MODEL.key or steps is None or abs(steps) > 1:
        return ""
    return (
        f"The {case.standard.short_name} is a different scale from the US AQI, which the model "
        f"predicts: by the US formula, these readings give {_MODEL.index(case.reading).aqi}; the "
        f"model predicts {round_half_up(case.sides.aqi)}."
    )


def _carbon_monoxide(case: _Case) -> str:
    if case.worst != "co":
        return ""
    return (
        "The formula depends on CO, which the model cannot interpret: the stations in the "
        "training data do not state the unit of their CO."
    )


def _worst_alone(case: _Case) -> str:
    """The formula knows the worst pollutant alone, and the others are with the model."""
    others = {name: i for name, i in case.index.sub_indices.items() if name != case.worst}
    second = max(others.values(), default=None)
    if second is None or abs(case.steps_to(second)) >= abs(case.step) or case.step > 0:
        return ""
    name = next(name for name, sub_index in others.items() if sub_index == second)
    return (
        f"The formula depends on {case.label} only; {pollutant(name).label}, the next of the "
        f"{len(case.reading.present)} readings that the model uses, would give {second}."
    )


def _site(case: _Case) -> str:
    """The days of the place drew the model away from the formula."""
    site = case.sides.site
    if site is None or (site > case.aqi) != (case.step > 0) or abs(case.steps_to(site)) > 1:
        return ""
    return (
        "These readings are unusual for this place: the AQI of its days is "
        f"{round_half_up(site)}, the formula gives {case.aqi}, and the model combines both."
    )


def _rest(case: _Case) -> str:
    sides, hours, what = case.sides, _averaging(case), f"the current {case.label}"
    if len(case.reading.present) == 1:
        what = f"{case.label}, the only reading,"
    between = f"{round_half_up(sides.low)} to {round_half_up(sides.high)}"
    return (
        f"The formula treats {what} as a mean over {hours}; the model, which was trained on the "
        f"AQI that stations published at such moments, expects {between}."
    )


def _averaging(case: _Case) -> str:
    """The averaging time of the table that sets the index, in words."""
    tables = case.standard.pollutants[case.worst].tables
    return _TIMES.get(tables[0].averaging, tables[0].averaging)


def _measured(reading: Reading, name: str) -> str:
    entry = pollutant(name)
    return f"{entry.label} of {getattr(reading, name):.4g} {entry.pretty_unit}"


def _place(scale: Standard, index: float) -> int:
    return scale.categories.index(scale.category_of(index))
