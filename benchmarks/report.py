"""Tables and pictures of docs/performance.md and README.md, from the results' file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aqfusion.io.atomic_files import replace_file
from aqfusion.release.model_card import table
from aqfusion.settings import ROOT
from benchmarks.goals import GOALS, Goal, at
from benchmarks.pictures import Picture, svg

DOCUMENTS = ("docs/performance.md", "README.md")
_TITLES = {
    "mobilenetv2_100": "MobileNetV2",
    "resnet18": "ResNet18",
    "efficientnet_b0": "EfficientNet-B0",
}
_WAYS = {
    "naive": "naive loop",
    "processes_1": "`predict --folder`, 1 process",
    "processes_2": "`predict --folder`, 2 processes",
    "dask_1": "Dask, 1 worker of one thread",
    "dask_2": "Dask, 2 workers of one thread",
}
_PROFILE_LINES = 12
Parts = Mapping[str, Any]


def documents(results: Mapping[str, Any]) -> dict[Path, str]:
    """The two documents and the pictures as they should be, by their place in the repository."""
    parts = results["parts"]
    texts = {
        Path(name): filled((ROOT / name).read_text(encoding="utf-8"), blocks(results))
        for name in DOCUMENTS
    }
    pictures = {
        Path("docs") / f"performance-{name}.svg": svg(picture)
        for name, picture in _pictures(parts).items()
    }
    return texts | pictures


def write(results: Mapping[str, Any]) -> None:
    """Replace what has changed."""
    for name, text in documents(results).items():
        replace_file(ROOT / name, text.encode())


def filled(text: str, tables: Mapping[str, str]) -> str:
    """Put each table between its marks; one that has no figures yet leaves what is there.

    >>> filled("<!-- bench: a -->\\nold\\n<!-- end -->", {"a": "new"})
    '<!-- bench: a -->\\nnew\\n<!-- end -->'
    """

    def replaced(match: re.Match[str]) -> str:
        name = match[2]
        return f"{match[1]}\n{tables[name]}\n<!-- end -->" if name in tables else match[0]

    marks = r"(<!-- bench: ([\w-]+) -->)\n.*?<!-- end -->"
    return re.sub(marks, replaced, text, flags=re.DOTALL)


def blocks(results: Mapping[str, Any]) -> dict[str, str]:
    """The text of each mark; those of parts without figures are left out."""
    parts = results["parts"]
    texts = {
        "machine": _machine(results),
        "goals": table(["goal", "bound", "before", "now", ""], list(_goal_rows(parts))),
        "photo": _comparisons(parts, list(_photo_rows(parts))),
        "decode": _comparisons(parts, list(_decode_rows(parts))),
        "visitors": _visitors(parts),
        "fairness": _fairness(parts),
        "bulk": _bulk(parts),
        "queue": _queue(parts),
        "start": _start(parts),
        "pages": _pages(parts),
        "profiles": _profiles(parts),
        "summary": _summary(parts),
    }
    for name, picture in _pictures(parts).items():
        texts[f"picture-{name}"] = f"![{picture.title}](performance-{name}.svg)"
    return {name: text for name, text in texts.items() if text}


def _machine(results: Mapping[str, Any]) -> str:
    own, parts = results["machine"], results["parts"].values()
    if not own:
        return ""
    packages = ", ".join(f"{name} {version}" for name, version in own["packages"].items())
    loads = [part["load_before"] for part in parts]
    days = sorted({part["measured"][:10] for part in parts})
    return (
        f"{own['processor']}, {own['cores']} cores, {own['memory_gb']:.0f} GB, {own['system']}; "
        f"Python {own['python']}, {packages}. Measured on {' and '.join(days)}, with a load of "
        f"{min(loads):.1f} to {max(loads):.1f} processes from before each part."
    )


def _goal_rows(parts: Parts) -> Iterator[list[str]]:
    for goal in GOALS:
        value = goal.value(parts)
        bound = f"{'at least' if goal.at_least else 'at most'} {_amount(goal.limit, goal.unit)}"
        met = {True: "met", False: "**not met**", None: "not measured"}[goal.is_met(parts)]
        before = "-" if goal.before is None else _amount(goal.before, goal.unit)
        now = "-" if value is None else _amount(value, goal.unit)
        yield [goal.title, bound, before, now, met]


def _amount(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.2f} s"
    digits = 1 if value % 1 and value < 100 else 0
    number = f"{value:,.{digits}f}"
    return f"{number} times" if unit == "x" else f"{number} {unit}".strip()


def _comparisons(parts: Parts, rows: list[tuple[str, Any]]) -> str:
    cells = [
        [
            title,
            _ms(figures["naive"]["median_ms"]),
            _ms(figures["ours"]["median_ms"]),
            f"{figures['times_faster']['ours']:.1f}",
        ]
        for title, figures in rows
        if figures
    ]
    return table(["ms, median", "naive", "AQFusion", "times faster"], cells) if cells else ""


def _photo_rows(parts: Parts) -> Iterator[tuple[str, Any]]:
    yield "a slider moves: the model's part", at(parts, ("slider",))
    yield "upload of a 12-megapixel JPEG to its AQI", at(parts, ("upload",))
    for name, figures in (at(parts, ("embed", "backbones")) or {}).items():
        yield f"embed a photo, {_TITLES[name]}", figures
    yield "ablations and Shapley values", at(parts, ("explain",))
    yield "heat map (GradCAM)", at(parts, ("heat_map",))


def _decode_rows(parts: Parts) -> Iterator[tuple[str, Any]]:
    for name, figures in (at(parts, ("decode", "formats")) or {}).items():
        yield f"{name.replace('HEIF', 'HEIC')}, {figures['megabytes']:.1f} MB", figures


def _visitors(parts: Parts) -> str:
    apps = at(parts, ("visitors",))
    if apps is None:
        return ""
    titles = ["visitors at once", "p50, ms", "p95, ms", "errors", "processor a move, ms"]
    rows = []
    for count, level in apps["ours"].items():
        naive = apps["naive"].get(count, {})
        rows.append(
            [
                count,
                *(
                    f"{level[key]:,.0f} ({_or_dash(naive.get(key))})"
                    for key in ("p50_ms", "p95_ms")
                ),
                str(level["errors"]),
                f"{level['server_ms_a_move']:.0f} ({_or_dash(naive.get('server_ms_a_move'))})",
            ]
        )
    return table(titles, rows)


def _fairness(parts: Parts) -> str:
    figures = at(parts, ("fairness",))
    if figures is None:
        return ""
    ways = {"alone": "nobody uploads", "all_at_once": "all at once, the naive way"}
    ways["in_turn"] = "in turn, as the app does"
    rows = [
        [
            title,
            _ms(figures[way]["median_ms"]),
            _ms(figures[way]["p95_ms"]),
            "1" if way == "alone" else f"{figures['ratios'][f'{way}_to_alone_p95_ms']:.1f}",
        ]
        for way, title in ways.items()
    ]
    return table([f"{figures['uploads']} uploads", "p50, ms", "p95, ms", "p95 to alone"], rows)


def _bulk(parts: Parts) -> str:
    figures = at(parts, ("bulk",))
    if figures is None:
        return ""
    rows = [
        [
            _WAYS[name],
            f"{rate:.1f}",
            "1" if name == "naive" else f"{figures['times_faster'][name]:.1f}",
        ]
        for name, rate in figures["photos_a_second"].items()
    ]
    return table(["", "photos a second", "times the naive loop"], rows)


def _queue(parts: Parts) -> str:
    figures = at(parts, ("queue", "median_ms"))
    if figures is None:
        return ""
    names = {"next_by_priority": "next item", "next_and_save": "next item and its answer saved"}
    names["naive_next"] = "next item, the naive query"
    rows = [
        [f"{int(size):,}", *(_ms(timings[name]) for name in names)]
        for size, timings in figures.items()
    ]
    return table(["items", *(f"{title}, ms" for title in names.values())], rows)


def _start(parts: Parts) -> str:
    terminal, start = at(parts, ("terminal",)), at(parts, ("start",))
    if terminal is None or start is None:
        return ""
    titles = {"ours": "`aqfusion predict`", "edge": "exported folder's `predict.py`"}
    rows = [
        [
            f"terminal: {title}",
            *(f"{way['median_s']:.2f} s, {way['memory_mb']:.0f} MB" for way in ways),
            f"{terminal['times_faster'][name]:.1f}",
        ]
        for name, title in titles.items()
        if name in terminal
        for ways in [(terminal["naive"], terminal[name])]
    ]
    for key, title in (
        ("to_ready_s", "server: start to ready"),
        ("first_visit_s", "server: first visit after that"),
        ("second_visit_s", "server: a visit of another visitor"),
    ):
        naive, ours = start["naive"][key], start["ours"][key]
        rows.append([title, f"{naive:.2f} s", f"{ours:.2f} s", f"{naive / ours:.1f}"])
    naive, ours = start["naive"]["memory_mb"], start["after_first_page_mb"]
    rows.append(
        [
            "server: memory after its first page",
            f"{naive:,.0f} MB",
            f"{ours:,} MB",
            f"{naive / ours:.1f}",
        ]
    )
    return table(["", "naive", "AQFusion", "times less"], rows)


def _pages(parts: Parts) -> str:
    figures, runs = at(parts, ("navigation",)), at(parts, ("start", "pages")) or {}
    if figures is None:
        return ""
    rows = [
        [
            name,
            f"{page['median_s']:.2f}",
            f"{runs[name]['median_s']:.2f}" if name in runs else "-",
        ]
        for name, page in figures.items()
        if isinstance(page, dict)
    ]
    return table(["page", "in a browser, s", "of these the server's run, s"], rows)


def _profiles(parts: Parts) -> str:
    """Where the time or memory of each missed goal goes."""
    missed: dict[tuple[str, ...], list[Goal]] = {}
    for goal in GOALS:
        if goal.profile and goal.is_met(parts) is False:
            missed.setdefault(goal.profile, []).append(goal)
    blocks = []
    for path, goals in missed.items():
        lines = [str(line) for line in at(parts, path) or ["no profile was taken"]]
        titles = "; ".join(goal.title for goal in goals)
        blocks.append("\n".join([f"{titles}:", "", "```", *lines[:_PROFILE_LINES], "```"]))
    return "\n\n".join(blocks) or "No goal that was measured is missed."


def _summary(parts: Parts) -> str:
    rows = list(_summary_rows(parts))
    return table(["", "naive", "AQFusion", ""], rows) if rows else ""


def _summary_rows(parts: Parts) -> Iterator[list[str]]:
    for title, part in (
        ("a slider moves, the model's part", "slider"),
        ("upload of a 12-megapixel photo", "upload"),
        ("why: ablations and Shapley values", "explain"),
    ):
        figures = at(parts, (part,))
        if figures:
            ways = (figures[way]["median_ms"] for way in ("naive", "ours"))
            yield [title, *(f"{_ms(way)} ms" for way in ways), _times(figures, "ours")]
    terminal, start = at(parts, ("terminal",)), at(parts, ("start",))
    if terminal:
        ways = (terminal[way] for way in ("naive", "ours"))
        cells = (f"{way['median_s']:.2f} s, {way['memory_mb']:.0f} MB" for way in ways)
        yield ["one prediction in the terminal", *cells, _times(terminal, "ours")]
    if start:
        naive, ours = (start[way]["first_visit_s"] for way in ("naive", "ours"))
        cells = (f"{seconds:.1f} s" for seconds in (naive, ours))
        yield ["first visit after a server's start", *cells, f"{naive / ours:.1f} times faster"]
    visitors, bulk = at(parts, ("visitors",)), at(parts, ("bulk",))
    if visitors and "20" in visitors["naive"]:
        naive, ours = (visitors[way]["20"]["p95_ms"] for way in ("naive", "ours"))
        cells = (f"{milliseconds:,.0f} ms" for milliseconds in (naive, ours))
        title = "20 visitors move sliders, 95 % within"
        yield [title, *cells, f"{naive / ours:.1f} times faster"]
    if bulk and "processes_2" in bulk["times_faster"]:
        rates = (bulk["photos_a_second"][way] for way in ("naive", "processes_2"))
        cells = (f"{rate:.1f} photos a second" for rate in rates)
        yield ["a folder of 12-megapixel photos", *cells, _times(bulk, "processes_2")]


def _times(figures: Mapping[str, Any], way: str) -> str:
    return f"{figures['times_faster'][way]:.1f} times faster"


def _pictures(parts: Parts) -> dict[str, Picture]:
    pictures = {}
    growth = at(parts, ("decode", "jpeg_by_megapixels"))
    if growth and len(growth) > 1:
        pictures["decoding"] = Picture(
            "A JPEG to the network's pixels",
            "megapixels",
            "ms",
            {
                title: [(float(size), each[way]["median_ms"]) for size, each in growth.items()]
                for title, way in (("whole, then resized", "naive"), ("AQFusion", "ours"))
            },
        )
    apps = at(parts, ("visitors",))
    if apps and len(apps["ours"]) > 1:
        curves = {
            title: [(float(count), level["p95_ms"]) for count, level in apps[way].items()]
            for title, way in (("naive app", "naive"), ("AQFusion", "ours"))
        }
        pictures["visitors"] = Picture(
            "Answer to a slider's move, 95 % within", "visitors who move sliders", "ms", curves
        )
    sizes = at(parts, ("queue", "median_ms"))
    if sizes and len(sizes) > 1:
        titles = {"naive_next": "naive query", "next_by_priority": "next item"}
        titles["next_and_save"] = "next and save"
        pictures["queue"] = Picture(
            "The next item of the label queue",
            "items in the queue",
            "ms",
            {
                title: _points((float(size), each[name]) for size, each in sizes.items())
                for name, title in titles.items()
            },
        )
    return pictures


def _points(points: Iterator[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    return [(x, max(y, 0.01)) for x, y in points]


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
