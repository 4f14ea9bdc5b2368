"""A bulk prediction on one screen: list, go on from what is finished, compute, write once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from aqfusion.bulk.bulk_item import BulkError, BulkItem, BulkSetup, Portion, Row, portions
from aqfusion.bulk.finished_parts import FinishedParts
from aqfusion.bulk.prediction_row import unpredicted
from aqfusion.bulk.processes import on_processes, usable_cores
from aqfusion.bulk.result_files import format_of, write_results
from aqfusion.io.file_address import FileAddress
from aqfusion.model.predictor import Predictor, model_folder, shipped_names

__all__ = ["BulkProgress", "BulkSummary", "Compute", "local_compute", "predict_all", "setup_of"]

MOST_ERRORS = 20  # that a summary lists
_PORTIONS_EACH = 4  # fewer, and a process takes longer to start than to compute
Compute = Callable[[BulkSetup, Iterable[Portion]], Iterator[tuple[Portion, list[Row]]]]


@dataclass(frozen=True)
class BulkProgress:
    """Of `total` items `done` have a row, `earlier` of them from a run before this one."""

    done: int
    total: int
    earlier: int


@dataclass
class BulkSummary:
    """What came of a run: rows in all, those without a prediction, and from earlier runs.

    `errors` are the first of them: the file or line, and the reason.
    """

    rows: int = 0
    without_prediction: int = 0
    with_problem: int = 0
    earlier: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)

    def add(self, rows: Iterable[Row]) -> None:
        """Count rows."""
        for row in rows:
            self.rows += 1
            self.with_problem += row["problem"] is not None and row["error"] is None
            if row["error"] is None:
                continue
            self.without_prediction += 1
            if len(self.errors) < MOST_ERRORS:
                self.errors.append((row["file"] or f"line {row['line']}", row["error"]))

    def sentence(self) -> str:
        """The run in words.

        >>> BulkSummary(rows=3, without_prediction=1).sentence()
        '2 of 3 rows have a prediction; 1 has none, its reason stands in the column error'
        """
        good = self.rows - self.without_prediction
        text = f"{good:,} of {self.rows:,} rows have a prediction"
        if self.without_prediction == 1:
            text += "; 1 has none, its reason stands in the column error"
        elif self.without_prediction:
            text += f"; {self.without_prediction:,} have none, the reasons stand in the column "
            text += "error"
        return text


def setup_of(model: str, predictor: Predictor, trust_photo: bool = False) -> BulkSetup:
    """What processes need to load the same model at the same site; `model` is name or folder."""
    weights = predictor.checkpoint.sha256
    if model not in shipped_names():  # whose folder is another on each machine
        model = str(model_folder(model).absolute())
    return BulkSetup(model, weights, predictor.site, predictor.taken_at, trust_photo)


def local_compute(processes: int | None, predictor: Predictor) -> Compute:
    """Compute on this machine, by default on all cores."""
    site = predictor.site.name if predictor.site else None

    def lost(item: BulkItem, error: str) -> Row:
        return unpredicted(item, predictor.model_version, site, error)

    return partial(_local, processes or usable_cores(), lost)


def _local(
    processes: int,
    lost: Callable[[BulkItem, str], Row],
    setup: BulkSetup,
    todo: Iterable[Portion],
) -> Iterator[tuple[Portion, list[Row]]]:
    source = iter(todo)
    first = [*islice(source, _PORTIONS_EACH * processes)]
    used = max(1, min(processes, len(first) // _PORTIONS_EACH))

    def both() -> Iterator[Portion]:
        yield from first
        yield from source

    yield from on_processes(used, setup, both(), lost)


def predict_all(
    setup: BulkSetup,
    items: tuple[BulkItem, ...],
    out: FileAddress,
    compute: Compute,
    progress: Callable[[BulkProgress], None] = lambda _: None,
) -> BulkSummary:
    """Predict all items and write their rows, in order, to `out`, which appears whole at the end.

    What is finished is kept beside it: after a kill the same call goes on from there.
    """
    ending = format_of(out.name)
    if out.is_folder():
        raise BulkError(f"--out must be a file, got the folder {out.shown}")
    parts, summary = FinishedParts(out), BulkSummary()
    with parts.locked():
        todo = []
        for portion in portions(setup, items):
            if parts.has(portion):
                summary.earlier += len(portion.items)
            else:
                todo.append(portion)
        done = summary.earlier
        progress(BulkProgress(done, len(items), summary.earlier))
        for portion, rows in compute(setup, todo):
            parts.write(portion, rows)
            done += len(rows)
            progress(BulkProgress(done, len(items), summary.earlier))

        def batches() -> Iterator[list[Row]]:
            for portion in portions(setup, items):
                rows = parts.read(portion)
                summary.add(rows)
                yield rows

        with out.written() as stream:
            write_results(ending, batches(), stream)
        parts.remove()
    return summary
