"""Processes that use one label store at once, forked from one that has only imported it.

Run as `python -m tests.labels.writers MODE URL ...`; prints JSON. Forking twenty takes a blink,
twenty imports would take ten seconds.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.store import LabelStore
from aqfusion.labels.usage_key import Cell
from aqfusion.permissions import Actor
from aqfusion.sites.site import Day
from tests.labels.planted import NOW


def open_store(url: str) -> LabelStore:
    """Open a store that serves by priority alone."""
    return LabelStore.open(url, "photos", Shares(random=0.0, gold=0.0))


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work` in forks that begin at the same moment; their results, or their refusals."""
    ready, go = os.pipe()
    pipes = []
    for number in range(count):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(ready, 1)
            try:
                result = work(number)
            except InputError as error:
                result = str(error)
            except BaseException as error:  # noqa: BLE001 - a fork tells its parent all
                result = f"FAILED {error!r}"
            with os.fdopen(write, "w") as pipe:
                json.dump(result, pipe)
            os._exit(0)
        os.close(write)
        pipes.append((child, read))
    os.close(go)
    results = []
    for child, pipe in pipes:
        with os.fdopen(pipe) as stream:
            results.append(json.load(stream))
        os.waitpid(child, 0)
    return results


def label_all(url: str, users: list[int], each: int) -> list[Any]:
    """Let each user take and answer `each` items; returns their acknowledged events."""

    store = open_store(url)
    store.queue.next_item(Actor(users[0], "", "annotator"), NOW)
    store.close()

    def work(number: int) -> list[int]:
        actor = Actor(users[number], "", "annotator")
        events: list[int] = []
        while len(events) < each:
            leased = store.queue.next_item(actor, NOW)
            if leased is not None:
                request, answer = f"{actor.id}-{len(events)}", Answer(category=number % 6)
                saved = store.answers.save(actor, leased.token, request, answer, NOW)
                events.append(saved.event)
        return events

    return together(len(users), work)


def save_all(url: str, users: list[int], each: int) -> list[Any]:
    """Let each user answer `each` items that they hold; returns their acknowledged events."""

    store = open_store(url)

    def work(number: int, most: int = each) -> list[int]:
        actor, answer = Actor(users[number], "", "annotator"), Answer(category=number % 6)
        tokens = [f"{actor.id}-{turn}" for turn in range(most)]
        return [
            store.answers.save(actor, token, f"request {token}", answer, NOW).event
            for token in tokens
        ]

    work(0, most=1)  # so that no fork has to build the statements; it asks for this one again
    store.close()
    return together(len(users), work)


def lease_one(url: str, users: list[int], item: int) -> list[Any]:
    """Let all users lease the same item; returns which of them hold it."""

    def work(number: int) -> bool | str:
        actor = Actor(users[number], "", "annotator")
        return open_store(url).queue.lease(actor, item, NOW).token != ""

    return together(len(users), work)


def take_in_tabs(url: str, user: int, count: int) -> list[Any]:
    """Let one person ask for the next item in many tabs at once; returns the items they get."""

    def work(_number: int) -> int | None:
        leased = open_store(url).queue.next_item(Actor(user, "", "annotator"), NOW)
        return leased and leased.task.id

    return together(count, work)


def say_once(url: str, user: int, token: str, count: int) -> list[Any]:
    """Send the same request `count` times at once; returns the events that each was told."""

    def work(_number: int) -> int:
        store, actor = open_store(url), Actor(user, "", "annotator")
        return store.answers.save(actor, token, "the one", Answer(category=1), NOW).event

    return together(count, work)


def open_at_once(url: str, count: int) -> list[Any]:
    """Open a store that has no tables yet, or old ones, in many processes."""
    return together(count, lambda _number: open_store(url).queue is not None)


def count_all(url: str, count: int, times: int) -> list[Any]:
    """Let `count` processes add the same counts `times` over."""

    def work(number: int) -> int:
        store = open_store(url)
        for turn in range(times):
            figures = ("photo", "predictions") if (number + turn) % 2 else ("predictions", "photo")
            day = NOW.date().isoformat()
            store.predictions.add({Cell(day, "m", "upload", name, "", 0): 1 for name in figures})
        return times

    return together(count, work)


