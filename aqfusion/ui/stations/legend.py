"""What colours and signs on the map mean, as HTML beside it."""

from collections.abc import Sequence
from html import escape

from aqfusion.air.aqi import Category

_SIGNS = (
    ("", "position known"),
    ("aq-sign-approximate", "position approximate"),
    ("aq-sign-old", "old data"),
    ("aq-sign-many", "several stations, by colour"),
)


def legend(categories: Sequence[Category]) -> str:
    """Each category's colour, name and range, and the four signs."""
    bands = "".join(
        f'<li><i class="aq-swatch" style="background:{category.colour}"></i>'
        f"{escape(category.name)} <span>{category.i_low} to {category.i_high}</span></li>"
        for category in categories
    )
    signs = "".join(f'<li><i class="aq-sign {kind}"></i>{words}</li>' for kind, words in _SIGNS)
    return (
        '<div class="aq aq-small aq-legend" role="group" aria-label="What the map shows">'
        f"<ul>{bands}</ul><ul>{signs}</ul></div>"
    )
