"""A model's prediction for an item: number, interval and six bars, as pure HTML."""

from html import escape

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.labels.item import ModelView
from aqfusion.ui import result_view
from aqfusion.ui.evaluation.words import KINDS


def card(view: ModelView) -> str:
    """The model's view with its six bars."""
    names = [category.name for category in standard("us").categories]
    bars = result_view.bars(dict(zip(names, view.probabilities, strict=True)))
    seen = KINDS.get(view.kind, view.kind)
    return (
        f'<div class="aq"><div class="aq-title">The model: {escape(view.model_version)}</div>'
        f'<div class="aq-brief">{_number(view)}<div>{_pill(view)} in nine cases of ten between '
        f"<strong>{_span(view)}</strong>"
        f'<p class="aq-muted aq-small">Judged from: {escape(seen.lower())}</p></div></div></div>'
        f"{bars}"
    )


def fair(view: ModelView) -> str:
    """The view of a network that had not learned from this item, in one line."""
    return (
        f'<p class="aq aq-small">{_pill(view)} Without having seen this place and day: '
        f"<strong>{round_half_up(view.aqi)}</strong> ({_span(view)}), "
        f"by {escape(view.model_version)}</p>"
    )


def _number(view: ModelView) -> str:
    aqi = round_half_up(view.aqi)
    return f'<div class="aq-number" aria-label="AQI {aqi}">{aqi}</div>'


def _pill(view: ModelView) -> str:
    return result_view.pill(standard("us").category_of(max(0.0, view.aqi)))


def _span(view: ModelView) -> str:
    return f"{round_half_up(view.low)} to {round_half_up(view.high)}"
