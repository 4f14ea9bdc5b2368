"""What a load test measured: run times, errors, memory, acknowledged answers; and the verdict."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

import numpy as np

_KEPT_ERRORS = 100  # sentences; all are counted
WARM_UP = 1 / 3  # of the time, in which caches fill and the allocator finds its size
SHORTEST_TREND = 5 * 60.0  # seconds after the warm-up, below which memory says nothing
_FLAT_SHARE, _FLAT_MB = 0.03, 16.0  # growth after the warm-up that is noise of the allocator


@dataclass(frozen=True)
class LoadError:
    """What went wrong at `seconds` after the start, for which virtual user, in which action."""

    seconds: float
    user: str
    action: str
    sentence: str


class LoadRecorder:
    """Collects from all virtual users at once; threads may share it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start the clock, which returns seconds."""
        self._lock, self._clock, self._start = Lock(), clock, clock()
        self._times: dict[str, list[float]] = defaultdict(list)
        self._errors: list[LoadError] = []
        self._error_count = 0
        self._notes: Counter[str] = Counter()
        self.memory: list[tuple[float, float]] = []  # seconds, MB

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start

    def time(self, action: str, seconds: float) -> None:
        """Keep how long a run took."""
        with self._lock:
            self._times[action].append(seconds)

    def error(self, user: str, action: str, sentence: str) -> None:
        """Keep an error."""
        with self._lock:
            self._error_count += 1
            if len(self._errors) < _KEPT_ERRORS:
                self._errors.append(LoadError(round(self.elapsed, 1), user, action, sentence[:500]))

    def note(self, sentence: str) -> None:
        """Count something worth knowing that is no error."""
        with self._lock:
            self._notes[sentence[:200]] += 1

    def add_memory(self, megabytes: float) -> None:
        """Keep a sample of the server's resident memory."""
        with self._lock:
            self.memory.append((round(self.elapsed, 1), round(megabytes, 1)))

    def run_times(self) -> dict[str, dict[str, float]]:
        """Count, median, 95th percentile and maximum of each action and of all, in seconds."""
        with self._lock:
            times = {action: list(values) for action, values in sorted(self._times.items())}
        everything = [value for values in times.values() for value in values]
        return {name: _percentiles(values) for name, values in {"all": everything, **times}.items()}

    def errors(self) -> tuple[int, tuple[LoadError, ...]]:
        """How many errors there were, and the first of them."""
        with self._lock:
            return self._error_count, tuple(self._errors)

    def notes(self) -> dict[str, int]:
        """The sentences that are no errors, the most frequent first."""
        with self._lock:
            return dict(self._notes.most_common(20))


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {"count": 0}
    middle, high = np.percentile(values, (50, 95))
    return {
        "count": len(values),
        "p50_s": round(float(middle), 3),
        "p95_s": round(float(high), 3),
        "max_s": round(max(values), 3),
    }


@dataclass(frozen=True)
class MemoryTrend:
    """Resident memory in MB; the slope is that of the time after the warm-up (Theil-Sen)."""

    peak_mb: float
    median_mb: float
    slope_mb_per_hour: float | None  # None: the time after the warm-up was too short
    slope_percent_per_hour: float | None
    growth_mb: float | None  # slope times the time after the warm-up

    @property
    def grows(self) -> bool:
        """Whether memory grew by more than the allocator's noise."""
        allowed = max(_FLAT_MB, _FLAT_SHARE * self.median_mb)
        return self.growth_mb is not None and self.growth_mb > allowed


def memory_trend(samples: list[tuple[float, float]]) -> MemoryTrend | None:
    """Fit the trend of (seconds, MB); `None` without samples."""
    if not samples:
        return None
    seconds, megabytes = np.array(samples).T
    begin = seconds[0] + WARM_UP * (seconds[-1] - seconds[0])
    late = seconds >= begin
    peak, median = float(megabytes.max()), float(np.median(megabytes[late]))
    span = float(seconds[-1] - seconds[late][0])
    if span < SHORTEST_TREND:
        return MemoryTrend(peak, median, None, None, None)
    slope = _theil_sen(seconds[late], megabytes[late])
    return MemoryTrend(
        peak,
        median,
        round(3600 * slope, 1),
        round(100 * 3600 * slope / median, 2),
        round(slope * span, 1),
    )


