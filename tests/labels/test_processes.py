"""Many processes at once, and processes that are killed: nothing lost, nothing double."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from aqfusion.labels.schema import answers, items, label_events, leases
from aqfusion.labels.store import LabelStore
from aqfusion.settings import ROOT
from aqfusion.sites.site import Site
from tests.labels import postgres
from tests.labels.planted import NOW, PIN, add, new_item

# The whole of it takes minutes:
# PROCESSES=20 MANY=200 KILLS=100 python -m pytest tests/labels/test_processes.py
PROCESSES = int(os.environ.get("PROCESSES", "5"))
EACH = int(os.environ.get("MANY", "40"))
KILLS = int(os.environ.get("KILLS", "6"))


def run_writers(mode: str, url: str, *arguments: object) -> Any:
    program = [sys.executable, "-m", "tests.labels.writers", mode, url, *map(json.dumps, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        program, cwd=ROOT, capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def annotators(store, admin, count):
    made = [
        store.accounts.add_user(admin, f"Annotator {number}", PIN, "annotator", NOW)
        for number in range(count)
    ]
    return [actor.id for actor in made]


def test_many_processes_write_all_their_labels(store, url, admin):
    users = annotators(store, admin, PROCESSES)
    store.items.add_many(admin, (new_item(number) for number in range(PROCESSES * EACH)), NOW)
    held = [
        {"item": 1 + EACH * number + turn, "user": user, "token": f"{user}-{turn}", "until": NOW}
        for number, user in enumerate(users)
        for turn in range(EACH)
    ]
    store.database.write(lambda connection: connection.execute(insert(leases), held))
    event_lists = run_writers("save_all", url, users, EACH)
    events = [event for events in event_lists for event in events]
    with store.database.read() as connection:
        kept = connection.execute(select(label_events.c.id, label_events.c.request_id)).all()
    assert sorted(events) == sorted(row.id for row in kept)
    assert {row.request_id for row in kept} == {f"request {lease['token']}" for lease in held}
    assert (len(events), store.overview.counts()["answered"]) == (
        PROCESSES * EACH,
        PROCESSES * EACH,
    )
    assert store.verify() == ()


def test_many_processes_share_one_queue(store, url, admin):
    users = annotators(store, admin, PROCESSES)
    store.items.add_many(admin, (new_item(number) for number in range(15 * PROCESSES)), NOW)
    event_lists = run_writers("label_all", url, users, 15)
    events = [event for events in event_lists for event in events]
    with store.database.read() as connection:
        kept = connection.execute(select(label_events.c.id, label_events.c.item)).all()
    assert sorted(events) == sorted(row.id for row in kept)
    assert (
        len({row.item for row in kept}) == 15 * PROCESSES
    )  # nobody was given what another one held
    assert store.verify() == ()


def test_an_item_is_held_by_as_many_as_it_wants(store, url, admin):
    users, item = annotators(store, admin, 6), add(store, admin, 1, overlap=3)
    outcomes = run_writers("lease_one", url, users, item)
    sentence = f"Somebody else is labelling item {item}. Try again in a few minutes."
    assert sorted(outcomes, key=str) == [sentence] * 3 + [True] * 3
    with store.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(leases)).scalar() == 3


def test_one_person_in_many_tabs_holds_one_item(store, url, admin, ana):
    store.items.add_many(admin, (new_item(number) for number in range(30)), NOW)
    items = run_writers("take_in_tabs", url, ana.id, 5)
    assert items == [items[0]] * 5
    with store.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(leases)).scalar() == 1


def test_a_request_that_comes_many_times_at_once_is_one_event(store, url, admin, ana):
    leased = store.queue.lease(ana, add(store, admin, 1), NOW)
    events = run_writers("say_once", url, ana.id, leased.token, 12)
    with store.database.read() as connection:
        kept = [*connection.execute(select(label_events.c.id)).scalars()]
    assert events == kept * 12
    assert len(kept) == 1


def test_killed_writers_lose_nothing_that_was_acknowledged(store, url, admin):
    users = annotators(store, admin, 4)
    store.items.add_many(admin, (new_item(number) for number in range(4000)), NOW)
    store.close()
    report = run_writers("kill", url, users, KILLS)
    again = LabelStore.open(url, "photos")
    with again.database.read() as connection:
        requests = {*connection.execute(select(label_events.c.request_id)).scalars()}
        joined = answers.join(items, items.c.id == answers.c.item)
        answered = select(func.count()).select_from(joined).where(items.c.status == "answered")
        seen = connection.execute(answered).scalar()
        if again.database.is_sqlite:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    again.close()
    acknowledged = {*report["acknowledged"]}
    assert len(acknowledged) == len(report["acknowledged"]) > KILLS
    assert acknowledged <= requests
    assert len(requests - acknowledged) <= report["kills"]  # written, and killed before it was told
    assert seen == len(requests)
    assert again.verify() == ()


def test_many_processes_add_days_to_one_site(store, url, ana):
    site = store.sites.create(ana, Site("Delhi"), "new", NOW)
    event_lists = run_writers("add_days", url, ana.id, site, PROCESSES, 4)
    kept = store.sites.get(ana, site)
    assert {event for events in event_lists for event in events} <= {*kept.day_ids}
    assert (len(kept.day_ids), store.sites.entries(ana)[0].days) == (PROCESSES * 8, PROCESSES * 8)
    assert store.verify() == ()


def test_a_killed_writer_of_days_leaves_whole_requests(store, url, ana):
    site = store.sites.create(ana, Site("Delhi"), "new", NOW)
    store.close()
    acknowledged = run_writers("kill_sites", url, ana.id, site, KILLS)
    again = LabelStore.open(url, "photos")
    days = again.sites.get(ana, site).site.days
    assert len({*acknowledged}) == len(acknowledged) == 8 * (KILLS + 1)
    assert len(days) == 4 * len(acknowledged)  # none lost, none twice, none in part
    assert again.verify() == ()
    again.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_many_processes_open_a_new_store_at_once(database, tmp_path, request):
    url = str(tmp_path / "new" / "labels.db")
    if database == "postgresql":
        socket = request.getfixturevalue("postgres_socket")
        postgres.run(socket, "CREATE DATABASE opened_at_once")
        url = postgres.url_of(socket, "opened_at_once")
    assert run_writers("open_at_once", url, 12) == [True] * 12
    LabelStore.open(url, "photos").accounts.first_admin("Ada", PIN, NOW)
