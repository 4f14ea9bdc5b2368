"""Our model against simpler methods."""

from collections.abc import Callable

from aqfusion.figures import Scores
from aqfusion.metrics import Protocol, Run
from aqfusion.ui.evaluation import words
from aqfusion.ui.table import Cell, Column, Table

_COLUMNS = (
    Column("method"),
    Column("sees"),
    Column("accuracy", ".0%"),
    Column("macro F1", ".2f"),
    Column("kappa", ".2f"),
    Column("RMSE", ".1f"),
    Column("MAE", ".1f"),
    Column("R²", ".2f"),
    Column("session RMSE", ".1f"),
)
_SEES = {"fused": "both", "image_only": "photo", "sensors_only": "readings"}


def score_table(protocol: Protocol, run: Run | None, by_session: bool) -> Table:
    """List our model by kind of input, then the baselines; `by_session`: sessions weigh alike."""
    kinds = run.kinds if run else {}
    ours = [
        (f"Ours: {title.lower()}", _SEES[kind], kinds[kind].scores if kind in kinds else None)
        for kind, title in words.KINDS.items()
    ]
    ours.insert(1, (words.LATE_FUSION, "both", run.late_fusion if run else None))
    baselines = protocol.baselines
    others = [(title, sees, baselines.get(name)) for name, (title, sees) in words.BASELINES.items()]
    row = _row(by_session)
    return Table(_COLUMNS, tuple(row(*entry) for entry in [*ours, *others]))


def _row(by_session: bool) -> Callable[[str, str, Scores | None], tuple[Cell, ...]]:
    def row(title: str, sees: str, scores: Scores | None) -> tuple[Cell, ...]:
        if scores is None:
            return title, sees, words.NOT_YET
        figures = scores.sessions if by_session else scores.photos
        return title, sees, *figures.values(), scores.session_rmse

    return row