def _theil_sen(x: Any, y: Any) -> float:
    """The median slope of all pairs: https://en.wikipedia.org/wiki/Theil-Sen_estimator."""
    step = math.ceil(len(x) / 1000)  # half a million pairs at most
    x, y = x[::step], y[::step]
    first, second = np.triu_indices(len(x), 1)
    return float(np.median((y[second] - y[first]) / (x[second] - x[first])))


@dataclass
class AnswerLedger:
    """Requests of answers that annotators sent, and which of them the page acknowledged."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    undone: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def send(self, request: str) -> None:
        """An answer is on its way."""
        with self._lock:
            self.sent.add(request)

    def acknowledge(self, request: str) -> None:
        """The page says that it is saved."""
        with self._lock:
            self.acknowledged.add(request)

    def undo(self) -> None:
        """The page says that an answer was taken back."""
        with self._lock:
            self.undone += 1

    def check(self, stored: Mapping[str, int], stored_undos: int) -> "AnswerCheck":
        """Compare with the answers of the annotators in the store: request to times written."""
        return AnswerCheck(
            acknowledged=len(self.acknowledged),
            stored=sum(stored.values()),
            lost=len(self.acknowledged - stored.keys()),
            twice=sum(count - 1 for count in stored.values()),
            never_sent=len(stored.keys() - self.sent),
            undos_acknowledged=self.undone,
            undos_stored=stored_undos,
        )


@dataclass(frozen=True)
class AnswerCheck:
    """Acknowledged answers against those in the store."""

    acknowledged: int
    stored: int
    lost: int
    twice: int
    never_sent: int
    undos_acknowledged: int = 0
    undos_stored: int = 0


def verdict(
    errors: int, memory: MemoryTrend | None, answers: AnswerCheck | None, actions: int
) -> tuple[str, ...]:
    """The reasons why a soak test fails; none where it passes."""
    reasons = []
    if not actions:
        reasons.append("No action was completed.")
    if errors:
        reasons.append(f"Errors must be 0, got {errors}.")
    if memory is not None and memory.grows:
        reasons.append(
            f"Memory must be flat after the warm-up, got {memory.growth_mb:g} MB more "
            f"({memory.slope_mb_per_hour:g} MB an hour)."
        )
    if answers is not None:
        if answers.lost:
            reasons.append(f"Lost answers must be 0, got {answers.lost}.")
        if answers.twice or answers.never_sent:
            count = answers.twice + answers.never_sent
            reasons.append(f"Answers stored twice or never sent must be 0, got {count}.")
        if answers.undos_stored < answers.undos_acknowledged:
            count = answers.undos_acknowledged - answers.undos_stored
            reasons.append(f"Lost undos must be 0, got {count}.")
    return tuple(reasons)


def as_json(
    recorder: LoadRecorder, answers: AnswerCheck | None, done: bool, **about: Any
) -> dict[str, Any]:
    """All figures so far, with the verdict on them."""
    count, first = recorder.errors()
    run_times = recorder.run_times()
    memory = memory_trend([*recorder.memory])
    reasons = verdict(count, memory, answers, int(run_times["all"]["count"]))
    return {
        **about,
        "seconds": round(recorder.elapsed, 1),
        "done": done,
        "passed": not reasons,
        "reasons": reasons,
        "run_times": run_times,
        "memory": None if memory is None else {**asdict(memory), "grows": memory.grows},
        "answers": None if answers is None else asdict(answers),
        "errors": {"count": count, "first": [asdict(error) for error in first]},
        "notes": recorder.notes(),
        "memory_samples": [list(sample) for sample in recorder.memory],
    }
