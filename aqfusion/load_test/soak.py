"""A soak test: virtual users for minutes or hours, and whether the server is then as before."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from aqfusion import __version__
from aqfusion.io.atomic_files import replace_file
from aqfusion.load_test.annotation_plan import AnnotationPlan
from aqfusion.load_test.measurements import AnswerCheck, AnswerLedger, LoadRecorder, as_json
from aqfusion.load_test.server_process import ServerProcess, app_server, resident_mb
from aqfusion.load_test.virtual_users import Annotator, LoadTarget, VirtualUser, Visitor
from aqfusion.settings import ASSETS

_SAMPLE_SECONDS = 5.0
_REPORT_SECONDS = 30.0
_LEAVE_SECONDS = 70.0  # for runs that are under way at the end


@dataclass(frozen=True)
class SoakPlan:
    """How long, with how many, against which server; without `url` one is started here.

    `process` is the id of the server at `url`, whose memory is measured. `out` is written every
    half minute, so that a test that is cut off leaves its figures.
    """

    seconds: float
    visitors: int
    annotators: int = 0
    url: str | None = None
    process: int | None = None
    out: Path | None = None
    hurry: float = 1.0


def soak(plan: SoakPlan, report: Callable[[str], None]) -> dict[str, Any]:
    """Run the test and return its figures; Ctrl+C ends it early, with the figures so far."""
    if plan.url is not None:
        return _drive(plan, report, plan.url, plan.process)
    with TemporaryDirectory(prefix="aqfusion-soak-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        annotation = None
        if plan.annotators:
            report(f"making a label store for {plan.annotators} annotators ...")
            annotation = AnnotationPlan.prepare(home, plan.annotators, plan.seconds * plan.hurry)
        with app_server(home) as server:
            return _drive(plan, report, server.address, server.process.pid, server, annotation)


def _drive(
    plan: SoakPlan,
    report: Callable[[str], None],
    address: str,
    process: int | None,
    server: ServerProcess | None = None,
    annotation: AnnotationPlan | None = None,
) -> dict[str, Any]:
    recorder, stop, ledger = LoadRecorder(time.monotonic), Event(), AnswerLedger()
    scenes = tuple(sorted((ASSETS / "scenes").glob("*.jpg")))
    target = LoadTarget(address.rstrip("/"), recorder, stop, scenes, plan.hurry)
    users = _users(plan, target, annotation, ledger)
    about = {
        "version": __version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "planned_seconds": plan.seconds,
        "visitors": plan.visitors,
        "annotators": plan.annotators,
        "server": "started here" if server else address,
    }

    def figures(answers: AnswerCheck | None, done: bool) -> dict[str, Any]:
        result = as_json(recorder, answers, done, **about)
        if plan.out is not None:
            text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
            replace_file(plan.out, text.encode(), sync=False)
        return result

    threads = [Thread(target=user.run, name=user.name, daemon=True) for user in users]
    for thread in threads:
        thread.start()
    finished = False
    try:
        _watch(plan, recorder, process, server, lambda: report(_line(figures(None, False))))
        finished = True
    except KeyboardInterrupt:
        report("ended early; the figures are those so far")
    stop.set()
    until = time.monotonic() + _LEAVE_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    for thread in threads:
        if thread.is_alive():
            recorder.error(thread.name, "leave", "The last run did not end.")
    for sentence in server.faults() if server else ():
        recorder.error("server", "log", sentence)
    return figures(annotation.check(ledger) if annotation else None, finished)


def _users(
    plan: SoakPlan, target: LoadTarget, annotation: AnnotationPlan | None, ledger: AnswerLedger
) -> list[VirtualUser]:
    is_local = target.address.startswith("http://127.0.0.1:")

    def source(number: int) -> str | None:
        """An address of their own for each, as the server counts what comes from one."""
        return f"127.0.{1 + number // 250}.{2 + number % 250}" if is_local else None

    users: list[VirtualUser] = [
        Visitor(target, number, source(number)) for number in range(plan.visitors)
    ]
    for number, account in enumerate(annotation.accounts if annotation else ()):
        address = source(plan.visitors + number)
        users.append(Annotator(target, number, address, account, ledger))
    return users


def _watch(
    plan: SoakPlan,
    recorder: LoadRecorder,
    process: int | None,
    server: ServerProcess | None,
    tell: Callable[[], None],
) -> None:
    """Sample memory until the time is over, and tell how it goes."""
    next_sample = next_report = 0.0
    while (elapsed := recorder.elapsed) < plan.seconds:
        if elapsed >= next_sample:
            next_sample += _SAMPLE_SECONDS
            megabytes = resident_mb(process) if process else None
            if megabytes is not None:
                recorder.add_memory(megabytes)
        if elapsed >= next_report:
            next_report += _REPORT_SECONDS
            tell()
        if server is not None and server.process.poll() is not None:
            recorder.error("server", "run", f"The server ended: {server.process.returncode}")
            return
        time.sleep(min(0.25, max(0.0, plan.seconds - recorder.elapsed)))


def _line(figures: dict[str, Any]) -> str:
    """One line of progress."""
    runs, samples = figures["run_times"]["all"], figures["memory_samples"]
    times = ""
    if runs["count"]:
        times = f" (half within {runs['p50_s']:.2f} s, 95 % within {runs['p95_s']:.2f} s)"
    memory = f", {samples[-1][1]:.0f} MB" if samples else ""
    return (
        f"{figures['seconds'] / 60:.1f} min: {runs['count']} runs{times}"
        f"{memory}, {figures['errors']['count']} errors"
    )
