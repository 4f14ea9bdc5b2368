"""The official formulas beside the model: US EPA and India CPCB indices of the readings alone."""

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape

import streamlit as st

from aqfusion.air.aqi import STANDARDS, IndexResult, Standard, standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.readings import Reading
from aqfusion.explain.formula_text import Sides, formula_words, usable
from aqfusion.model.predictor import Result
from aqfusion.stations.sample_stations import sample_measurements
from aqfusion.ui.result_view import Formula, pill

_KEY = "formula_standard"
_QUERY = "formula"  # its name in the address
_UNUSABLE = "not usable: no units"


def choose() -> Standard:
    """Draw the choice of the standard: the session keeps it over pages, the address a reload.

    The address is written by hand: Streamlit leaves no page that has a widget bound to it.
    """
    names = {key: standard(key).short_name for key in STANDARDS}
    state, query = st.session_state, st.query_params
    if state.get(_KEY) is None:
        named = query.get(_QUERY)
        state[_KEY] = named if named in names else next(iter(names))
    chosen = st.segmented_control(
        "Formula to compare with the model",
        list(names),
        format_func=lambda key: names[key],
        required=True,
        key=_KEY,
        persist_state="session",
        label_visibility="collapsed",
    )
    key = chosen or next(iter(names))
    if query.get(_QUERY, next(iter(names))) != key:
        query[_QUERY] = key
    return standard(key)


def beside(
    reading: Reading, index_standard: Standard, unstated: Sequence[str] = ()
) -> Formula | None:
    """The formula's index of the readings; `None` where they do not define it."""
    index = index_standard.index(reading)
    if not usable(index, unstated) or index.aqi is None or index.category is None:
        return None
    detail = "above 500, beyond the index; " if index.beyond else ""
    if index.dominant is not None:
        detail += f"dominant pollutant: {pollutant(index.dominant).pretty_label}"
    on_scale = index_standard.key == standard("us").key
    return Formula(
        index_standard.short_name, index.aqi, index.category, detail, on_scale, index.beyond
    )


def why(
    result: Result, reading: Reading, index_standard: Standard, unstated: Sequence[str] = ()
) -> str:
    """Why the formula is not there, or differs from the model."""
    return formula_words(reading, index_standard, Sides.from_result(result), unstated, _highest())


def heads(reading: Reading, unstated: Sequence[str] = ()) -> str:
    """Both indices without their sub-indices."""
    heads = _heads(_indices(reading), unstated)
    return f'<div class="aq aq-small"><div class="aq-formula">{heads}</div></div>'


def formulas(reading: Reading, unstated: Sequence[str] = ()) -> str:
    """Both indices with their sub-indices; heights do not depend on the values."""
    indices = _indices(reading)
    rows = "".join(_row(name, indices, unstated) for name in POLLUTANTS)
    titles = "".join(f"<th>{escape(standard(key).short_name)}</th>" for key in indices)
    return (
        f'<div class="aq aq-small"><div class="aq-formula">{_heads(indices, unstated)}</div>'
        f'<table class="aq-table"><thead><tr><th>Sub-index</th>{titles}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


@cache
def _highest() -> Mapping[str, float]:
    """The largest readings of the public set, which is what models begin with."""
    readings = [measurement.reading for measurement in sample_measurements()]
    return {
        name: max(getattr(reading, name) for reading in readings if name in reading.present)
        for name in POLLUTANTS
    }


def _indices(reading: Reading) -> dict[str, IndexResult]:
    return {key: standard(key).index(reading) for key in STANDARDS}


def _heads(indices: dict[str, IndexResult], unstated: Sequence[str]) -> str:
    return "".join(_head(key, index, unstated) for key, index in indices.items())


def _head(key: str, index: IndexResult, unstated: Sequence[str]) -> str:
    title = f'<div class="aq-title">{escape(standard(key).short_name)}</div>'
    if unstated:
        return f'<div>{title}<div class="aq-muted">{_UNUSABLE}</div></div>'
    if index.aqi is None or index.category is None or index.dominant is None:
        return f'<div>{title}<div class="aq-muted">{escape(index.incomplete or "")}</div></div>'
    more = "above 500, beyond the index; " if index.beyond else ""
    return (
        f'<div>{title}<div class="aq-number">{index.aqi}</div>{pill(index.category)}'
        f'<div class="aq-muted">{more}dominant pollutant: '
        f"{pollutant(index.dominant).pretty_label}</div></div>"
    )


def _row(name: str, indices: dict[str, IndexResult], unstated: Sequence[str]) -> str:
    cells = ""
    for index in indices.values():
        value = None if name in unstated else index.sub_indices.get(name)
        worst = ' class="aq-cell-worst"' if name == index.dominant and not unstated else ""
        cells += f"<td{worst}>{'&ndash;' if value is None else value}</td>"
    return f"<tr><th>{pollutant(name).pretty_label}</th>{cells}</tr>"
