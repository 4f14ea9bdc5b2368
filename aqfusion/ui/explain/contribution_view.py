"""Attribution of the AQI to each input: bars in pure HTML of a height that never changes."""

from collections.abc import Mapping
from html import escape

from aqfusion.air.sensors import Reading
from aqfusion.explain.coalitions import LANDMARKS, SITE
from aqfusion.explain.shapley import Contributions
from aqfusion.explain.words import moved
from aqfusion.ui.explain import words

_LEAST_SCALE = 60.0  # AQI points: small contributions should look small


def contribution_bars(
    attribution: Contributions,
    input_names: tuple[str, ...],
    reading: Reading,
    knows_places: bool = True,
) -> str:
    """One row per input, present or not: raised to the right, lowered to the left.

    A model that knows no sites has no row for one; without landmarks there is none for them.
    """
    rows = {
        words.with_amount(name, reading): points if name in input_names else None
        for name, points in attribution.points.items()
        if (name != SITE or knows_places) and (name != LANDMARKS or name in input_names)
    }
    return (
        '<div class="aq aq-small"><div class="aq-title">What each input did</div>'
        f'<p class="aq-muted">Knowing nothing, the model says {attribution.base:.0f}. '
        f"From there the inputs lead to {attribution.aqi:.0f}:</p>"
        f"{bars(rows)}</div>"
    )


def bars(points: Mapping[str, float | None]) -> str:
    """A row per name: AQI points raised to the right, lowered to the left, `None` not given."""
    moves = [abs(value) for value in points.values() if value is not None]
    scale = max([_LEAST_SCALE, *moves])
    rows = "".join(
        f'<span class="aq-muted">{escape(name)}</span><div class="aq-move"></div>'
        '<span class="aq-value aq-muted">not given</span>'
        if value is None
        else _row(name, value, scale)
        for name, value in points.items()
    )
    return f'<div class="aq-rows aq-moves">{rows}</div>'


def _row(name: str, points: float, scale: float) -> str:
    side, length = ("left" if points > 0 else "right"), 50 * abs(points) / scale
    kind = "aq-up" if points > 0 else "aq-down"
    return (
        f'<span>{escape(name)}</span><div class="aq-move"><i class="{kind}" '
        f'style="{side}:50%;width:{length:.1f}%"></i></div>'
        f'<span class="aq-value">{moved(points)}</span>'
    )
