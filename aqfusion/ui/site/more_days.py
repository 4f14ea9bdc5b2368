"""How many more days would help: what they did at places that nobody had trained on."""

from collections.abc import Sequence

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.metrics import KnownDays
from aqfusion.model.predict import Predictor
from aqfusion.ui import figures_found
from aqfusion.ui.table import Column, Table

_KINDS = {"image_only": "Photo only", "fused": "Photo and readings"}


def show(model: Predictor, days: int) -> None:
    """Draw it where it was measured; without figures nothing is said."""
    history = _history(model.checkpoint.config.architecture.backbone)
    if not history:
        return
    st.markdown(f"**How many days are enough?** {sentence(history, days)}")
    st.html(table(history).html("Error by the number of days that are known"))


def sentence(history: Sequence[KnownDays], days: int) -> str:
    """What so many days do for a photo, and what the next step would.

    >>> from aqfusion.figures import Estimate
    >>> steps = [(0, 104), (1, 84), (4, 61)]
    >>> history = [KnownDays("image_only", n, Estimate(e, e, e), 0.9) for n, e in steps]
    >>> sentence(history, 2)
    'At places that the model was not trained on, the error of a photo was 104 without any day, \
84 with 1. With 4 days it was 61.'
    >>> sentence(history, 9)
    'At places that the model was not trained on, the error of a photo was 104 without any day, \
61 with 4. More were not tried.'
    """
    steps = {one.days: one.session_rmse.value for one in _of(history, "image_only")}
    known = sorted(number for number in steps if number is not None)
    now = max((number for number in known if number <= days), default=0)
    more = [number for number in known if number > days]
    told = f"{steps[0]:.0f} without any day" if 0 in steps else ""
    if now > 0:
        told += f", {steps[now]:.0f} with {now}"
    next_step = (
        f"With {more[0]} day{'' if more[0] == 1 else 's'} it was {steps[more[0]]:.0f}."
        if more
        else "More were not tried."
    )
    return (
        "At places that the model was not trained on, the error of a photo was "
        f"{told.removeprefix(', ')}. {next_step}"
    )


def table(history: Sequence[KnownDays]) -> Table:
    """One row for each number of days."""
    cells = {(one.kind, one.days): one.session_rmse for one in history}
    numbers = sorted({one.days for one in history if one.kind in _KINDS and one.days is not None})
    rows = tuple((number, *(cells.get((kind, number)) for kind in _KINDS)) for number in numbers)
    titles = (Column(f"{title}: error", ".0f") for title in _KINDS.values())
    return Table((Column("Days known", ".0f"), *titles), rows)


def _of(history: Sequence[KnownDays], kind: str) -> list[KnownDays]:
    return [one for one in history if one.kind == kind]


def _history(backbone: str) -> Sequence[KnownDays]:
    """Figures of the place protocol that can be told: with a photo alone, by number of days."""
    try:
        run = figures_found.metrics().run("place", backbone)
    except InputError:
        return ()
    found = () if run is None else run.history
    return found if any(one.days is not None for one in _of(found, "image_only")) else ()
