"""Six annotators and two visitors behind nginx, while processes are killed and models promoted.

Every answer that was shown as saved is in the store once; every page is of one version whole.
"""

import json
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import select

from aqfusion.labels.schema import label_events, users
from aqfusion.load_test.app_client import AppClient, AppClientError
from aqfusion.registry.registry import TERMINAL
from aqfusion.settings import ASSETS, ROOT
from tests.deploy.cluster import NGINX, TOKEN, Cluster, cluster, plan_in
from tests.labels import postgres
from tests.planted_versions import planted_version, registry_in

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed"),
]
ANNOTATORS, VALUES = 6, (5.0, 20.0, 45.0)
# The real thing is longer: ROUNDS=10 python -m pytest -m long tests/deploy/test_failover.py
ROUNDS = int(os.environ.get("ROUNDS", "1"))
FIGURES = ROOT / "build" / "failover.json"
CALM, DOWN = 8.0, 5.0  # seconds between two kills, and until the killed one is started again


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with postgres.server(postgres.programs()) as socket, cluster(folder, socket) as running:
        yield running


def get(made: Cluster, path: str, cookies: dict[str, str] | None = None, **headers: str):
    """Status, content and what the browser keeps."""
    browser = AppClient(made.address, dict(cookies or {}), ssl=made.ssl)
    status, _, content = browser.request("GET", path, headers=headers)
    return status, content, browser.cookies


def test_a_visitor_stays_at_one_process_and_goes_on_at_the_other(made):
    homes = Counter(get(made, "/")[2]["aq_process"] for _ in range(10))
    assert set(homes) == {"a", "b"}
    with AppClient(made.address, {"aq_process": "a"}, ssl=made.ssl) as tab:
        tab.open("predict")
        assert tab.errors == []  # pictures came from the process that has them
        assert tab.cookies["aq_process"] == "a"
        cookies = {**tab.cookies}
    made.kill("a")
    with AppClient(made.address, cookies, ssl=made.ssl) as tab:
        tab.open("predict")
        assert tab.errors == []
        assert tab.cookies["aq_process"] == "b"  # the handshake says where the session is
    made.start("a")
    time.sleep(2.5)
    with AppClient(made.address, {**tab.cookies}, ssl=made.ssl) as again:
        again.open("predict")
        assert again.cookies["aq_process"] == "b"


