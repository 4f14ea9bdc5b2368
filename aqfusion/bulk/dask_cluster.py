"""Portions on a Dask cluster, where one machine is not enough.

The client writes every part itself, so that a portion that was computed twice, because a worker
was killed, is written once. Workers get addresses of photos, never their bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from aqfusion import __version__
from aqfusion.bulk.bulk_item import BulkError, BulkItem, BulkSetup, Portion, Row
from aqfusion.bulk.prediction_row import predict_portion, unpredicted
from aqfusion.io.file_address import FileAddress
from aqfusion.model.predictor import Predictor

__all__ = ["dask_compute"]

_AHEAD = 4  # portions for each thread of a worker: enough that none waits for the client
_SECONDS = 30  # until a scheduler must have answered
_LOST = "the worker that read this photo ended: the file may be damaged, or memory was short"


def dask_compute(
    scheduler: str, predictor: Predictor
) -> Callable[[BulkSetup, Iterable[Portion]], Iterator[tuple[Portion, list[Row]]]]:
    """Compute on the workers of a scheduler; what it lacks raises `BulkError` before any work."""
    try:
        import distributed
    except ImportError as error:
        raise BulkError(
            "--scheduler needs the package dask[distributed], which is not installed. "
            'Run: pip install "dask[distributed]"'
        ) from error
    site = predictor.site.name if predictor.site else None

    def lost(item: BulkItem) -> Row:
        return unpredicted(item, predictor.model_version, site, _LOST)

    return partial(_on_cluster, distributed, scheduler, lost)


def _on_cluster(
    distributed: Any,
    scheduler: str,
    lost: Callable[[BulkItem], Row],
    setup: BulkSetup,
    todo: Iterable[Portion],
) -> Iterator[tuple[Portion, list[Row]]]:
    try:
        client = distributed.Client(scheduler, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise BulkError(
            f"--scheduler must be the address of a Dask scheduler that runs, as tcp://host:8786, "
            f"got {scheduler!r}: nobody answers there"
        ) from error
    with client:
        source = iter(todo)
        first = next(source, None)
        if first is None:
            return
        threads = _check_workers(client, scheduler, setup, first)
        # A task of its own: what was scattered would be lost with the workers that hold it.
        shared = client.submit(_same, setup, key=f"aqfusion-setup-{setup.key}")
        completed = distributed.as_completed(loop=client.loop)
        running: dict[Any, Portion] = {}

        def submit(portion: Portion) -> None:
            key = f"aqfusion-{portion.key}"
            future = client.submit(predict_portion, shared, portion.items, key=key)
            running[future] = portion
            completed.add(future)

        submit(first)
        for portion in islice(source, threads * _AHEAD - 1):
            submit(portion)
        for future in completed:
            portion = running.pop(future)
            more = next(source, None)
            if more is not None:
                submit(more)
            try:
                yield portion, future.result()
            except distributed.KilledWorker:  # it took four workers along
                yield portion, _one_by_one(client, distributed, shared, portion, lost)


def _check_workers(client: Any, scheduler: str, setup: BulkSetup, portion: Portion) -> int:
    """How many threads the workers have; they must run this version and reach model and photos."""
    address = next((item.address for item in portion.items if item.address), None)
    answers = client.run(
        _problem, __version__, setup.model, setup.weights, address, on_error="return"
    )
    if not answers:
        raise BulkError(f"the scheduler {scheduler} must have workers, got none: start dask worker")
    for worker, problem in answers.items():
        if isinstance(problem, Exception):  # this very function is not there
            rule = f"must have AQFusion {__version__} installed, as this client"
            raise BulkError(f"worker {worker} {rule}, got {type(problem).__name__}: {problem}")
        if problem is not None:
            raise BulkError(f"worker {worker} {problem}")
    return sum(client.nthreads().values())


def _problem(version: str, model: str, weights: str, address: str | None) -> str | None:
    """What is wrong with the worker that runs this: the rest of a sentence."""
    from aqfusion.errors import InputError
    from aqfusion.model.predictor import load_model

    if version != __version__:
        return f"must have AQFusion {version} installed, as this client, got {__version__}"
    try:
        own = load_model(model).checkpoint.sha256
    except InputError as error:
        return f"must have the model at the same path: {error}"
    if own != weights:
        return f"must have the weights {weights[:12]} as {model}, got {own[:12]}: copy its folder"
    try:
        if address is not None:
            FileAddress(address).read(1)
    except (OSError, InputError):
        return (
            f"must reach the photos, got nothing at {FileAddress(address or '').shown}: name a "
            "folder on a shared disk or an address like s3://bucket/photos"
        )
    return None


def _same(setup: BulkSetup) -> BulkSetup:
    return setup


def _one_by_one(
    client: Any,
    distributed: Any,
    shared: Any,
    portion: Portion,
    lost: Callable[[BulkItem], Row],
) -> list[Row]:
    """The rows of a portion that killed workers; what kills them again has no prediction."""
    futures = [
        client.submit(predict_portion, shared, (item,), key=f"aqfusion-{portion.key}-{number}")
        for number, item in enumerate(portion.items)
    ]
    rows: list[Row] = []
    for item, future in zip(portion.items, futures, strict=True):
        try:
            rows += future.result()
        except distributed.KilledWorker:
            rows.append(lost(item))
    return rows
