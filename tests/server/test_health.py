"""The readiness probe tells the truth about store, model and disk, soon, and says nothing more."""

import asyncio
import json
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import WEIGHTS
from aqfusion.model.predictor import load_model
from aqfusion.registry.serving import Served
from aqfusion.server import health
from aqfusion.server.health import CheckResult, ReadinessProbe
from aqfusion.settings import ASSETS, DEFAULT_MODEL, load_settings
from tests.coroutines import run_coroutine

GOOD = CheckResult(True, "answers")


def get(readiness: ReadinessProbe):
    app = Starlette(routes=[Route("/readyz", readiness.answer)])
    return TestClient(app).get("/readyz")


def test_a_process_that_lives_says_so():
    response = TestClient(Starlette(routes=[Route("/healthz", health.live)])).get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_all_that_works_is_ready():
    response = get(ReadinessProbe({"store": lambda: GOOD, "disk": lambda: GOOD}))
    part = {"ok": True, "detail": "answers"}
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"store": part, "disk": part}}
    assert response.headers["cache-control"] == "no-store"


def test_one_that_fails_is_503_without_what_it_says():
    def broken() -> CheckResult:
        raise OSError("postgresql://me:secret@10.0.0.5/labels at /srv/home")

    response = get(ReadinessProbe({"store": broken, "disk": lambda: GOOD}))
    assert response.status_code == 503
    assert response.json()["status"] == "not ready"
    assert response.json()["checks"]["store"] == {"ok": False, "detail": "cannot be used"}
    assert "secret" not in response.text
    assert "/srv" not in response.text


def test_a_part_that_hangs_costs_its_patience_once_and_one_thread():
    release, begun = threading.Event(), []

    def hangs() -> CheckResult:
        begun.append(threading.get_ident())
        release.wait(10)
        return GOOD

    async def ask() -> list[dict[str, CheckResult]]:
        readiness = ReadinessProbe({"store": hangs}, patience=0.1, lasts=0.0)
        first = await asyncio.gather(*(readiness.results() for _ in range(50)))
        later = [await readiness.results() for _ in range(3)]
        release.set()
        await asyncio.sleep(0.1)
        return [*first, *later, await readiness.results()]

    start = time.monotonic()
    *hanging, answered = run_coroutine(ask())
    assert time.monotonic() - start < 3
    assert {result["store"].detail for result in hanging} == {"no answer in time"}
    assert answered["store"] == GOOD
    assert len(begun) == 2  # the one that hung, and the one after it


def test_results_are_told_again_for_a_while():
    asked = []

    def count() -> CheckResult:
        asked.append(1)
        return GOOD

    async def ask() -> None:
        readiness = ReadinessProbe({"store": count}, lasts=60.0)
        for _ in range(5):
            await readiness.results()

    run_coroutine(ask())
    assert len(asked) == 1


def test_a_store_of_another_version_is_not_ready(tmp_path):
    store = LabelStore.open(str(tmp_path / "labels.db"), str(tmp_path / "photos"))
    assert health.check_store(lambda: store) == GOOD
    store.database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num='999'")))
    assert not health.check_store(lambda: store).ok
    store.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "v0001"
    folder.mkdir()
    for path in (ASSETS / "models" / DEFAULT_MODEL).iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_model_in_use_is_the_one_that_should_serve(folder):
    loaded = load_model(folder)
    served = Served(str(folder), "v0001")
    check = partial(health.check_model, load=lambda _model: loaded)
    assert check(lambda: served) == CheckResult(True, "v0001")
    assert not check(lambda: replace(served, warning="v0002 is damaged")).ok
    weights = folder / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert check(lambda: served).detail.startswith("other weights are in use")


def test_a_full_disk_and_a_closed_one_are_not_ready(tmp_path, monkeypatch):
    settings = load_settings({"AQFUSION_HOME": str(tmp_path / "not" / "yet")}, Path("/none"))
    assert health.check_disk(settings, 1).ok
    assert health.check_disk(settings, 10**9) == CheckResult(
        False, "has less than 1000000000 MB of room"
    )
    monkeypatch.setattr(health.os, "access", lambda *_: False)
    assert health.check_disk(settings, 1) == CheckResult(False, "cannot be written")
    assert str(tmp_path) not in json.dumps([health.check_disk(settings, 1).detail])
