"""Time of the label queue as it grows, all sizes measured in one run, on SQLite.

Beside it the naive way: the most urgent item that this person has not answered and that still
wants answers, by one query with an index on the priority.

The hard case is measured: somebody has answered half of the items, 50,000 at the most, all of
which still wait for a second person; and twenty others hold what would come next.

    python benchmarks/label_queue.py 10000 100000

A million items take minutes to write.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, func, insert, select, text, update

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.air.readings import Reading
from aqfusion.cli.main import run_command
from aqfusion.cli.options import WholeNumber, print_json
from aqfusion.errors import InputError
from aqfusion.evaluation.latency import median_ms
from aqfusion.labels.answer import Answer
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.queue import Queue
from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.schema import answers, crowds, items, label_events
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor

_MOST_ANSWERED = 50_000
_HOLDERS = 20
_BATCH = 10_000
_REPEATS = 40
_NAIVE_REPEATS = 3
_TURNS = {"by_priority": Shares(0.0, 0.0), "at_random": Shares(1.0, 0.0), "gold": Shares(0.0, 0.99)}


def queue_bench(sizes: Sequence[int]) -> dict[str, Any]:
    """Median milliseconds to lease the next item and to answer it, and ratios to the first size."""
    if not sizes or min(sizes) < 100:
        raise InputError(f"sizes of the queue must be 100 items or more, got {sizes}")
    now = datetime.now(UTC)
    figures = {str(size): _measured(size, now) for size in sizes}
    first = figures[str(sizes[0])]
    return {
        "database": "sqlite",
        "repeats": _REPEATS,
        "median_ms": figures,
        "ratios": {
            size: {
                f"{name}_to_first_size": round(ms / first[name], 2) for name, ms in timings.items()
            }
            for size, timings in figures.items()
        },
    }


def _measured(size: int, now: datetime) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="aqfusion-queue-") as folder:
        path = Path(folder) / "labels.db"
        store, person = busy_store(path, size, now)
        timings = {}
        for turn, shares in _TURNS.items():
            store.queue = Queue(store.database, shares)
            timings[f"next_{turn}"] = median_ms(_next(store, person, now), _REPEATS)
        timings["next_and_save"] = median_ms(_label(store, person, now), _REPEATS)
        timings["naive_next"] = median_ms(_naive_next(store, person), _NAIVE_REPEATS)
        store.close()
    return {name: round(ms, 2) for name, ms in timings.items()}


def busy_store(path: Path, size: int, now: datetime) -> tuple[LabelStore, Actor]:
    """Make the hard case, and return it with the person who has answered so much."""
    store = LabelStore.open(str(path), str(path.parent), _TURNS["by_priority"])
    person = store.accounts.operator(now)
    store.items.add_many(person, _items(size), now)
    store.database.write(lambda connection: _answer_many(connection, person, size, now))
    for number in range(_HOLDERS):
        other = store.accounts.add_user(person, f"holder {number}", "1234", "annotator", now)
        store.queue.next_item(other, now)
    return store, person


def _items(size: int) -> Iterator[NewItem]:
    for number in range(size):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        yield NewItem(
            photo_hash=digest,
            reading=Reading(pm25=number % 500),
            priority=int(digest[:6], 16) / 2**24,
            overlap=2,
            known_aqi=100 if number % 100 == 0 else None,
        )


def _answer_many(connection: Connection, actor: Actor, size: int, now: datetime) -> None:
    """Write one person's answers to the most urgent items, as if one by one."""
    made = connection.execute(insert(crowds).values(members=f" {actor.id} "))
    assert made.inserted_primary_key is not None
    crowd = made.inserted_primary_key[0]
    most = min(_MOST_ANSWERED, size // 2)
    urgent = select(items.c.id).where(items.c.lane == 1).order_by(items.c.priority.desc())
    chosen = list(connection.execute(urgent.limit(most)).scalars())
    event = {"user": actor.id, "at": now, "kind": "answer", "standard": "us", "category": 1}
    rows = [
        {**event, "id": number, "request_id": f"bench {item}", "request_digest": "", "item": item}
        for number, item in enumerate(chosen, start=1)
    ]
    connection.execute(insert(label_events), rows)
    answer_rows = [{"item": row["item"], "user": actor.id, "event": row["id"]} for row in rows]
    connection.execute(insert(answers).values(skipped=False), answer_rows)
    begun = update(items).values(crowd=crowd, urgent=1, seats=1)
    for start in range(0, most, _BATCH):
        connection.execute(begun.where(items.c.id.in_(chosen[start : start + _BATCH])))


def _next(store: LabelStore, actor: Actor, now: datetime) -> Any:
    def step() -> None:
        leased = store.queue.next_item(actor, now)
        assert leased is not None
        store.queue.release(actor, leased.token, now)

    return step


def _naive_next(store: LabelStore, actor: Actor) -> Any:
    """One query over items and answers, which is all that a small app needs."""
    given = select(func.count()).where(answers.c.item == items.c.id).scalar_subquery()
    own = select(answers.c.item).where(answers.c.user == actor.id)
    query = (
        select(items.c.id)
        .where(items.c.status == "open", items.c.id.not_in(own), given < items.c.overlap)
        .order_by(items.c.priority.desc())
        .limit(1)
    )
    index = text("CREATE INDEX ix_naive ON items (priority)")
    store.database.write(lambda connection: connection.execute(index))

    def step() -> None:
        with store.database.read() as connection:
            assert connection.execute(query).scalar_one() is not None

    return step


def _label(store: LabelStore, actor: Actor, now: datetime) -> Any:
    requests = (f"bench request {number}" for number in count())

    def step() -> None:
        leased = store.queue.next_item(actor, now)
        assert leased is not None
        store.answers.save(actor, leased.token, next(requests), Answer(category=2), now)

    return step


def queue(quick: bool) -> dict[str, Any]:
    """A thousand items to a million."""
    return queue_bench((100, 200) if quick else (10**3, 10**4, 10**5, 10**6))


PARTS = {"queue": queue}


@click.command()
@click.argument("sizes", metavar="SIZES...", type=WholeNumber(100, 10**7), nargs=-1, required=True)
def main(sizes: tuple[int, ...]) -> None:
    """Time the label queue with so many items, as JSON."""
    print_json(queue_bench(sizes))


if __name__ == "__main__":
    sys.exit(run_command(main, "benchmarks/label_queue.py"))
