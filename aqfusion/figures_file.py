"""Read a model's figures from a JSON table, every value checked."""

from aqfusion.figures import (
    FIGURES,
    Calibration,
    ConfidenceBin,
    Estimate,
    Interval,
    Kind,
    MaskedRmse,
    PartialSensors,
    PlaceFigures,
    Scores,
    Trust,
)
from aqfusion.history_figures import HISTORY_KINDS, HistoryBaseline, HistoryFigures
from aqfusion.table_file import Field

_CATEGORIES = 6
_TOO_LARGE = 1_000_000


def read_kind(field: Field) -> Kind:
    """Read all about one kind of input."""
    calibration = field["calibration"]
    return Kind(
        read_scores(field["scores"]),
        field["per_place"].each(_place),
        _confusion(field["confusion"]),
        Calibration(
            _trust(calibration["before"]),
            _trust(calibration["after"]),
            tuple(_bin(entry) for entry in calibration["reliability"].entries()),
        ),
        _interval(field["interval"]),
        {
            entry["readings"].count(): _interval(entry)
            for entry in field["interval_by_readings"].entries()
        },
    )


def read_scores(field: Field) -> Scores:
    """Read scores over photos and over sessions."""
    photos, sessions = (
        {name: read_estimate(field[weighing][name]) for name in FIGURES}
        for weighing in ("photos", "sessions")
    )
    return Scores(photos, sessions, field["session_rmse"].size())


def read_estimate(field: Field) -> Estimate:
    """Read [value, low, high]."""
    numbers = [entry.number() for entry in field.entries()]
    if len(numbers) != 3 or numbers[1] > numbers[2]:
        raise field.fault("must be [value, low, high] with low <= high")
    if max(map(abs, numbers)) > _TOO_LARGE:
        raise field.fault(f"must be within {_TOO_LARGE} of 0")
    return Estimate(*map(float, numbers))


def read_partial_sensors(field: Field) -> PartialSensors:
    """Read what missing readings cost."""
    names = ("sensors_only", "fused", "better_single")
    by_readings = tuple(
        MaskedRmse(
            entry["readings"].count(),
            entry["masks"].count(),
            *(entry[name].size() for name in names),
        )
        for entry in field["by_readings"].entries()
    )
    means = {name: field["mean_over_masks"][name].size() for name in names}
    return PartialSensors(by_readings, means, field["fused_wins"].share())


def read_history(field: Field) -> tuple[HistoryFigures, ...]:
    """Read what known days of a place are worth, each kind of input and number of days once."""
    found = tuple(map(_history_figures, field.entries()))
    if len({(one.kind, one.days) for one in found}) < len(found):
        raise field.fault("must tell each kind and number of days once")
    return found


def read_history_baselines(field: Field) -> tuple[HistoryBaseline, ...]:
    """Read what simpler methods make of the same days, each method and number of days once."""
    found = tuple(
        HistoryBaseline(entry["method"].text(), _days(entry), _error(entry["session_rmse"]))
        for entry in field.entries()
    )
    if len({(one.method, one.days) for one in found}) < len(found):
        raise field.fault("must tell each method and number of days once")
    return found


def _history_figures(field: Field) -> HistoryFigures:
    kind = field["kind"].text()
    if kind not in HISTORY_KINDS:
        raise field["kind"].fault(f"must be one of {', '.join(HISTORY_KINDS)}")
    return HistoryFigures(
        kind,
        _days(field),
        _error(field["session_rmse"]),
        field["network"].size(),
        field["site"].size(),
        field["rmse"].size(),
        field["accuracy"].share(),
        field["coverage"].share(),
        field["width"].size(),
        field["draws"].count(),
        field["places"].count(),
    )


def _days(field: Field) -> int | None:
    days = field["days"]
    if days.value is None:
        return None
    if days.count() > _TOO_LARGE:
        raise days.fault(f"must be at most {_TOO_LARGE}")
    return days.count()


def _error(field: Field) -> Estimate:
    found = read_estimate(field)
    if min(found.value, found.low) < 0:
        raise field.fault("must be 0 or more")
    return found


def _place(field: Field) -> PlaceFigures:
    return PlaceFigures(
        field["photos"].count(),
        field["sessions"].count(),
        field["accuracy"].share(),
        field["rmse"].size(),
        field["mae"].size(),
        field["coverage"].share(),
        field["width"].size(),
    )


def _confusion(field: Field) -> tuple[tuple[int, ...], ...]:
    rows = tuple(tuple(cell.count() for cell in row.entries()) for row in field.entries())
    if [len(row) for row in rows] != [_CATEGORIES] * _CATEGORIES:
        raise field.fault(f"must have {_CATEGORIES} rows of {_CATEGORIES} counts")
    return rows


def _trust(field: Field) -> Trust:
    return Trust(field["ece"].size(), field["brier"].size())


def _bin(field: Field) -> ConfidenceBin:
    confidence, accuracy = field["confidence"].share(), field["accuracy"].share()
    return ConfidenceBin(confidence, accuracy, field["photos"].count())


def _interval(field: Field) -> Interval:
    return Interval(field["coverage"].share(), field["width"].size())
