"""The official formulas beside the model: US EPA and India CPCB indices of the readings alone."""

from html import escape

from aqfusion.air.aqi import STANDARDS, Index, standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.ui.result_view import pill

WHY_DIFFERENT = (
    "Formula and model differ because a published index averages readings over hours, while these "
    "are of one moment, and because the photo adds evidence that no formula sees."
)


def heads(reading: Reading) -> str:
    """Both indices without their sub-indices."""
    return (
        f'<div class="aq aq-small"><div class="aq-formula">{_heads(_indices(reading))}</div></div>'
    )


def formulas(reading: Reading) -> str:
    """Both indices with their sub-indices; heights do not depend on the values."""
    indices = _indices(reading)
    rows = "".join(_row(name, indices) for name in POLLUTANTS)
    titles = "".join(f"<th>{escape(standard(key).short_name)}</th>" for key in indices)
    return (
        f'<div class="aq aq-small"><div class="aq-formula">{_heads(indices)}</div>'
        f'<table class="aq-table"><thead><tr><th>Sub-index</th>{titles}</tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="aq-muted">{WHY_DIFFERENT}</p></div>'
    )


def _indices(reading: Reading) -> dict[str, Index]:
    return {key: standard(key).index(reading) for key in STANDARDS}


def _heads(indices: dict[str, Index]) -> str:
    return "".join(_head(key, index) for key, index in indices.items())


def _head(key: str, index: Index) -> str:
    title = f'<div class="aq-title">{escape(standard(key).short_name)}</div>'
    if index.aqi is None or index.category is None or index.dominant is None:
        return f'<div>{title}<div class="aq-muted">{escape(index.incomplete or "")}</div></div>'
    more = "above 500, beyond the index; " if index.beyond else ""
    return (
        f'<div>{title}<div class="aq-number">{index.aqi}</div>{pill(index.category)}'
        f'<div class="aq-muted">{more}worst: {pollutant(index.dominant).pretty_label}</div></div>'
    )


def _row(name: str, indices: dict[str, Index]) -> str:
    cells = ""
    for index in indices.values():
        value = index.sub_indices.get(name)
        worst = ' class="aq-cell-worst"' if name == index.dominant else ""
        cells += f"<td{worst}>{'&ndash;' if value is None else value}</td>"
    return f"<tr><th>{pollutant(name).pretty_label}</th>{cells}</tr>"
