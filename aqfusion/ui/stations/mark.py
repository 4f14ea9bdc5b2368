"""The mark of one station on the map."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_PLAIN = re.compile(r'[^A-Za-z0-9 \[\],:"\\.+-]')  # `_` is not among them


@dataclass(frozen=True)
class Mark:
    """One station on the map; colours as #RRGGBB, `label` short enough for a coin (128, C).

    `id`, `name` and `lines` may come from outside: they are shown as text, whatever they hold.
    """

    id: str
    name: str
    latitude: float
    longitude: float
    colour: str
    text_colour: str
    label: str
    lines: tuple[str, ...] = ()
    old: bool = False
    approximate: bool = False

    def __post_init__(self) -> None:
        """Refuse what the browser would stumble over; colours go into its style sheets."""
        for colour in (self.colour, self.text_colour):
            if not _COLOUR.fullmatch(colour):
                raise ValueError(f"colour must be #RRGGBB, got {colour!r}")
        if not abs(self.latitude) <= 90 or not abs(self.longitude) <= 180:
            raise ValueError(
                f"latitude must be -90 to 90 and longitude -180 to 180, "
                f"got {self.latitude}, {self.longitude}"
            )


def as_script(marks: Sequence[Mark]) -> str:
    r"""The marks as rows in JSON that means the same in JavaScript, HTML and streamlit-folium.

    streamlit-folium replaces words that begin with `_` and leaves them out when it asks whether a
    map has changed: so all that is not plain is written as \uXXXX.
    """
    rows = [
        [
            *(mark.id, mark.name, mark.latitude, mark.longitude, mark.colour, mark.text_colour),
            *(mark.label, list(mark.lines), int(mark.old), int(mark.approximate)),
        ]
        for mark in marks
    ]
    return as_plain_json(rows)


def as_plain_json(value: object) -> str:
    """Write JSON in which all that is not plain is escaped."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return _PLAIN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
