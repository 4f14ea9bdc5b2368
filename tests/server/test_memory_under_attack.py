"""All attacks on memory at once, from many addresses, while an ordinary visitor moves a slider."""

import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest

from aqfusion.load_test.app_client import AppClient, AppClientError
from aqfusion.load_test.server_process import app_server
from aqfusion.load_test.virtual_users import UPLOAD
from tests.images.test_decoding_memory import ATTACKS, lossless_webp
from tests.server.tab import RunningServer, multipart, tab, token

MOST_MB = 1200  # issue 16: all of this together
SLIDER_SECONDS = 2.0  # of 95 % of an ordinary visitor's moves, on a machine of two slow cores
FILE, FILES, PARKERS = 24_000_000, 100, 5
MONSTER = ",".join(f"c{number}" for number in range(700_000)).encode()[:4_900_000] + b"\n1\n"
TABLE_ROWS = 99_000


def table(rows: int, bad: bool = False, network: bool = False) -> bytes:
    """Stations all over the earth; `bad` ones have no position, a `network` is asked about."""
    if network:  # as PurpleAir's, which the visitor has to confirm
        titles = "sensor_index,lat,lon,timestamp,pm2.5_atm"
        line = "{0},{1:.1f},{2:.1f},2023-02-01T08:30Z,8\n"
    else:
        titles = "id,lat,lon,time,pm25"
        line = "{0},x,{2:.2f},2023-02-01T08:30Z,8\n" if bad else (
            "{0},{1:.2f},{2:.2f},2023-02-01T08:30Z,80\n"
        )  # fmt: skip
    places = np.random.default_rng(1).uniform((-50, -179), (70, 179), (rows, 2))
    return (titles + "\n" + "".join(line.format(n, *p) for n, p in enumerate(places))).encode()


TABLES = {
    "a header": lambda: MONSTER,
    "99,000 stations": lambda: table(TABLE_ROWS),
    "99,000 faults": lambda: table(TABLE_ROWS, bad=True),
    "90,000 of a network": lambda: table(90_000, network=True),
}


