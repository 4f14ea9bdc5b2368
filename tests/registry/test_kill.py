"""kill -9 at any moment: one whole version is served, and none that was promoted is lost."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from aqfusion.registry.registry import Registry
from aqfusion.registry.version import faults, number_of
from aqfusion.retraining.process import status
from aqfusion.settings import ROOT

TRIES = int(os.environ.get("AQFUSION_KILLS", "6"))
WORKER = Path(__file__).with_name("worker.py")


def killed_worker(home: Path, after: float) -> list[str]:
    """Start the worker, kill it `after` so many seconds of work; what it said it had done."""
    command = [sys.executable, str(WORKER), str(home)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        time.sleep(after)
        worker.kill()
        return worker.stdout.read().split()


def test_a_killed_writer_leaves_one_whole_version_in_force(tmp_path):
    draw = random.Random(0)
    registry = Registry(tmp_path, "base")
    last = 0
    tries = 0
    # A busy machine gets less done before each kill: then it is killed more often.
    while tries < TRIES or (last <= TRIES and tries < 10 * TRIES):
        tries += 1
        said = killed_worker(tmp_path, draw.uniform(0, 0.15))
        state = status(tmp_path)
        assert state is not None
        assert state.state == "killed"  # so the next one may start, whatever is left
        served = registry.current()
        assert served.warning is None
        last = max([last, *map(number_of, said)])
        if served.version is None:
            assert last == 0
            continue
        assert faults(tmp_path, served.version) == ()
        assert number_of(served.version) >= last
        last = number_of(served.version)
    assert last > TRIES  # promotions were going on
    assert not any(registry.verify().values())
