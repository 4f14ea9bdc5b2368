"""What was to be reached on two cores, and what is."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A bound of a figure: at `path` in the parts, its name first, and then in its figures.

    `before` is the figure at the start of the work. `profile` is the path of the text that says
    where time or memory goes.
    """

    title: str
    path: tuple[str, ...]
    limit: float
    before: float | None
    unit: str = "x"
    at_least: bool = False
    profile: tuple[str, ...] = ()

    def value(self, parts: Mapping[str, Any]) -> float | None:
        """The figure; `None` where it was not measured."""
        figure = at(parts, self.path)
        return float(figure) if isinstance(figure, int | float) else None

    def is_met(self, parts: Mapping[str, Any]) -> bool | None:
        """Whether the goal is reached; `None` where nothing was measured."""
        value = self.value(parts)
        if value is None:
            return None
        return value >= self.limit if self.at_least else value <= self.limit


def at(parts: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """What stands at a path below the figures of a part, or `None`."""
    name, *keys = path
    start = parts.get(name, {}).get("figures")
    return reduce(lambda node, key: node.get(key) if isinstance(node, dict) else None, keys, start)


_VISITORS = ("visitors", "profile")
_OURS = ("times_faster", "ours")
GOALS = (
    Goal(
        "slider move, against the naive way",
        ("slider", *_OURS),
        40,
        19,
        at_least=True,
        profile=("slider", "profile"),
    ),
    Goal(
        "its page run, time of the server's processor",
        ("visitors", "ours", "1", "server_ms_a_move"),
        15,
        50,
        "ms",
        profile=_VISITORS,
    ),
    Goal(
        "upload of 12 megapixels, against the naive way",
        ("upload", *_OURS),
        4.5,
        2.7,
        at_least=True,
        profile=("upload", "profile"),
    ),
    Goal(
        "`predict` in the terminal",
        ("terminal", "ours", "median_s"),
        1,
        4.4,
        "s",
        profile=("terminal", "profile"),
    ),
    Goal(
        "its memory",
        ("terminal", "ours", "memory_mb"),
        150,
        418,
        "MB",
        profile=("terminal", "profile"),
    ),
    Goal("exported folder, first answer", ("terminal", "edge", "median_s"), 1, None, "s"),
    Goal("its memory, exported", ("terminal", "edge", "memory_mb"), 150, None, "MB"),
    Goal(
        "first visit after a server's start",
        ("start", "ours", "first_visit_s"),
        2.5,
        8.5,
        "s",
        profile=("start", "profile"),
    ),
    Goal(
        "Predict, warm, in a browser",
        ("navigation", "predict", "median_s"),
        1,
        None,
        "s",
        profile=("start", "profile_of_pages"),
    ),
    Goal(
        "the slowest other page, warm, in a browser",
        ("navigation", "slowest_other_s"),
        1.5,
        4.7,
        "s",
        profile=("start", "profile_of_pages"),
    ),
    Goal(
        "server, idle after its first page",
        ("start", "after_first_page_mb"),
        300,
        690,
        "MB",
        profile=("start", "profile_of_memory"),
    ),
    Goal(
        "server, after an hour of 10 visitors",
        ("soak", "median_mb"),
        900,
        1290,
        "MB",
        profile=("start", "profile_of_memory"),
    ),
    Goal(
        "20 visitors move sliders, 95 % within",
        ("visitors", "ours", "20", "p95_ms"),
        400,
        1160,
        "ms",
        profile=_VISITORS,
    ),
    Goal(
        "50 visitors move sliders, 95 % within",
        ("visitors", "ours", "50", "p95_ms"),
        1500,
        6700,
        "ms",
        profile=_VISITORS,
    ),
    Goal("errors at any number of visitors", ("visitors", "errors"), 0, None, ""),
    Goal(
        "folder of 12-megapixel photos on two cores, against the naive loop",
        ("bulk", "times_faster", "processes_2"),
        5,
        None,
        at_least=True,
        profile=("upload", "profile"),
    ),
    Goal(
        "two Dask workers against one",
        ("bulk", "two_against_one", "dask"),
        1.7,
        None,
        at_least=True,
    ),
)
