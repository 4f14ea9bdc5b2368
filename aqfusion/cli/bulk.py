"""`predict` of a whole folder or table: its options, its progress, and the summary as JSON."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from aqfusion.cli.options import (
    PathText,
    UsageError,
    WholeNumber,
    print_json,
    report,
    served_model,
)
from aqfusion.cli.site_options import PlaceAndTime

if TYPE_CHECKING:
    from aqfusion.bulk.bulk_prediction import BulkProgress, Compute
    from aqfusion.bulk.item_list import ItemList
    from aqfusion.model.predictor import Predictor

WITHOUT_PREDICTION = 1  # exit status where some rows have no prediction
_EVERY = 2.0  # seconds between two lines of progress
_MOST_PROCESSES = 1024
_ALLOWED = {"--site", "--taken-at", "--model", "--trust-photo", "--json"}
_OWN = {"--folder", "--table", "--out", "--processes", "--scheduler"}


@dataclass(frozen=True)
class BulkOptions:
    """What `predict` of many is asked for, as it was typed."""

    folder: str | None
    table: str | None
    out: str | None
    processes: int | None
    scheduler: str | None

    @property
    def is_asked(self) -> bool:
        """Whether anything but a single prediction is meant."""
        return any(value is not None for value in asdict(self).values())

    def check(self, typed: list[str]) -> None:
        """Refuse options that do not go together; `typed` are all on the command line."""
        if self.folder is None and self.table is None:
            raise UsageError("predict of many must have --folder or --table, got none")
        if self.out is None:
            rule = "--folder and --table need --out FILE.csv, FILE.jsonl or FILE.parquet"
            raise UsageError(f"{rule}, got none")
        for option in typed:
            if option not in _ALLOWED | _OWN:
                rule = "is of a single prediction: with --folder, readings stand in --table"
                raise UsageError(f"{option} {rule}")
        if self.processes is not None and self.scheduler is not None:
            raise UsageError("--processes is not allowed with --scheduler, whose workers are used")


def bulk_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a bulk prediction, handed on as `bulk`."""

    @click.option(
        "--folder",
        type=PathText(),
        metavar="FOLDER",
        help="predict all photos of a folder, or of an address like s3://bucket/photos",
    )
    @click.option(
        "--table",
        type=PathText(),
        metavar="FILE",
        help="predict each row of a CSV file or spreadsheet: its photo, its readings, or both",
    )
    @click.option(
        "--out",
        type=PathText(),
        metavar="FILE",
        help="results of --folder or --table: .csv, .jsonl or .parquet, at a path or an address",
    )
    @click.option(
        "--processes",
        type=WholeNumber(1, _MOST_PROCESSES),
        metavar="N",
        help="processes for --folder or --table (default: one for each core)",
    )
    @click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="compute --folder or --table on a Dask cluster, as tcp://host:8786",
    )
    @wraps(command)
    def with_bulk(
        folder: str | None,
        table: str | None,
        out: str | None,
        processes: int | None,
        scheduler: str | None,
        **others: Any,
    ) -> None:
        command(bulk=BulkOptions(folder, table, out, processes, scheduler), **others)

    return with_bulk


def predict_many(
    bulk: BulkOptions, place: PlaceAndTime, model: str | None, trust_photo: bool
) -> None:
    """Predict, print the summary as JSON, and end with status 1 where some have no prediction."""
    place.check()
    from aqfusion.bulk.bulk_prediction import predict_all, setup_of
    from aqfusion.bulk.result_files import format_of
    from aqfusion.io.file_address import FileAddress
    from aqfusion.model.predictor import load_model

    out = FileAddress(str(bulk.out)).absolute()
    format_of(out.name)
    name = served_model(model)
    predictor = place.at(load_model(name))
    items = _items(bulk, predictor)
    for note in items.notes:
        report(note)
    setup = setup_of(name, predictor, trust_photo)
    start = time.monotonic()
    compute = _compute(bulk, predictor)
    summary = predict_all(setup, items.items, out, compute, _Progress(start))
    for where, reason in summary.errors:
        report(f"{where}: {reason}")
    more = summary.without_prediction - len(summary.errors)
    if more > 0:
        report(f"and {more:,} more without a prediction")
    report(summary.sentence())
    print_json(
        {
            "out": out.shown,
            "rows": summary.rows,
            "without_prediction": summary.without_prediction,
            "with_problem": summary.with_problem,
            "from_earlier_run": summary.earlier,
            "seconds": round(time.monotonic() - start, 2),
            "site": predictor.site and predictor.site.name,
            "model": predictor.name,
            "model_version": predictor.model_version,
        }
    )
    if summary.without_prediction:
        raise click.exceptions.Exit(WITHOUT_PREDICTION)


def _items(bulk: BulkOptions, predictor: "Predictor") -> "ItemList":
    from aqfusion.bulk.finished_parts import parts_name
    from aqfusion.bulk.item_list import list_folder, list_table
    from aqfusion.io.file_address import FileAddress

    folder = None if bulk.folder is None else FileAddress(bulk.folder).absolute()
    name = FileAddress(str(bulk.out)).name
    own = (name, parts_name(name))
    if bulk.table is not None:
        local = predictor.site.zone if predictor.site else None
        return list_table(FileAddress(bulk.table).absolute(), folder, local, own)
    assert folder is not None
    return list_folder(folder, own)


def _compute(bulk: BulkOptions, predictor: "Predictor") -> "Compute":
    if bulk.scheduler is not None:
        from aqfusion.bulk.dask_cluster import dask_compute

        return dask_compute(bulk.scheduler, predictor)
    from aqfusion.bulk.bulk_prediction import local_compute

    return local_compute(bulk.processes, predictor)


class _Progress:
    """A line every two seconds: how many, how fast, how long still."""

    def __init__(self, start: float) -> None:
        self._start, self._shown = start, start

    def __call__(self, progress: "BulkProgress") -> None:
        now = time.monotonic()
        new = progress.done - progress.earlier
        if not new:
            if progress.earlier:
                report(f"{progress.earlier:,} of {progress.total:,} are done from an earlier run")
            return
        if now - self._shown < _EVERY and progress.done < progress.total:
            return
        self._shown = now
        rate = new / max(now - self._start, 1e-3)
        left = (progress.total - progress.done) / rate
        report(f"{progress.done:,} of {progress.total:,}, {rate:,.1f} a second, {_time(left)} left")


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