def test_what_is_for_those_who_watch_is_not_for_visitors(made):
    for path in ("/metrics", "/readyz", "/_stcore/metrics", "/metrics?x=1", "//metrics"):
        status, content, _ = get(made, path, Authorization=f"Bearer {TOKEN}")
        assert b"process_resident" not in content, path
        assert status == 404 or b"<!doctype html>" in content.lower(), path
    assert get(made, "/healthz")[0] == 200
    for letter in made.ports:
        own = AppClient(made.own(letter))
        wait_until_ready(own)
        status, _, text = own.request(
            "GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert (status, b"aqfusion_page_run_seconds" in text) == (200, True)


def wait_until_ready(own: AppClient) -> None:
    """Ask until the model is loaded; what is said before is that it is not."""
    end = time.monotonic() + 90
    while (answer := own.request("GET", "/readyz"))[0] != 200:
        assert answer[0] == 503
        assert time.monotonic() < end, answer[2]
        time.sleep(1)


def test_plain_http_leads_to_https_and_another_name_to_nothing(made):
    line = HTTPConnection("127.0.0.1", made.http, timeout=5)
    line.request("GET", "/predict?pm25=12", headers={"Host": "localhost"})
    response = line.getresponse()
    assert response.status == 308
    assert response.headers["Location"] == "https://localhost/predict?pm25=12"
    line = HTTPConnection("127.0.0.1", made.http, timeout=5)
    line.request("GET", "/", headers={"Host": "evil.example"})
    with pytest.raises(ConnectionError):
        line.getresponse()


@dataclass
class Ledger:
    """What people were shown, by threads."""

    sent: set[str] = field(default_factory=set)
    saved: dict[str, tuple[str, int]] = field(default_factory=dict)  # name and category by request
    pages: Counter[tuple[float, str, str]] = field(default_factory=Counter)
    reconnects: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def annotate(made: Cluster, ledger: Ledger, account: tuple[str, str], number: int) -> None:
    """Answer items without a pause; whenever the line breaks, come back as a browser does."""
    cookies: dict[str, str] = {}
    session, chosen = "", random.Random(number)
    while not ledger.stop.is_set():
        tab = AppClient(
            made.address, cookies, session, source=f"127.0.1.{number + 2}", ssl=made.ssl, timeout=30
        )
        try:
            with tab:
                tab.open("label")
                if not tab.has("account_out"):
                    tab.sign_in(*account)
                while not ledger.stop.is_set():
                    answer_one(tab, ledger, account[0], chosen.randrange(6))
        except AppClientError:
            session = tab.session
            with ledger.lock:
                ledger.reconnects += 1
            ledger.stop.wait(0.3)


def answer_one(tab: AppClient, ledger: Ledger, name: str, category: int) -> None:
    item = tab.component("label_item")
    request = item["request"]
    assert item["item"] is not None, "the plan has too few items"
    with ledger.lock:
        ledger.sent.add(request)
    seconds = tab.trigger("label_item", "answer", {"request": request, "category": category})
    following = tab.component("label_item")
    message = following["message"]
    with ledger.lock:
        ledger.slowest = max(ledger.slowest, seconds)
        if message["kind"] == "saved" and following["request"] != request:
            ledger.saved[request] = (name, category)
        else:
            ledger.faults.append(f"{name}: {message['text']}")


def shown(tab: AppClient) -> str:
    """All that the page says, without keys that change from run to run."""
    bodies = [element.body.body for element in tab._shown.of_kind("html")]
    words = [element.body.body for element in tab._shown.of_kind("markdown")]
    return re.sub(r"/media/\w+", "/media/", "\n".join(bodies + words))


def backbone(page: str) -> str:
    """The model that the foot of the page names."""
    return re.search(r"Model: (\w+)", page)[1]


def look(made: Cluster, ledger: Ledger, number: int) -> None:
    """Move a slider of the Predict page and keep what is shown."""
    cookies: dict[str, str] = {}
    chosen = random.Random(number)
    while not ledger.stop.is_set():
        tab = AppClient(
            made.address, cookies, source=f"127.0.2.{number + 2}", ssl=made.ssl, timeout=30
        )
        try:
            with tab:
                tab.open("predict")
                while not ledger.stop.is_set():
                    value = chosen.choice(VALUES)
                    tab.change("sensor_pm25_value", value)
                    page = shown(tab)
                    with ledger.lock:
                        ledger.pages[value, backbone(page), page] += 1
                        ledger.faults += tab.errors
                    tab.errors.clear()
        except AppClientError:
            with ledger.lock:
                ledger.reconnects += 1
            ledger.stop.wait(0.3)


@contextmanager
def at_work(made: Cluster, ledger: Ledger, accounts: tuple[tuple[str, str], ...]) -> Iterator[None]:
    threads = [
        threading.Thread(target=annotate, args=(made, ledger, account, number))
        for number, account in enumerate(accounts)
    ]
    threads += [threading.Thread(target=look, args=(made, ledger, number)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ledger.stop.set()
        for thread in threads:
            thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_nothing_that_was_acknowledged_is_lost_and_no_page_mixes_versions(made):
    plan = plan_in(made, ANNOTATORS, seconds=400 * ROUNDS)
    registry, ledger = registry_in(made.home), Ledger()
    version = planted_version(registry, ASSETS / "models" / "resnet18")
    expected = {}
    with AppClient(made.address, source="127.0.3.2", ssl=made.ssl) as tab:
        for promote in (False, True):
            if promote:
                registry.promote(TERMINAL, version.name, "tests", datetime.now(UTC))
            tab.open("predict")
            for value in VALUES:
                tab.change("sensor_pm25_value", value)
                expected[value, backbone(shown(tab))] = shown(tab)
    assert len(set(expected.values())) == 2 * len(VALUES)
    promoted, killed, began = 0, 0, time.monotonic()
    with at_work(made, ledger, plan.accounts):
        for letter in ("a", "b") * ROUNDS:
            time.sleep(CALM)
            made.kill(letter)
            killed += 1
            time.sleep(DOWN)
            if killed % 2:
                registry.rollback(TERMINAL, "tests", datetime.now(UTC))
            else:
                registry.promote(TERMINAL, version.name, "tests", datetime.now(UTC))
            promoted += 1
            made.start(letter)
        time.sleep(CALM)
    seconds = time.monotonic() - began
    with made.store().database.read() as connection:
        query = select(label_events.c.request_id, users.c.name, label_events.c.category).where(
            label_events.c.kind == "answer", label_events.c.user == users.c.id
        )
        rows = connection.execute(query).all()
    stored = Counter(row.request_id for row in rows)
    held = {row.request_id: (row.name, row.category) for row in rows}
    figures = {
        "seconds": round(seconds), "kills": killed, "promotions": promoted,
        "answers sent": len(ledger.sent), "acknowledged": len(ledger.saved), "stored": len(rows),
        "pages": ledger.pages.total(), "reconnects": ledger.reconnects,
        "slowest answer": round(ledger.slowest, 1), "refused": len(ledger.faults),
    }  # fmt: skip
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    assert max(stored.values()) == 1
    assert {request: held.get(request) for request in ledger.saved} == ledger.saved
    assert set(stored) <= ledger.sent
    assert ledger.reconnects >= killed
    assert ledger.faults == []
    assert len(ledger.saved) > 50
    seen = {(value, name) for value, name, _ in ledger.pages}
    assert {name for _, name in seen} == {"mobilenetv2_100", "resnet18"}
    assert [
        (value, name) for value, name, page in ledger.pages if page != expected[value, name]
    ] == []
    assert made.store().verify() == ()
    check_logs(made, plan.accounts)


def check_logs(made: Cluster, accounts: tuple[tuple[str, str], ...]) -> None:
    """Of all that happened, the logs name nobody, and hold no PIN, no session and no query."""
    logs = "".join(path.read_text("utf-8", "replace") for path in made.folder.glob("*.log"))
    lines = [line for line in logs.splitlines() if line.startswith("{")]
    assert len(lines) > 50
    assert all({"time"} <= set(json.loads(line)) for line in lines)
    for name, pin in accounts:
        assert name not in logs
        assert pin not in logs
    assert "pm25=" not in logs
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-", logs)
    assert "Traceback" not in logs


def test_uploads_reach_the_process_of_the_session(made):
    for letter in made.ports:
        photo = Path(ASSETS / "scenes").glob("*.jpg")
        with AppClient(made.address, {"aq_process": letter}, ssl=made.ssl) as tab:
            tab.open("predict")
            tab.change("photo_source", ":material/upload: Upload")
            tab.upload("photo_upload", "sky.jpg", next(photo).read_bytes())
            assert tab.errors == []
