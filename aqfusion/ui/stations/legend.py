"""The legend of the map's colours and signs, as HTML beside it."""

from collections.abc import Sequence
from html import escape

from aqfusion.ui.stations.views import Band

_SIGNS = (
    ("", "position known"),
    ("aq-sign-approximate", "position approximate"),
    ("aq-sign-old", "old data"),
    ("aq-sign-many", "several stations, by colour"),
)


def legend(bands: Sequence[Band]) -> str:
    """Each band's colour, name and range, and the four signs."""
    colours = "".join(
        f'<li><i class="aq-swatch" style="background:{band.colour}"></i>'
        f"{escape(band.name)} <span>{escape(band.range)}</span></li>"
        for band in bands
    )
    signs = "".join(f'<li><i class="aq-sign {kind}"></i>{words}</li>' for kind, words in _SIGNS)
    return (
        '<div class="aq aq-small aq-legend" role="group" aria-label="What the map shows">'
        f"<ul>{colours}</ul><ul>{signs}</ul></div>"
    )