def rss(pid: int, name: str) -> float:
    """RssAnon or RssFile of a process in MB; 0 of one that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    _, named, rest = status.partition(f"{name}:")
    return int(rest.split()[0]) * 1024 / 1e6 if named else 0.0


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    numbers: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
            numbers += map(int, task.read_text(encoding="ascii").split())
    return numbers


class Siege:
    """The attackers and the visitor; what went wrong is kept, memory sampled throughout."""

    def __init__(self, server, home: Path) -> None:
        """Attack `server`, whose files are in `home`."""
        self.address, self.process = server.address, server.process
        port = int(server.address.rsplit(":", 1)[1])
        self.target = RunningServer(port, server.process, home / "server.log")
        self.stop, self.moves, self.answers, self.steps = threading.Event(), [], {}, []
        self.tabs, self.parts = ExitStack(), [0.0]

    def memory(self) -> tuple[float, float]:
        """Memory of the server and of its processes in MB (10^6 bytes), and program files."""
        server = self.process.pid
        parts = [rss(pid, "RssAnon") for pid in (server, *children(server))]
        self.parts = max(self.parts, parts, key=sum)
        return sum(parts), rss(server, "RssFile")

    def park(self, number: int) -> None:
        """As one of several at addresses of their own: as many files as it takes."""
        source = f"127.0.1.{number + 1}"
        mine = self.tabs.enter_context(tab(self.target, source=source))
        mine.open_page("admin")
        urls = mine.ask_for_addresses(FILES // PARKERS).file_urls
        body, kind = multipart(FILE)
        for url in urls:
            status, _, _ = self.target.request(
                "PUT", url.upload_url, body, source, Content_Type=kind, **token(self.target, mine)
            )
            self.answers.setdefault("parked", []).append(status)

    def visit(self, number: int, *steps) -> None:
        """As one attacker at an address of their own: one step after another in one tab."""
        mine = AppClient(self.address, source=f"127.0.2.{number + 1}", timeout=300)
        try:
            self.tabs.enter_context(mine)
            for step in steps:
                step(mine)
                self.answers.setdefault("taken", []).append("yes")
        except AppClientError as error:
            self.answers.setdefault("refused", []).append(str(error))
        self.answers.setdefault("errors", []).extend(mine.errors)

    def move_a_slider(self) -> None:
        """As the ordinary visitor, all the time."""
        with AppClient(self.address, source="127.0.0.77", timeout=120) as mine:
            mine.open("predict")
            value = 0
            while not self.stop.is_set():
                value += 1
                self.moves.append(mine.change("sensor_pm25_value", float(value % 40)))
                time.sleep(0.3)
            self.answers["visitor"] = mine.errors

    def sample(self) -> None:
        """Memory throughout, seconds from the start beside it."""
        started = time.monotonic()
        while not self.stop.is_set():
            self.steps.append((round(time.monotonic() - started, 1), *self.memory()))
            time.sleep(0.05)


def picture(data: bytes):
    """The step that uploads a photo on Predict."""

    def step(mine: AppClient) -> None:
        if mine.page != "predict":
            mine.open("predict")
            mine.change("photo_source", UPLOAD)
        mine.upload("photo_upload", "sky.jpg", data)

    return step


def stations(data: bytes):
    """The step that uploads a table on Stations."""

    def step(mine: AppClient) -> None:
        if mine.page != "stations":
            mine.open("stations")
            mine.change("stations_choice_source", "Your own")
        mine.upload("stations_upload", "stations.csv", data)

    return step


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_stays_bounded_under_all_attacks_at_once(tmp_path):
    pictures = [make() for make in ATTACKS.values()]
    tables = [make() for make in TABLES.values()]
    bomb = lossless_webp(7600, 5000)
    with app_server(tmp_path) as server:
        siege = Siege(server, tmp_path)
        watcher = threading.Thread(target=siege.sample)
        visitor = threading.Thread(target=siege.move_a_slider)
        watcher.start()
        visitor.start()
        while len(siege.moves) < 5:
            time.sleep(0.1)
        quiet, _ = siege.memory()
        with siege.tabs, ThreadPoolExecutor(40) as pool:
            work = [
                pool.submit(siege.visit, number, picture(bomb), picture(data))
                for number, data in enumerate(pictures)
            ]
            for number in range(12):
                steps = [stations(tables[(number + n) % len(tables)]) for n in range(2)]
                work.append(pool.submit(siege.visit, 100 + number, *steps))
            # Last, as where they come first they leave others no room for a picture.
            while len(siege.answers.get("taken", [])) < len(pictures):
                assert not all(job.done() for job in work), siege.answers
                time.sleep(0.1)
            work += [pool.submit(siege.park, number) for number in range(PARKERS)]
            for job in work:
                job.result(timeout=540)
            time.sleep(2)
            held, _ = siege.memory()
            siege.stop.set()
            visitor.join(60)
        watcher.join(10)
        faults = server.faults()
    peak = max(own for _, own, _ in siege.steps)
    resident = max(own + files for _, own, files in siege.steps)
    seconds = sorted(siege.moves[5:])
    p95 = seconds[int(0.95 * (len(seconds) - 1))]
    counts = {name: Counter(map(str, values)) for name, values in siege.answers.items()}
    figures = (
        f"at the start {quiet:.0f} MB, peak {peak:.0f} MB, of which the server "
        f"{siege.parts[0]:.0f} MB and its processes {[round(mb) for mb in siege.parts[1:]]} MB, "
        f"at the end {held:.0f} MB, with "
        f"program files at most {resident:.0f} MB; "
        f"{len(seconds)} moves, median {seconds[len(seconds) // 2]:.2f} s, p95 {p95:.2f} s, "
        f"worst {seconds[-1]:.2f} s; {siege.steps[-1][0]:.0f} s of siege; {counts}"
    )
    sys.stdout.write(f"{figures}\n{[(at, round(mb)) for at, mb, _ in siege.steps[::20]]}\n")
    assert resident < MOST_MB, figures
    assert p95 < SLIDER_SECONDS, figures
    assert siege.answers["visitor"] == []
    assert {204, 507} == set(siege.answers["parked"])
    assert faults == ()
