"""Documents and pictures are those of the results' file, and every part runs at a tiny size."""

import json
import re
from xml.etree import ElementTree

import pytest

from aqfusion.cli.main import run_command
from aqfusion.settings import ROOT
from benchmarks import __main__, report, results
from benchmarks.goals import GOALS, Goal
from benchmarks.parts import LONG, MODULES, in_own_process, run_part
from benchmarks.pictures import Picture, svg
from benchmarks.profiles import of_calls
from benchmarks.timing import compare

RESULTS = results.read()
TINY = ("slider", "upload", "explain")
SLOW = tuple(name for name in [*MODULES, "retraining", "soak"] if name not in TINY)


@pytest.mark.parametrize("path", report.documents(RESULTS), ids=str)
def test_documents_show_what_the_results_say(path):
    assert (ROOT / path).read_text(encoding="utf-8") == report.documents(RESULTS)[path]


def test_results_are_of_whole_sizes_and_tell_no_path():
    assert RESULTS["parts"].keys() <= (MODULES | LONG).keys()
    assert not any(part["quick"] for part in RESULTS["parts"].values())
    text = results.RESULTS.read_text(encoding="utf-8")
    assert re.findall(r"/home/|/work/|/opt/|/root/|/tmp/|/usr/", text) == []


def test_every_goal_names_a_figure_of_a_part():
    assert {goal.path[0] for goal in GOALS} <= (MODULES | LONG).keys()
    for goal in GOALS:
        measured = goal.path[0] in RESULTS["parts"]
        if "edge" not in goal.path:  # a version without that command has no such figure
            assert (goal.value(RESULTS["parts"]) is not None) is measured, goal.title
        if goal.is_met(RESULTS["parts"]) is False and goal.profile:
            assert report.at(RESULTS["parts"], goal.profile), goal.title


def test_a_missed_goal_stands_in_the_report_with_its_profile(monkeypatch):
    goal = Goal("fast", ("soak", "ms"), 5, 9, "ms", profile=("soak", "profile"))
    monkeypatch.setattr(report, "GOALS", (goal,))
    parts = {"soak": {"figures": {"ms": 7.0, "profile": ["3 ms  wait"]}}}
    text = "<!-- bench: goals -->\n<!-- end -->\n<!-- bench: profiles -->\n<!-- end -->"
    shown = report.filled(text, report.blocks({"machine": {}, "parts": parts}))
    assert "| fast | at most 5 ms | 9 ms | 7 ms | **not met** |" in shown
    assert "3 ms  wait" in shown
    assert "not measured" in report.blocks({"machine": {}, "parts": {}})["goals"]


@pytest.mark.parametrize("name", TINY)
def test_a_part_runs_at_a_tiny_size(name):
    part = run_part(name, quick=True)
    assert part["quick"]
    figures = part["figures"]
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_part_runs_at_a_tiny_size(name):
    figures = in_own_process(name, quick=True)["figures"]
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_figures_of_another_machine_are_not_kept():
    before = {"machine": {"cores": 64}, "parts": {"slider": {}, "upload": {}}}
    after = results.with_part(before, "slider", {"figures": {}})
    assert after == {"machine": results.machine(), "parts": {"slider": {"figures": {}}}}
    assert results.with_part(after, "upload", {})["parts"].keys() == {"slider", "upload"}


def test_ways_are_timed_in_turn_and_the_ratio_is_that_of_each_round(monkeypatch):
    clock, calls = [0.0], []
    monkeypatch.setattr("benchmarks.timing.time.perf_counter", lambda: clock[0])

    def way(name, seconds):
        def run():
            calls.append(name)
            clock[0] += seconds * (1 + len(calls))  # the machine grows slower

        return run

    figures = compare({"naive": way("naive", 4), "ours": way("ours", 1)}, 4)
    assert calls[2:] == ["naive", "ours", "ours", "naive"] * 2
    assert 3.5 < figures["times_faster"]["ours"] < 4.5


def test_a_picture_is_a_drawing_with_a_curve_for_each_way():
    curves = {"naive": [(1, 10), (100, 1000)], "ours": [(1, 1), (100, 1.5)]}
    drawn = svg(Picture("growth", "items", "ms", curves))
    lines = ElementTree.fromstring(drawn).findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2
    naive, ours = (
        [float(point.split(",")[1]) for point in line.get("points").split()] for line in lines
    )
    assert naive[0] - naive[1] > 5 * (ours[0] - ours[1]) > 0


def test_a_profile_names_the_costly_function_and_no_path():
    lines = of_calls(lambda: sorted(range(20_000), key=lambda number: -number), 2)
    assert "sorted" in " ".join(lines[:2])
    assert not any("/work" in line or "/root" in line for line in lines)


def test_an_unknown_part_is_refused(capsys):
    assert run_command(__main__.main, "python -m benchmarks", ["--parts", "slider,none"]) == 2
    assert "--parts must be of slider, upload" in capsys.readouterr().err
