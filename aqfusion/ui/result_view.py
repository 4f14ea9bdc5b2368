"""The result in numbers, words and colour: pure HTML, whose height never depends on the values."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from aqfusion.air.aqi import Category, standard
from aqfusion.explain.explanation_text import basis
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Result

_TOP = 500


@dataclass(frozen=True)
class Formula:
    """A standard's index of the readings; `on_scale` where the model has the same scale."""

    name: str
    aqi: int
    category: Category
    detail: str
    on_scale: bool
    beyond: bool

    @property
    def number(self) -> str:
        """The AQI, with a plus where it is beyond the index."""
        return f"{self.aqi}{'+' * self.beyond}"


def headline(result: Result, formula: Formula | None = None, why: str = "") -> str:
    """The model's AQI with its interval and scale, and the formula beside it.

    The basis of the prediction is below, then `why` they differ, or the prediction beside the
    site's days. On a phone number and formula are repeated in a strip that never leaves the screen.
    """
    fused = result.fused
    interval = f"{fused.low} to {fused.high}"
    return f"""
<div class="aq" role="status">
  <div class="aq-head">
    <div class="aq-side"><div class="aq-title">Model, US AQI</div>
      <div class="aq-said"><div class="aq-number" aria-label="AQI {fused.aqi}">{fused.aqi}</div>
        {pill(fused.category)}</div>
      <p class="aq-small">in nine cases out of ten between<br><strong>{interval}</strong></p>
    </div>{_formula_side(formula)}
  </div>
  {_scale(fused, formula)}
  <p class="aq-basis aq-muted aq-small">{escape(basis(result))}</p>
  <p class="aq-because aq-small">{escape(why)}</p>
  <div class="aq-strip" aria-hidden="true">
    <strong>{fused.aqi}</strong> {pill(fused.category)} <span class="aq-small">{interval}</span>
    {_formula_short(formula)}
  </div>
</div>"""


def advice(category: Category) -> str:
    """Health advice of a category; the height does not depend on it."""
    return f"""
<div class="aq aq-advice aq-small">
  <div><h4>For everyone</h4><p>{escape(category.advice)}</p></div>
  <div><h4>For sensitive groups</h4><p>{escape(category.advice_sensitive)}</p></div>
</div>"""


def brief(result: Result) -> str:
    """The AQI, its category and interval, and what they rest on, in two lines."""
    fused = result.fused
    return f"""
<div class="aq aq-brief" role="status">
  <div class="aq-number" aria-label="AQI {fused.aqi}">{fused.aqi}</div>
  <div>{pill(fused.category)} in nine cases out of ten between
    <strong>{fused.low} to {fused.high}</strong>
    <p class="aq-muted aq-small">{escape(basis(result))}</p></div>
</div>"""


def probabilities(prediction: Prediction) -> str:
    """Six bars, one per category."""
    return bars(prediction.probabilities)


def bars(shares: Mapping[str, float]) -> str:
    """A bar per category of the US standard, of its share of 0 to 1."""
    rows = []
    for category in standard("us").categories:
        share = shares[category.name]
        rows.append(
            f'<span>{escape(category.name)}</span><div class="aq-bar"><i style="width:'
            f'{100 * share:.1f}%;background:{category.colour}"></i></div>'
            f"<span>{100 * share:.0f} %</span>"
        )
    return (
        '<div class="aq aq-small"><div class="aq-title">Probability of each category</div>'
        f'<div class="aq-rows">{"".join(rows)}</div></div>'
    )


def modalities(result: Result) -> str:
    """Together and each alone on one axis, with their intervals."""
    rows = "".join(
        _modality(name, prediction, missing)
        for name, prediction, missing in (
            ("Together", result.fused, ""),
            ("Photo only", result.image_only, _absent(result)),
            ("Readings only", result.sensors_only, "no readings"),
            ("Place only", result.site_only if result.site_days else None, "no measured days"),
        )
    )
    return (
        '<div class="aq aq-small"><div class="aq-title">Prediction from each input alone</div>'
        f'<div class="aq-rows">{rows}</div></div>'
    )


def pill(category: Category) -> str:
    """The category's word on its colour."""
    return (
        f'<span class="aq-pill" style="background:{category.colour};color:{category.text_colour}">'
        f"{escape(category.name)}</span>"
    )


def _modality(name: str, prediction: Prediction | None, missing: str) -> str:
    if prediction is None:
        return (
            f'<span>{name}</span><div class="aq-line"></div>'
            f'<span class="aq-value aq-muted">{missing}</span>'
        )
    return (
        f'<span>{name}</span><div class="aq-line"><i style="{_span(prediction)}"></i>'
        f'<b style="left:{_percent(prediction.aqi)}%;background:{prediction.category.colour}"></b>'
        f'</div><span class="aq-value"><strong>{prediction.aqi}</strong> '
        f'<span class="aq-muted">({prediction.low} to {prediction.high})</span></span>'
    )


def _formula_side(formula: Formula | None) -> str:
    if formula is None:
        return ""
    return f"""
    <div class="aq-side"><div class="aq-title">{escape(formula.name)} by formula</div>
      <div class="aq-said"><div class="aq-second" aria-label="{escape(formula.name)} by formula
        {formula.number}">{formula.number}</div>{pill(formula.category)}</div>
      <p class="aq-small">{escape(formula.detail)}</p>
    </div>"""


def _formula_short(formula: Formula | None) -> str:
    if formula is None:
        return ""
    return f'<span class="aq-small">formula <b>{formula.number}</b></span>'


def _scale(prediction: Prediction, formula: Formula | None) -> str:
    categories = standard("us").categories
    widths = [category.i_high - max(0, category.i_low - 1) for category in categories]
    bands = "".join(
        f'<span style="flex:{width};background:{category.colour}"></span>'
        for width, category in zip(widths, categories, strict=True)
    )
    ends = [0, *(category.i_high for category in categories)]
    ticks = "".join(f'<span style="left:{_percent(end)}%">{end}</span>' for end in ends)
    second = ""
    if formula is not None and formula.on_scale:
        second = f'<div class="aq-mark-second" style="left:{_percent(formula.aqi)}%"></div>'
    return (
        f'<div class="aq-scale" aria-hidden="true"><div class="aq-bands">{bands}</div>'
        f'<div class="aq-range" style="{_span(prediction)}"></div>'
        f'<div class="aq-mark" style="left:{_percent(prediction.aqi)}%"></div>{second}'
        f'<div class="aq-ticks">{ticks}</div></div>'
    )


def _absent(result: Result) -> str:
    return "left out" if result.photo_problem else "no photo"


def _span(prediction: Prediction) -> str:
    """The position of the interval on the axis, as CSS."""
    low, width = _percent(prediction.low), _percent(prediction.high - prediction.low)
    return f"left:{low}%;width:{width}%"


def _percent(aqi: float) -> float:
    return round(100 * aqi / _TOP, 2)
