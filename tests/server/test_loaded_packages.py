"""What a running server has loaded: its memory has no torch, and pandas only where a page asks."""

import re
import sys
import time
from pathlib import Path

import pytest

from aqfusion.load_test.app_client import AppClient
from aqfusion.load_test.server_process import app_server, resident_mb

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is loaded")
# Of training and of heat maps, which have a process of their own; never in the server.
NEVER = {"torch", "torchvision", "sklearn", "matplotlib"}
# Of some pages only.
LATE = {"pandas", "pyarrow", "scipy", "cv2"}
PAGES = (
    "batch",
    "explain",
    "places",
    "stations",
    "label",
    "review",
    "models",
    "evaluation",
    "admin",
)
IDLE_MB = 300.0


def loaded(pid: int) -> set[str]:
    """Packages of which the process has a compiled module in memory."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return set(re.findall(r"/site-packages/(\w+)/", maps))


def children(pid: int) -> list[int]:
    """The processes that a process has begun, and that run."""
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(text)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if task.name != str(pid)
        for text in (task / "children").read_text().split()
    ]


def settled(pid: int) -> float:
    """The memory of the server in MB once its warm-up has ended: it stays for two seconds."""
    end, before, since = time.monotonic() + 60, 0.0, time.monotonic()
    while time.monotonic() < end and time.monotonic() - since < 2:
        now = resident_mb(pid) or 0.0
        if abs(now - before) > 2:
            before, since = now, time.monotonic()
        time.sleep(0.2)
    return before


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    with app_server(home, {"AQFUSION_LABELS": f"sqlite:///{home / 'labels.db'}"}) as running:
        yield running


def test_a_server_that_nobody_visits_is_small(server):
    memory = settled(server.process.pid)
    packages = loaded(server.process.pid)
    assert "numpy" in packages  # the list is of this process, and warm
    assert packages & (NEVER | LATE) == set()
    assert memory < IDLE_MB
    assert children(server.process.pid) == []


def test_no_page_loads_torch_and_a_heat_map_does_in_another_process(server):
    with AppClient(server.address) as tab:
        tab.open("predict")
        assert loaded(server.process.pid) & LATE == set()
        for page in PAGES:
            tab.goto(page)
            assert tab.errors == [], page
            assert loaded(server.process.pid) & NEVER == set(), page
    assert server.faults() == ()
    assert any("torch" in loaded(child) for child in children(server.process.pid))
