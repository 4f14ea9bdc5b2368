"""What days of a place are worth, as tables and in sentences with their figures."""

from collections.abc import Mapping, Sequence

from aqfusion.figures import Estimate
from aqfusion.history_figures import (
    HISTORY_KINDS,
    NOTHING,
    HistoryBaseline,
    HistoryFigures,
    baseline_steps,
    joined,
    steps,
    unknown_place,
)
from aqfusion.ui.evaluation import words
from aqfusion.ui.table import Cell, Column, Table, number

_ON_TARGET = (0.87, 0.93)
_PLACE_MEAN = ("place_mean", None)  # of all days in other folds
_QUALITY = (
    Column("RMSE", ".1f"),
    Column("accuracy", ".0%"),
    Column("90 % interval holds", ".0%"),
    Column("its width", ".0f"),
)


def step_table(history: Sequence[HistoryFigures]) -> Table:
    """Every figure of every kind of input and number of known days."""
    columns = (
        Column("sees"),
        Column("known days"),
        Column("session RMSE", ".1f"),
        Column("without these days", ".1f"),
        Column("these days alone", ".1f"),
        *_QUALITY,
        Column("draws of days"),
        Column("places"),
    )
    rows = (
        (
            words.HISTORY_KINDS[kind],
            days,
            one.session_rmse,
            None if kind == NOTHING else one.network,
            one.site,
            *_quality(one),
            one.draws,
            one.places,
        )
        for kind in HISTORY_KINDS
        for days, one in steps(history, kind).items()
    )
    return Table(columns, tuple(rows))


def rival_table(history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]) -> Table:
    """Session RMSE of our model and of simpler methods, a column per number of known days."""
    lines: list[tuple[str, Mapping[int, Estimate]]] = [
        (
            f"Ours: {words.in_line(words.HISTORY_KINDS[kind])}",
            {days: one.session_rmse for days, one in steps(history, kind).items()},
        )
        for kind in HISTORY_KINDS
    ]
    lines += [
        (title, baseline_steps(baselines, name)) for name, title in words.HISTORY_BASELINES.items()
    ]
    days = sorted({step for _, line in lines for step in line})
    columns = (Column("method"), *(Column(_days(step), ".1f") for step in days))
    rows = ((title, *(line.get(step) for step in days)) for title, line in lines)
    return Table(columns, tuple(rows))


def known_place_table(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> Table:
    """With and without the place's days of other folds: ours by kind of input, then the others."""
    columns = (
        Column("method"),
        Column("without its days", ".1f"),
        Column("its days alone", ".1f"),
        Column("with its days", ".1f"),
        *_QUALITY,
    )
    own = {one.kind: one for one in history if one.days is None}
    rows: list[tuple[Cell, ...]] = [
        (
            f"Ours: {words.in_line(words.HISTORY_KINDS[kind])}",
            *(
                (None, one.session_rmse, None)
                if kind == NOTHING
                else (one.network, one.site, one.session_rmse)
            ),
            *_quality(one),
        )
        for kind in HISTORY_KINDS
        if (one := own.get(kind))
    ]
    found = {one.method: one.session_rmse for one in baselines if one.days is None}
    for title, names in words.KNOWN_PLACE_BASELINES.items():
        errors = [found.get(name) if name else None for name in names]
        if any(errors):
            rows.append((title, *errors, None, None, None, None))
    return Table(columns, tuple(rows))


def chart_sentences(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> list[str]:
    """What the chart shows, in words: photo only, photo and readings, and over which places."""
    fused = steps(history, "fused")
    told = [unknown_place(history, baselines)]
    if fused:
        errors = joined([f"{one.session_rmse.value:.0f}" for one in fused.values()])
        told.append(f"With photo and readings it is {errors} with {_known(fused)}.")
    kept = steps(history, "image_only") or fused
    if len({one.places for one in kept.values()}) > 1:
        places = joined([str(one.places) for one in kept.values()])
        told.append(
            f"Every place counts alike, but only while it has other days to be judged on: with "
            f"{_known(kept)} that is {places} places, so no two steps are quite alike."
        )
    return [sentence for sentence in told if sentence]


def interval_sentence(history: Sequence[HistoryFigures]) -> str:
    """Say in how many rows the 90 % interval holds what it should, and where it is furthest off."""
    low, high = _ON_TARGET
    right = sum(low <= round(one.coverage, 2) <= high for one in history)
    worst = max(history, key=lambda one: abs(one.coverage - 0.9))
    where = words.in_line(words.HISTORY_KINDS[worst.kind])
    if worst.days is not None:
        where += f", {_days(worst.days)}"
    return (
        f"The 90 % interval holds 87 to 93 % of the photos, as it should, in {right} of these "
        f"{len(history)} cases; furthest off is {where}: {number(worst.coverage, '.0%')}."
    )


def known_place_sentence(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> str:
    """Say what the place's days add to a photo, and what their mean alone is worth."""
    photo, days = (
        next((one for one in history if (one.kind, one.days) == (kind, None)), None)
        for kind in ("image_only", NOTHING)
    )
    means = (one.session_rmse for one in baselines if (one.method, one.days) == _PLACE_MEAN)
    mean = next(means, None)
    if photo is None:
        return ""
    said = (
        f"A photo alone is off by {photo.network:.1f} AQI points, with the place's days by "
        f"{photo.session_rmse.value:.1f}"
    )
    if days is not None:
        said += f", and the days without the photo by {days.session_rmse.value:.1f}"
    if mean is None:
        return f"{said}."
    return f"{said}; the mean AQI of those days is off by {mean.value:.1f}."


def _quality(one: HistoryFigures) -> tuple[float, float, float, float]:
    return one.rmse, one.accuracy, one.coverage, one.width


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _known(found: Mapping[int, HistoryFigures]) -> str:
    return f"{joined(list(map(str, found)))} known days"
