"""The queue hardly notices its length, nor what a person has answered; and the bench says so."""

import json

import pytest

from aqfusion.cli.main import run_command
from aqfusion.errors import InputError
from aqfusion.labels.queue_sql import first_gold, first_in_lot, first_in_queue
from benchmarks import label_queue
from tests.labels.planted import NOW


def steps(store, ask):
    """Count what SQLite's machine does for a query, which no load of this computer changes."""
    count = 0

    def one_more():
        nonlocal count
        count += 1

    with store.database.read() as connection:
        ask(connection)
        driver = connection.connection.driver_connection
        driver.set_progress_handler(one_more, 1)
        assert ask(connection) is not None
        driver.set_progress_handler(None, 1)
    return count


def test_the_next_item_is_a_few_steps_away_however_long_the_queue(tmp_path):
    step_counts = []
    for size in (200, 3000):  # half of them answered, and all of these still open
        store, person = label_queue.busy_store(tmp_path / f"{size}.db", size, NOW)
        queries = (
            lambda connection, me=person.id: first_in_queue(connection, me, NOW, ()),
            lambda connection, me=person.id: first_in_lot(connection, me, NOW, (), 2**30),
            lambda connection, me=person.id: first_gold(connection, me, NOW, (), 0),
        )
        step_counts.append([steps(store, ask) for ask in queries])
        store.close()
    short, long = step_counts
    assert max(short) < 2000
    assert max(many / few for few, many in zip(short, long, strict=True)) < 1.5


def test_the_bench_tells_times_and_ratios(monkeypatch, capsys):
    monkeypatch.setattr(label_queue, "_REPEATS", 2)
    assert run_command(label_queue.main, "label_queue.py", ["100", "300"]) == 0
    output = json.loads(capsys.readouterr().out)
    names = {"next_by_priority", "next_at_random", "next_gold", "next_and_save", "naive_next"}
    assert output["median_ms"]["300"].keys() == names
    assert {*output["ratios"]["100"].values()} == {1.0}
    with pytest.raises(InputError, match="sizes of the queue must be 100 items or more"):
        label_queue.queue_bench([5])
