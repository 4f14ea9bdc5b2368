"""The gain by more days, as measured at sites outside the training set."""

from collections.abc import Mapping, Sequence

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.history_figures import HistoryFigures, steps
from aqfusion.model.predict import Predictor
from aqfusion.ui import figures_found
from aqfusion.ui.table import Column, Table

_KINDS = {"image_only": "Photo only", "fused": "Photo and readings"}


def show(model: Predictor, days: int) -> None:
    """Draw it where it was measured; nothing without metrics."""
    history = _history(model.checkpoint.config.architecture.backbone)
    if not history:
        return
    errors = {n: figures.session_rmse.value for n, figures in steps(history, "image_only").items()}
    st.markdown(f"**How many days are enough?** {sentence(errors, days)}")
    st.html(table(history).html("Error by the number of days that are known"))


def sentence(errors: Mapping[int, float], days: int) -> str:
    """The gain of the days for a photo, and of the next step; `errors` by known days.

    >>> sentence({0: 104, 1: 84, 4: 61}, 2)
    'At places that the model was not trained on, the error of a photo was 104 without any day, \
84 with 1. With 4 days it was 61.'
    >>> sentence({0: 104, 4: 61}, 9)
    'At places that the model was not trained on, the error of a photo was 104 without any day, \
61 with 4. More were not tried.'
    """
    now = max((number for number in errors if number <= days), default=0)
    more = [number for number in errors if number > days]
    phrases = [f"{errors[0]:.0f} without any day"] if 0 in errors else []
    phrases += [f"{errors[now]:.0f} with {now}"] if now > 0 else []
    next_step = (
        f"With {more[0]} day{'' if more[0] == 1 else 's'} it was {errors[more[0]]:.0f}."
        if more
        else "More were not tried."
    )
    clause = f", the error of a photo was {', '.join(phrases)}." if phrases else ":"
    return f"At places that the model was not trained on{clause} {next_step}"


def table(history: Sequence[HistoryFigures]) -> Table:
    """One row for each number of days."""
    steps_by_kind = [steps(history, kind) for kind in _KINDS]
    numbers = sorted({number for by_days in steps_by_kind for number in by_days})
    rows = tuple(
        (
            number,
            *(
                by_days[number].session_rmse if number in by_days else None
                for by_days in steps_by_kind
            ),
        )
        for number in numbers
    )
    titles = (Column(f"{title}: error", ".0f") for title in _KINDS.values())
    return Table((Column("Days known", ".0f"), *titles), rows)


def _history(backbone: str) -> Sequence[HistoryFigures]:
    """Metrics of the place protocol that apply: with a photo alone, by number of days."""
    try:
        run = figures_found.metrics().run("place", backbone)
    except InputError:
        return ()
    history = () if run is None else run.history
    return history if steps(history, "image_only") else ()
