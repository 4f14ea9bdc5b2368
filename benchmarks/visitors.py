"""Visitors who move sliders over the app's own websocket, beside those of the naive app.

    python benchmarks/visitors.py 1 20

Each moves as soon as the answer has come and 0.3 to 1.2 seconds have passed. Virtual visitors and
server share the processors, as the figures of before did.
"""

import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Lock, Thread
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.cli.main import run_command
from aqfusion.cli.options import WholeNumber, print_json
from aqfusion.load_test.app_client import AppClient, AppClientError
from aqfusion.load_test.server_process import (
    ServerProcess,
    app_server,
    processor_seconds,
    resident_mb,
)
from benchmarks.profiles import of_process
from benchmarks.timing import NAIVE, OURS, percentile

NAIVE_APP = Path(__file__).with_name("naive_app.py")
PAGES = {OURS: "predict", NAIVE: ""}
LEVELS = (1, 2, 5, 10, 20, 50)
_SECONDS = 10.0  # that the visitors of a level move their sliders
_THINKS = (0.3, 1.2)  # seconds
_TIMEOUT = 60.0
_HOPELESS = 5000.0  # ms: with more visitors than these wait so long for, an app is left in peace
_PROFILED = 20  # visitors, in whose presence the server is sampled afterwards
_RUNS = re.compile(r'aqfusion_page_run_seconds_(sum|count)\{page="predict"\} (\S+)')


@dataclass
class _Level:
    """What the visitors of a level have met with; threads share it."""

    moves: list[float] = field(default_factory=list)  # seconds
    opened: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


def visitors(quick: bool) -> dict[str, Any]:
    """The app and the naive app, level by level."""
    return measured((1, 2) if quick else LEVELS, 3.0 if quick else _SECONDS, quick)


def measured(levels: Sequence[int], seconds: float, quick: bool = False) -> dict[str, Any]:
    """Answers to moves of so many visitors at once, for so many seconds each."""
    figures: dict[str, Any] = {name: {} for name in PAGES}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        servers = {}
        for name, script in ((OURS, None), (NAIVE, NAIVE_APP)):
            home = folder / name
            home.mkdir()
            more: dict[str, Any] = {} if script is None else {"script": script}
            servers[name] = stack.enter_context(app_server(home, **more))
            with AppClient(servers[name].address) as tab:  # what is made once is made
                tab.open(PAGES[name])
        for count in levels:
            for name, server in servers.items():
                lately = [level["p50_ms"] for level in figures[name].values()][-1:]
                if not lately or lately[0] < _HOPELESS:
                    figures[name][str(count)] = _level(server, name, count, seconds)
        profile: list[str] = []
        with of_process(servers[OURS].process.pid, profile, quick):
            _level(servers[OURS], OURS, min(_PROFILED, max(levels)), seconds)
        faults = servers[OURS].faults()
    return {
        "think_seconds": list(_THINKS),
        "seconds": seconds,
        **figures,
        "times_faster": {
            str(count): {
                key: round(figures[NAIVE][str(count)][key] / figures[OURS][str(count)][key], 2)
                for key in ("p50_ms", "p95_ms", "server_ms_a_move")
            }
            for count in levels
            if all(str(count) in figures[name] for name in PAGES)
        },
        "errors": len(faults) + sum(level["errors"] for level in figures[OURS].values()),
        "profile": profile,
    }


def _level(server: ServerProcess, name: str, count: int, seconds: float) -> dict[str, Any]:
    level, process = _Level(), server.process.pid
    before: dict[str, float] = {}

    def begin() -> None:
        before.update(_counters(server), time=time.monotonic())

    together = Barrier(count, begin)
    threads = [
        Thread(target=_visit, args=(server.address, name, number, level, together, seconds))
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = _counters(server)
    if not level.moves:
        level.errors.append("no move was answered")
    moves = level.moves or [_TIMEOUT]
    spent = after["processor"] - before.get("processor", 0.0)
    runs = after["count"] - before.get("count", 0.0)
    return {
        "moves": len(level.moves),
        "p50_ms": round(1000 * statistics.median(moves), 1),
        "p95_ms": round(1000 * percentile(moves, 0.95), 1),
        "worst_ms": round(1000 * max(moves), 1),
        "open_p50_ms": round(1000 * statistics.median(level.opened or [_TIMEOUT]), 1),
        "errors": len(level.errors),
        "first_errors": sorted(set(level.errors))[:3],
        "server_ms_a_move": round(1000 * spent / len(moves), 2),
        "page_run_ms": round(1000 * (after["sum"] - before["sum"]) / runs, 2) if runs else None,
        "memory_mb": round(resident_mb(process) or 0.0),
    }


def _counters(server: ServerProcess) -> dict[str, float]:
    """Seconds of processor, and runs of the page as the server itself counts them."""
    counters = {"sum": 0.0, "count": 0.0}
    counters["processor"] = processor_seconds(server.process.pid) or 0.0
    status, _, content = AppClient(server.address).request("GET", "/metrics")
    if status == 200:
        counters |= {kind: float(value) for kind, value in _RUNS.findall(content.decode())}
    return counters


def _visit(
    address: str, name: str, number: int, level: _Level, together: Barrier, seconds: float
) -> None:
    draw = random.Random(number)
    source = f"127.0.{1 + number // 250}.{2 + number % 250}" if sys.platform == "linux" else None
    try:
        with AppClient(address, source=source, timeout=_TIMEOUT) as tab:
            opened = tab.open(PAGES[name])
            together.wait(_TIMEOUT)
            end = time.monotonic() + seconds
            time.sleep(draw.uniform(0, _THINKS[1]))  # not all at once
            while time.monotonic() < end:
                key = f"sensor_{draw.choice(POLLUTANTS[:2])}_value"
                took = tab.change(key, float(draw.randrange(5, 300)))
                with level.lock:
                    level.moves.append(took)
                time.sleep(draw.uniform(*_THINKS))
            with level.lock:
                level.opened.append(opened)
                level.errors += tab.errors
    except (AppClientError, OSError, RuntimeError) as error:
        together.abort()
        with level.lock:
            level.errors.append(str(error) or type(error).__name__)


@click.command()
@click.argument("levels", metavar="VISITORS...", type=WholeNumber(1, 500), nargs=-1, required=True)
@click.option("--seconds", default=_SECONDS, show_default=True, help="Of each level.")
def main(levels: tuple[int, ...], seconds: float) -> None:
    """Let so many visitors at once move sliders, as JSON."""
    print_json(measured(levels, seconds))


PARTS = {"visitors": visitors}

if __name__ == "__main__":
    sys.exit(run_command(main, "benchmarks/visitors.py"))
