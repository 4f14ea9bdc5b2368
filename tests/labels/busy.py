"""A store in which everything has happened that can happen to an item."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer, AnswerContext
from aqfusion.labels.contributions import Contribution
from aqfusion.labels.item import Reason
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.store import LabelStore
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor
from tests.labels.pictures import picture
from tests.labels.planted import MINUTE, NOW, PIN, request_id, say

HOSTILE = '=HYPERLINK("http://x")|\'@+-\u202e,\n";'
MORNING = datetime(2023, 2, 1, 3, 0, tzinfo=UTC)
VIEW = ItemPrediction("model-3", "fused", 180.5, 120.0, 240.0, (0.0, 0.1, 0.2, 0.4, 0.2, 0.1))
GUESS = {"standard": "us", "category": 3, "aqi": 151, "cant_tell": None}


@dataclass(frozen=True)
class Ids:
    """The items, by what happened to them."""

    agreed: int
    median: int
    overruled: int
    nobody_can: int
    corrected: int
    unskipped: int
    undone: int
    gold: int
    duplicate: int
    pending: int
    admitted: int
    rejected: int
    sent_back: int
    frozen: int
    guessed: int
    skipped: int


@dataclass(frozen=True)
class Busy:
    """The store, its people and its items."""

    store: LabelStore
    people: dict[str, Actor]
    ids: Ids


@pytest.fixture(scope="session")
def busy_folder(tmp_path_factory: pytest.TempPathFactory, empty_labels: bytes) -> Path:
    """A folder with the database and photos of the store, made once."""
    folder = tmp_path_factory.mktemp("busy")
    (folder / "labels.db").write_bytes(empty_labels)
    store = LabelStore.open(str(folder / "labels.db"), str(folder / "photos"))
    people = {"admin": store.accounts.first_admin("Ada", PIN, NOW)}
    for name, role in (("Eva", "expert"), ("Ana", "annotator"), ("Ben", "annotator")):
        key = "expert" if role == "expert" else name.lower()
        people[key] = store.accounts.add_user(people["admin"], name, PIN, role, NOW)
    ids = fill(store, **people)
    store.close()
    content = {"people": {key: asdict(who) for key, who in people.items()}, "ids": asdict(ids)}
    (folder / "told.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def busy(busy_folder: Path, tmp_path: Path) -> Iterator[Busy]:
    """A copy of the store for one test."""
    folder = shutil.copytree(busy_folder, tmp_path / "busy")
    content = json.loads((folder / "told.json").read_text())
    people = {key: Actor(**who) for key, who in content["people"].items()}
    store = LabelStore.open(str(folder / "labels.db"), str(folder / "photos"))
    yield Busy(store, people, Ids(**content["ids"]))
    store.close()


def put(store: LabelStore, admin: Actor, number: int, **more: object) -> int:
    """Add an item with a photo of its own."""
    photo_hash = store.photos.put(Photo.from_image(picture(number)))
    columns = {"reading": Reading(pm25=10.5 + number, co=1), "place": f"Place {number}", **more}
    return store.items.add(admin, NewItem(photo_hash=photo_hash, **columns), NOW)[0]


def offer(store: LabelStore, number: int) -> int:
    """Let a visitor offer a photo."""
    guess = Answer(category=2, standard="india")
    contribution = Contribution(
        Photo.from_image(picture(number)), Reading(pm10=80), "consent 1", guess, VIEW
    )
    return store.offers.offer(f"session {number}", contribution, NOW)


def fill(store: LabelStore, admin: Actor, expert: Actor, ana: Actor, ben: Actor) -> Ids:
    """Make sixteen items, and let everything happen to them."""

    first = put(store, admin, 1, taken_at=MORNING, licence="CC BY 4.0", group="g 1")
    ids = {
        "agreed": first,
        "median": put(store, admin, 2, overlap=2, place="ITO, Delhi", taken_at=MORNING),
        "overruled": put(store, admin, 3, overlap=2, place="=1+1", source=HOSTILE),
        "nobody_can": put(store, admin, 4),
        "corrected": put(store, admin, 5),
        "unskipped": put(store, admin, 6),
        "undone": put(store, admin, 7),
        "gold": put(store, admin, 8, known_aqi=200),
        "duplicate": put(store, admin, 9, duplicate_of=first, fingerprint="0123456789abcdef"),
        "pending": offer(store, 10),
        "admitted": offer(store, 11),
        "rejected": offer(store, 12),
        "sent_back": put(store, admin, 13),
        "frozen": put(store, admin, 14, split="frozen"),
        "guessed": put(
            *(store, admin, 15),
            **{"guess": GUESS, "priority": 2.5, "reasons": (Reason("unsure", "it says so"),)},
            **{"model_view": VIEW, "fold_view": VIEW, "place": None},
        ),
        "skipped": put(store, admin, 16),
    }
    made = Ids(**ids)
    seen = AnswerContext("assisted", "model-3", 180, 4.5)
    say(store, ana, made.agreed, Answer(category=1, note=HOSTILE, seen=seen))
    say(store, ana, made.median, Answer(aqi=151))
    say(store, ben, made.median, Answer(aqi=160, confidence="unsure"), NOW + MINUTE)
    say(store, ana, made.overruled, 0)
    say(store, ben, made.overruled, 4)
    store.review.overrule(
        expert, made.overruled, Answer(aqi=90), "seen from the hill", request_id(), NOW
    )
    say(store, ana, made.nobody_can, Answer(cant_tell="night"))
    store.review.accept(expert, made.nobody_can, ana.id, request_id(), NOW)
    say(store, ana, made.corrected, Answer(category=2, corrections={"pm25": 12.25, "co": None}))
    store.review.accept(expert, made.corrected, ana.id, request_id(), NOW)
    for item in (made.unskipped, made.skipped):
        leased = store.queue.lease(ana, item, NOW)
        store.answers.skip(ana, leased.token, request_id(), NOW, "too dark")
    store.answers.unskip(ana, made.unskipped, request_id(), NOW)
    say(store, ben, made.undone, 5)
    store.answers.undo(ben, request_id(), NOW)
    say(store, ana, made.gold, Answer(aqi=190))
    for item, admit in ((made.admitted, True), (made.rejected, False)):
        store.review.moderate(expert, item, admit, "", request_id(), NOW)
    say(store, ben, made.admitted, Answer(category=2, standard="india"))
    say(store, ben, made.sent_back, 3)
    store.review.send_back(expert, made.sent_back, "look at the hill", request_id(), NOW)
    say(store, ben, made.frozen, Answer(aqi=100))
    return made