def kill_batches(url: str, user: int, lots: list[list[int]], kills: int) -> list[int]:
    """Kill a writer in the middle of answers that cover many photos; returns the acknowledged."""
    drawn, actor = random.Random(0), Actor(user, "", "annotator")
    read, write = os.pipe()
    acknowledged: list[int] = []
    for life in range(kills + 1):
        child = os.fork()
        if child == 0:
            store = open_store(url)
            for number, (head, *others) in enumerate(lots):
                if number in acknowledged:
                    continue
                leased = store.queue.lease(actor, head, NOW)
                if (
                    leased.own_event is None
                ):  # else it was saved, and the writer killed before it told
                    request, answer = f"lot {number}", Answer(category=1)
                    store.answers.save(actor, leased.token, request, answer, NOW, others)
                os.write(write, bytes([number]))
            os._exit(0)
        if life < kills:
            time.sleep(drawn.uniform(0.0, 0.25))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while select.select([read], [], [], 0)[0]:
            acknowledged += [*os.read(read, 100)]
    return acknowledged


def add_days(url: str, user: int, site: int, count: int, times: int) -> list[Any]:
    """Let `count` processes of one person add days of their own to one site at once."""

    def work(number: int) -> list[int]:
        store, actor = open_store(url), Actor(user, "", "annotator")
        return [
            store.sites.add_days(actor, site, site_days(number, turn), f"{number}-{turn}", NOW)[0]
            for turn in range(times)
        ]

    return together(count, work)


def kill_sites(url: str, user: int, site: int, kills: int) -> list[int]:
    """Kill a writer in the middle of requests of four days each; returns the acknowledged."""
    drawn, actor = random.Random(0), Actor(user, "", "annotator")
    read, write = os.pipe()
    acknowledged: list[int] = []
    for life in range(kills + 1):
        child = os.fork()
        if child == 0:
            store = open_store(url)
            for turn in range(8 * (life + 1)):
                if turn not in acknowledged:
                    days = site_days(0, turn) + site_days(1, turn)
                    store.sites.add_days(actor, site, days, f"turn {turn}", NOW)
                    os.write(write, bytes([turn]))
            os._exit(0)
        if life < kills:
            time.sleep(drawn.uniform(0.0, 0.25))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while select.select([read], [], [], 0)[0]:
            acknowledged += [*os.read(read, 100)]
    return acknowledged


def site_days(number: int, turn: int) -> list[Day]:
    """Days that no other number and turn has."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=100 * number + turn)
    return [Day(90 + turn, "table", start + timedelta(hours=hour)) for hour in range(2)]


def kill(url: str, users: list[int], kills: int) -> dict[str, Any]:
    """Kill writers in the middle of their work, and let others go on; returns what they tell.

    Each writer says on its pipe which requests the store has acknowledged.
    """
    drawn = random.Random(0)
    read, write = os.pipe()
    acknowledged = bytearray(b"first\n")
    # Forks find every statement built: else they would be killed before they write anything.
    store, first = open_store(url), Actor(users[0], "", "annotator")
    leased = store.queue.next_item(first, NOW)
    assert leased is not None
    store.answers.save(first, leased.token, "first", Answer(category=1), NOW)
    store.close()

    def spawn(slot: int, life: int) -> int:
        child = os.fork()
        if child:
            return child
        actor, number = Actor(users[slot], "", "annotator"), 0
        while True:
            leased = store.queue.next_item(actor, NOW)
            if leased is None:
                os._exit(3)
            request, number = f"{slot}-{life}-{number}", number + 1
            store.answers.save(actor, leased.token, request, Answer(category=1), NOW)
            os.write(write, f"{request}\n".encode())  # whole, as it is short

    def hear(seconds: float, until: bytes | None = None) -> None:
        """Take down what is told, for a time or until a writer has told something."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not (until and until in acknowledged):
            if select.select([read], [], [], left)[0]:
                acknowledged.extend(os.read(read, 65536))

    lives = {slot: spawn(slot, 0) for slot in range(len(users))}
    running = dict.fromkeys(lives, 0)
    for life in range(1, kills + 1):
        slot = life % len(users)
        hear(5.0, until=f"\n{slot}-{running[slot]}-0\n".encode())  # it is at work
        hear(drawn.uniform(0.0, 0.02))
        os.kill(lives[slot], signal.SIGKILL)
        os.waitpid(lives[slot], 0)
        lives[slot], running[slot] = spawn(slot, life), life
    for child in lives.values():
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os.close(write)
    while data := os.read(read, 65536):
        acknowledged += data
    return {"acknowledged": acknowledged.decode().split(), "kills": kills + len(users)}


if __name__ == "__main__":
    modes: dict[str, Callable[..., Any]] = {
        mode.__name__: mode
        for mode in (
            *(label_all, save_all, lease_one, take_in_tabs, say_once, kill, open_at_once),
            *(count_all, kill_batches, add_days, kill_sites),
        )
    }
    name, address, *arguments = sys.argv[1:]
    print(json.dumps(modes[name](address, *map(json.loads, arguments))))  # noqa: T201
