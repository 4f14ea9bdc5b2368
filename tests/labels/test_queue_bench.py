"""The benchmark of the queue measures the hard case, and the queue hardly notices its length."""

import json

import pytest

from aqfusion.cli import main
from aqfusion.errors import InputError
from aqfusion.queue_bench import queue_bench


def test_a_queue_of_five_thousand_is_about_as_quick_as_one_of_two_hundred(capsys):
    assert main(["bench", "--queue", "200", "5000"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["median_ms"].keys() == {"200", "5000"}
    # 25 times as many items; a scan of what the person has answered would show
    assert told["ratios"]["5000"]["next_by_priority_to_first_size"] < 5
    assert told["ratios"]["200"]["next_gold_to_first_size"] == 1.0


def test_a_queue_without_items_is_no_benchmark():
    with pytest.raises(InputError, match="sizes of the queue must be 100 items or more"):
        queue_bench([5])
