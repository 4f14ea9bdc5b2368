"""The three backbones: what they weigh, how fast they are, how good."""

from aqfusion.metrics import Metrics
from aqfusion.ui.evaluation import words
from aqfusion.ui.table import Cell, Column, Table

_MODEL = (
    Column("backbone"),
    Column("size in MB", ".1f"),
    Column("parameters in millions", ".1f"),
    Column("ms per photo", ".1f"),
    Column("ms per answer", ".1f"),
)
_FIGURES = (
    Column("accuracy", ".0%"),
    Column("RMSE", ".1f"),
    Column("session RMSE", ".1f"),
    Column("first weights"),
)


def backbone_table(metrics: Metrics, protocol: str) -> Table:
    """List all three with photo and readings, photos weighing alike."""
    rows = (_row(metrics, protocol, name, title) for name, title in words.BACKBONES.items())
    return Table((*_MODEL, *_FIGURES), tuple(rows))


def _row(metrics: Metrics, protocol: str, name: str, title: str) -> tuple[Cell, ...]:
    model, run = metrics.models.get(name), metrics.run(protocol, name)
    about: tuple[Cell, ...] = (None, None, None, None)
    if model:
        about = (model.bytes / 1e6, model.parameters / 1e6, model.embed_ms, model.predict_ms)
    if run is None or "fused" not in run.kinds:
        return title, *about, words.NOT_YET
    scores = run.kinds["fused"].scores
    weights = model.backbone_weights if model else None
    return (
        title,
        *about,
        scores.photos["accuracy"],
        scores.photos["rmse"],
        scores.session_rmse,
        weights,
    )
