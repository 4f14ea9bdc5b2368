"""The bench of the fair queue has its three ways in one run, and leaves the queue as it was."""

import json

import torch

from aqfusion.cli.main import run_command
from aqfusion.fair_queue import HEAVY
from benchmarks import fair_queue


def test_a_slider_is_timed_alone_at_once_and_in_turn(monkeypatch, capsys):
    monkeypatch.setattr(fair_queue, "_LEAST_SECONDS", 0.1)
    before = HEAVY.visitor, HEAVY.slots, HEAVY.niceness
    assert run_command(fair_queue.main, "fair_queue.py", ["--uploads", "2"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert output.keys() >= {"alone", "all_at_once", "in_turn", "ratios"}
    assert (HEAVY.visitor, HEAVY.slots, HEAVY.niceness) == before
    torch.set_num_threads(1)
