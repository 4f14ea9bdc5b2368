"""Saliency maps from another process are those of this one, whatever becomes of that process."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from aqfusion import load_model
from aqfusion.explain import saliency_process
from aqfusion.explain.saliency import saliency_map
from aqfusion.explain.saliency_process import SaliencyProcess
from aqfusion.explain.saliency_targets import HeatMapError
from aqfusion.images.photo import Photo
from aqfusion.own_process import run_in_own_process
from tests.planted import sky

# Answers as the real one does, without its imports: how often it was asked, and its number.
COUNTER = """
import os, pickle, sys, threading, time
asked = 0
while True:
    limit = threading.Timer(float(sys.argv[1]), os._exit, (0,))
    limit.daemon = True
    limit.start()
    try:
        request = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    limit.cancel()
    asked += 1
    time.sleep(request[0])
    pickle.dump((asked, os.getpid()), sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def counter(request):
    process = SaliencyProcess(getattr(request, "param", 60.0), ("-c", COUNTER))
    yield process
    process.end()


def gone(pid: int) -> bool:
    """Whether a process has ended within five seconds; it may wait to be collected."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_map_of_the_other_process_is_that_of_this_one(checkpoint_folder):
    model, photo = load_model(checkpoint_folder), Photo.from_image(sky(200, seed=1, size=120))
    expected = saliency_map(model, photo, "LayerCAM", "lowers").values
    process, pixels = SaliencyProcess(), np.asarray(model.pixels(photo))
    asked = str(checkpoint_folder), model.checkpoint.sha256, pixels, "LayerCAM", "lowers"
    try:
        assert np.allclose(process.ask(*asked), expected, atol=1e-5)
        assert expected.any()
        with pytest.raises(HeatMapError, match="weights have been replaced"):
            process.ask(asked[0], "0" * 64, *asked[2:])
        assert process.ask(*asked).shape == expected.shape  # a fault does not end it
    finally:
        process.end()
    assert process.pid is None


def test_one_process_answers_all_and_ends_with_the_one_that_asks(counter):
    (first, pid), (second, same) = counter.ask(0), counter.ask(0)
    assert (first, second, same, counter.pid) == (1, 2, pid, pid)
    counter._child.stdin.close()  # as when the server is killed
    assert gone(pid)


def test_one_that_idles_makes_room_for_a_large_table(counter):
    _, pid = counter.ask(0)
    assert run_in_own_process(abs, -1) == 1
    assert gone(pid)
    assert counter.pid is None
    (first, pid), (second, same) = counter.ask(0), counter.ask(0)
    assert (first, second, same) == (1, 2, pid)


def test_one_that_was_killed_is_begun_again(counter):
    _, pid = counter.ask(0)
    os.kill(pid, signal.SIGKILL)
    asked, other = counter.ask(0)
    assert asked == 1
    assert other != pid


@pytest.mark.parametrize("counter", [0.2], indirect=True)
def test_it_ends_when_nobody_asks_and_is_there_again_for_the_next(counter):
    _, pid = counter.ask(0)
    assert gone(pid)
    assert counter.pid is None
    assert counter.ask(0)[0] == 1


def test_one_that_hangs_is_ended_and_the_visitor_reads_what_to_do(counter, monkeypatch):
    monkeypatch.setattr(saliency_process, "_PATIENCE", 0.3)
    with pytest.raises(HeatMapError, match="Try again in a minute"):
        counter.ask(30)
    assert counter.pid is None


def test_unknown_names_are_refused_before_anything_is_begun(checkpoint_folder):
    model, photo = load_model(checkpoint_folder), Photo.from_image(sky(200, seed=1, size=120))
    with pytest.raises(HeatMapError, match="method must be one of"):
        saliency_process.saliency_map(model, checkpoint_folder, photo, "ScoreCAM")
    with pytest.raises(HeatMapError, match="target must be one of"):
        saliency_process.saliency_map(model, checkpoint_folder, photo, target="blue")
