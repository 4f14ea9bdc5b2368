"""Portions on the cores of this machine: a process for each, which loads the model once.

Processes, not threads: decoding and network share one interpreter's lock now and then. Each
computes on one thread, as more threads than cores wait for each other.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context, parent_process

from aqfusion.bulk.bulk_item import BulkError, BulkItem, BulkSetup, Portion, Row

__all__ = ["on_processes", "usable_cores"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_NUM_THREADS")
_AHEAD = 2  # portions that wait beside each that is being computed
_LOST = "the process that read this photo ended: the file may be damaged, or memory was short"
_setup: BulkSetup | None = None
Computed = Iterator[tuple[Portion, list[Row]]]


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_processes(
    processes: int, setup: BulkSetup, todo: Iterable[Portion], lost: Callable[[BulkItem, str], Row]
) -> Computed:
    """Compute portions, each given back when it is done; with one process, in this very one.

    `lost` makes the row of a photo that ends every process which reads it.
    """
    if processes == 1:
        from aqfusion.bulk.prediction_row import predict_portion

        for portion in todo:
            yield portion, predict_portion(setup, portion.items)
        return
    waiting = deque[Portion]()
    source = iter(todo)
    while True:
        broken: list[Portion] = []
        yield from _until_broken(processes, setup, source, broken)
        if not broken:
            return
        waiting.extend(broken)
        while waiting:
            portion = waiting.popleft()
            rows = _isolated(setup, portion.items, lost)
            if len(rows) > 1 and all(row["error"] == _LOST for row in rows):
                raise BulkError(
                    "every process ended as soon as it computed: memory may be short. Try again "
                    "with --processes 1"
                )
            yield portion, rows


def _until_broken(
    processes: int, setup: BulkSetup, source: Iterator[Portion], broken: list[Portion]
) -> Computed:
    """Compute until all are done or a process was killed; `broken` gets what that took along."""
    pool = _pool(processes, setup)
    running: dict[Future[list[Row]], Portion] = {}
    try:
        while True:
            while len(running) < processes * _AHEAD and not broken:
                portion = next(source, None)
                if portion is None:
                    break
                try:
                    running[pool.submit(_compute, portion.items)] = portion
                except BrokenProcessPool:
                    broken.append(portion)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                portion = running.pop(future)
                try:
                    rows = future.result()
                except BrokenProcessPool:
                    broken.append(portion)
                    continue
                yield portion, rows
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _isolated(
    setup: BulkSetup, items: tuple[BulkItem, ...], lost: Callable[[BulkItem, str], Row]
) -> list[Row]:
    """Compute items in a process of their own, by halves where it is killed again."""
    with _pool(1, setup) as pool, suppress(BrokenProcessPool):
        return pool.submit(_compute, items).result()
    if len(items) == 1:
        return [lost(items[0], _LOST)]
    half = len(items) // 2
    return _isolated(setup, items[:half], lost) + _isolated(setup, items[half:], lost)


def _pool(processes: int, setup: BulkSetup) -> ProcessPoolExecutor:
    # Spawned: a fork would copy locks that other threads hold.
    return ProcessPoolExecutor(processes, get_context("spawn"), _begin, (setup,))


def _begin(setup: BulkSetup) -> None:
    """Prepare a process, before it imports what counts threads."""
    global _setup
    _setup = setup
    for name in _THREADS:
        os.environ[name] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent says nothing, and its processes would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _compute(items: tuple[BulkItem, ...]) -> list[Row]:
    from aqfusion.bulk.prediction_row import predict_portion

    assert _setup is not None
    return predict_portion(_setup, items)
