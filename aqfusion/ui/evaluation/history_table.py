"""The gain by a site's days, as tables and in sentences with their metrics."""

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
            figures.session_rmse,
            None if kind == NOTHING else figures.network,
            figures.site,
            *_quality(figures),
            figures.draws,
            figures.places,
        )
        for kind in HISTORY_KINDS
        for days, figures in steps(history, kind).items()
    )
    return Table(columns, tuple(rows))


def rival_table(history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]) -> Table:
    """Session RMSE of our model and of simpler methods, a column per number of known days."""
    lines: list[tuple[str, Mapping[int, Estimate]]] = [
        (
            f"Ours: {words.in_line(words.HISTORY_KINDS[kind])}",
            {days: figures.session_rmse for days, figures in steps(history, kind).items()},
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
    own = {figures.kind: figures for figures in history if figures.days is None}
    rows: list[tuple[Cell, ...]] = [
        (
            f"Ours: {words.in_line(words.HISTORY_KINDS[kind])}",
            *(
                (None, figures.session_rmse, None)
                if kind == NOTHING
                else (figures.network, figures.site, figures.session_rmse)
            ),
            *_quality(figures),
        )
        for kind in HISTORY_KINDS
        if (figures := own.get(kind))
    ]
    baseline_errors = {
        baseline.method: baseline.session_rmse for baseline in baselines if baseline.days is None
    }
    for title, names in words.KNOWN_PLACE_BASELINES.items():
        errors = [baseline_errors.get(name) if name else None for name in names]
        if any(errors):
            rows.append((title, *errors, None, None, None, None))
    return Table(columns, tuple(rows))


def chart_sentences(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> list[str]:
    """The chart in sentences: photo only, photo and readings, and over which sites."""
    fused = steps(history, "fused")
    sentences = [unknown_place(history, baselines)]
    if fused:
        errors = joined([f"{figures.session_rmse.value:.0f}" for figures in fused.values()])
        sentences.append(f"With photo and readings it is {errors} with {_known_days(fused)}.")
    kept = steps(history, "image_only") or fused
    if len({figures.places for figures in kept.values()}) > 1:
        places = joined([str(figures.places) for figures in kept.values()])
        sentences.append(
            f"Every place counts alike, but only while it has other days to be judged on: with "
            f"{_known_days(kept)} that is {places} places, so no two steps are quite alike."
        )
    return [sentence for sentence in sentences if sentence]


def interval_sentence(history: Sequence[HistoryFigures]) -> str:
    """A sentence on how many rows have the right coverage, and on the worst row."""
    low, high = _ON_TARGET
    right = sum(low <= round(figures.coverage, 2) <= high for figures in history)
    worst = max(history, key=lambda figures: abs(figures.coverage - 0.9))
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
    """A sentence on the gain by the site's days over a photo, and on their mean alone."""
    photo, days = (
        next((figures for figures in history if (figures.kind, figures.days) == (kind, None)), None)
        for kind in ("image_only", NOTHING)
    )
    means = (
        baseline.session_rmse
        for baseline in baselines
        if (baseline.method, baseline.days) == _PLACE_MEAN
    )
    mean = next(means, None)
    if photo is None:
        return ""
    sentence = (
        f"A photo alone is off by {photo.network:.1f} AQI points, with the place's days by "
        f"{photo.session_rmse.value:.1f}"
    )
    if days is not None:
        sentence += f", and the days without the photo by {days.session_rmse.value:.1f}"
    if mean is None:
        return f"{sentence}."
    return f"{sentence}; the mean AQI of those days is off by {mean.value:.1f}."


def _quality(figures: HistoryFigures) -> tuple[float, float, float, float]:
    return figures.rmse, figures.accuracy, figures.coverage, figures.width


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _known_days(figures_by_days: Mapping[int, HistoryFigures]) -> str:
    return f"{joined(list(map(str, figures_by_days)))} known days"
