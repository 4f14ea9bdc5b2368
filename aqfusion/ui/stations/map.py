"""The map of stations with its legend, drawn without asking anybody on the internet.

folium and its plugins load their scripts from four hosts; here they come as `data:` URLs, from
XStatic-Leaflet and from `assets/stations`. Its elements for single markers are not used: 2,000 of
them take seconds to write, and they pass names on as HTML. `map.js` draws the marks from rows.
"""

import base64
import json
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import folium
from branca.element import MacroElement
from folium.template import Template
from xstatic.pkg import leaflet

from aqfusion.settings import ASSETS
from aqfusion.stations.station_selection import Area
from aqfusion.ui.stations.map_values import Band, Mark, as_plain_json, as_script

_FOLDER = ASSETS / "stations"
_CLUSTER = _FOLDER / "markercluster"
_LEAFLET = Path(leaflet.BASE_DIR)
_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
_CREDIT = (
    '© <a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener">'
    "OpenStreetMap</a> contributors"
)
_STREETS = "Streets, from openstreetmap.org"


def station_map(marks: Sequence[Mark], *, dark: bool = False) -> folium.Map:
    """The map with its marks, whole: what a file or a notebook shows."""
    drawn = base_map(dark=dark)
    mark_group(marks).add_to(drawn)
    return drawn


def base_map(*, dark: bool = False, search: bool = False) -> folium.Map:
    """The map without marks; it is the same on every run, so that no browser loads it twice.

    With `search` a button on it asks for the stations at its centre.
    """
    drawn = _OfflineMap(
        location=(22.5, 80.0),
        zoom_start=4,
        minZoom=2,  # not min_zoom, which folium keeps for tiles
        maxZoom=16,
        tiles=None,
        control_scale=True,
        world_copy_jump=True,
        zoom_snap=0.5,
        font_size="14px",
    )
    drawn._id = "stations"
    drawn.add_child(_Frame(dark, search))
    drawn.add_child(folium.map.CustomPane("land", z_index=150))  # below tiles
    land = folium.GeoJson(
        _land(),
        style_function=_land_style,
        control=False,
        smooth_factor=0.6,
        pane="land",
        interactive=False,
        attribution="Land: Natural Earth",
    )
    drawn.add_child(land)
    drawn.add_child(
        folium.TileLayer(_TILES, attr=_CREDIT, name=_STREETS, overlay=True, show=False, max_zoom=16)
    )
    drawn.add_child(folium.LayerControl(collapsed=False))
    return drawn


def mark_group(
    marks: Sequence[Mark], chosen: str | None = None, look: Area | None = None
) -> folium.FeatureGroup:
    """The marks as a layer that can be exchanged while the map stays where it is.

    Another `look` than before moves it there; none at all, to where the marks are.
    """
    group = folium.FeatureGroup(control=False)
    group.add_child(_Marks(marks, chosen, look))
    return group


class _Frame(MacroElement):
    """Theme and behaviour of the whole map."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "stationMap.begin({{ this._parent.get_name() }}, {{ this.dark|tojson }},"
        " {{ this.search|tojson }});"
        "{% endmacro %}"
    )

    def __init__(self, dark: bool, search: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self.dark, self.search = "Frame", dark, search


class _Marks(MacroElement):
    """All marks of a group at once."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "stationMap.draw({{ this._parent.get_name() }}, {{ this.rows }}, {{ this.chosen }},"
        " {{ this.look }});"
        "{% endmacro %}"
    )

    def __init__(self, marks: Sequence[Mark], chosen: str | None, look: Area | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self.rows, self.chosen = "Marks", as_script(marks), as_plain_json(chosen)
        corners = look and [[look.south, look.west], [look.north, look.east]]
        self.look = as_plain_json(corners)


@cache
def _land() -> dict[str, Any]:
    land: dict[str, Any] = json.loads((_FOLDER / "land.geojson").read_text(encoding="utf-8"))
    return land


def _land_style(_: object) -> dict[str, object]:
    """The colour is in map.css, which has light and dark; a line would show where parts meet."""
    return {"className": "land", "stroke": False, "fillOpacity": 1}


def _data_url(kind: str, *files: Path) -> str:
    content = b"\n".join(file.read_bytes() for file in files)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


class _OfflineMap(folium.Map):
    """A folium map with Leaflet, the clusters and our own drawing inside it, and nothing else."""

    default_js = [  # noqa: RUF012  folium's own name and type
        ("leaflet", _data_url("text/javascript", _LEAFLET / "leaflet.js")),
        ("markercluster", _data_url("text/javascript", _CLUSTER / "leaflet.markercluster.js")),
        ("stations", _data_url("text/javascript", _FOLDER / "map.js")),
    ]
    default_css = [  # noqa: RUF012
        ("leaflet_css", _data_url("text/css", _LEAFLET / "leaflet.css")),
        ("markercluster_css", _data_url("text/css", _CLUSTER / "MarkerCluster.css")),
        ("stations_css", _data_url("text/css", _FOLDER / "map.css")),
    ]


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
