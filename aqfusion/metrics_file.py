"""Read `assets/metrics.json` and check every value; what is absent there is absent here."""

from pathlib import Path

from aqfusion.figures import KINDS
from aqfusion.figures_file import (
    read_estimate,
    read_history,
    read_history_baselines,
    read_kind,
    read_partial_sensors,
    read_scores,
)
from aqfusion.metrics import (
    Catch,
    Data,
    Guard,
    HeatMaps,
    MapMethod,
    Metrics,
    Model,
    Protocol,
    Published,
    Run,
    Session,
)
from aqfusion.table_file import Field, TableError, read_table

FORMAT = 1


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
    baselines, runs = field["baselines"].each(read_scores), field["backbones"].each(_run)
    history = field.optional("history_baselines", read_history_baselines) or ()
    return Protocol(field["says"].text(), baselines, runs, history)


def _run(field: Field) -> Run:
    return Run(
        field["kinds"].each(read_kind),
        field.optional("late_fusion", read_scores),
        field.optional("partial_sensors", read_partial_sensors),
        tuple(_session(entry) for entry in field["sessions"].entries()),
        field.optional("guard", _guard),
        field.optional("heat_maps", _heat_maps),
        field.optional("history", read_history) or (),
    )


def _session(field: Field) -> Session:
    predicted = {kind: field.optional(kind, read_estimate) for kind in KINDS}
    photos, measured = field["photos"].count(), field["measured"].size()
    key, place = field["session"].text(), field["place"].text()
    return Session(key, place, photos, measured, predicted)


def _guard(field: Field) -> Guard:
    return Guard(
        field["photos"].count(),
        field["false_alarms"].share(),
        field["false_alarms_per_place"].each(Field.share),
        field["pictures"].each(lambda set_: Catch(set_["caught"].count(), set_["of"].count())),
        field["caught"].share(),
    )


def _heat_maps(field: Field) -> HeatMaps:
    taken = tuple(entry.count() for entry in field["taken"].entries())
    methods = field["methods"].each(_map_method)
    return HeatMaps(field["photos"].count(), taken, read_estimate(field["random"]), methods)


def _map_method(field: Field) -> MapMethod:
    return MapMethod(
        read_estimate(field["points"]),
        read_estimate(field["above_random"]),
        field["beats_random"].share(),
        field.optional("like_untrained", Field.correlation),
    )
