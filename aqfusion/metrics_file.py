"""Read `assets/metrics.json` and check every value; what is absent there is absent here."""

from pathlib import Path

from aqfusion.figures import (
    FIGURES,
    KINDS,
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
from aqfusion.metrics import Catch, Data, Guard, Metrics, Model, Protocol, Published, Run, Session
from aqfusion.table_file import Field, TableError, read_table

FORMAT = 1
_CATEGORIES = 6
_TOO_LARGE = 1_000_000


def read_metrics(path: Path) -> Metrics:
    """Read the figures; a file that is absent or damaged raises `TableError`."""
    if not path.is_file():
        raise TableError(f"{path.name} must lie in assets, got no such file")
    file = read_table(path)
    if file["format"].whole() != FORMAT:
        raise file["format"].fault(f"must be {FORMAT}")
    return Metrics(
        file["code_version"].text(),
        _data(file["data"]),
        _published(file["published"]),
        file["models"].each(_model),
        file["protocols"].each(_protocol),
    )


def _data(field: Field) -> Data:
    return Data(
        field["photos"].count(),
        field["sessions"].count(),
        field["groups"].count(),
        field["places"].keys(),
        field["source"].text(),
        field["licence"].text(),
    )


def _published(field: Field) -> Published:
    accuracy, rmse = field["accuracy"].share(), field["rmse"].size()
    return Published(field["source"].text(), field["backbone"].text(), accuracy, rmse)


def _model(field: Field) -> Model:
    return Model(
        field["title"].text(),
        field["bytes"].count(),
        field["parameters"].count(),
        field["backbone_weights"].text(),
        field["embed_ms"].size(),
        field["predict_ms"].size(),
    )


def _protocol(field: Field) -> Protocol:
    baselines, runs = field["baselines"].each(_scores), field["backbones"].each(_run)
    return Protocol(field["says"].text(), baselines, runs)


def _run(field: Field) -> Run:
    return Run(
        field["kinds"].each(_kind),
        field.optional("late_fusion", _scores),
        field.optional("partial_sensors", _partial_sensors),
        tuple(_session(entry) for entry in field["sessions"].entries()),
        field.optional("guard", _guard),
    )


def _kind(field: Field) -> Kind:
    calibration = field["calibration"]
    return Kind(
        _scores(field["scores"]),
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


def _scores(field: Field) -> Scores:
    photos, sessions = (
        {name: _estimate(field[weighing][name]) for name in FIGURES}
        for weighing in ("photos", "sessions")
    )
    return Scores(photos, sessions, field["session_rmse"].size())


def _estimate(field: Field) -> Estimate:
    numbers = [entry.number() for entry in field.entries()]
    if len(numbers) != 3 or numbers[1] > numbers[2]:
        raise field.fault("must be [value, low, high] with low <= high")
    if max(map(abs, numbers)) > _TOO_LARGE:
        raise field.fault(f"must be within {_TOO_LARGE} of 0")
    return Estimate(*map(float, numbers))


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


def _partial_sensors(field: Field) -> PartialSensors:
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


def _session(field: Field) -> Session:
    predicted = {kind: field.optional(kind, _estimate) for kind in KINDS}
    photos, measured = field["photos"].count(), field["measured"].size()
    return Session(field["place"].text(), photos, measured, predicted)


def _guard(field: Field) -> Guard:
    return Guard(
        field["photos"].count(),
        field["false_alarms"].share(),
        field["false_alarms_per_place"].each(Field.share),
        field["pictures"].each(lambda set_: Catch(set_["caught"].count(), set_["of"].count())),
        field["caught"].share(),
    )
