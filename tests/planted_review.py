"""A label store in a home folder, with something for an expert to decide."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer, AnswerContext
from aqfusion.labels.contributions import Contribution
from aqfusion.labels.item import Reason
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.store import LabelStore
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor
from tests.hostile import encode, sky
from tests.labels.planted import MINUTE, NOW, PIN, say

EVIL = "<img src=x onerror=alert(1)> **b** [l](http://x.y)"
READING = Reading(pm25=80, pm10=130, no2=40)
VIEW = ItemPrediction("mobilenet-1", "fused", 152.4, 101, 214, (0.02, 0.1, 0.3, 0.4, 0.13, 0.05))
FOLD = ItemPrediction("fold-3", "fused", 171, 120, 230, (0.02, 0.05, 0.2, 0.5, 0.15, 0.08))
_photos = count(1)


@dataclass(frozen=True)
class Planted:
    """An open store, its people, and what it holds by name."""

    store: LabelStore
    admin: Actor
    expert: Actor
    ana: Actor
    ben: Actor
    items: dict[str, int]


def plant(home: Path) -> Planted:
    """Fill the store that an app of this home opens: one item of each kind, and gold."""
    store = LabelStore.open(str(home / "labels" / "labels.db"), str(home / "labels" / "photos"))
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    people = [
        store.accounts.add_user(admin, name, PIN, role, NOW)
        for name, role in (("Eva", "expert"), ("Ana", "annotator"), (EVIL[:60], "annotator"))
    ]
    planted = Planted(store, admin, *people, {})
    _conflicts(planted)
    _others(planted)
    return planted


def add(planted: Planted, name: str, **more: object) -> int:
    """Add an item with a photo of its own."""
    photo = planted.store.photos.put(photo_of(next(_photos)))
    new = NewItem(**{"photo_hash": photo, "reading": READING, "overlap": 2, **more})
    item, _ = planted.store.items.add(planted.admin, new, NOW)
    planted.items[name] = item
    return item


def photo_of(seed: int) -> Photo:
    """A sky that no other seed has."""
    return Photo.decode(encode(sky(320, 240, seed), "PNG"))


def _conflicts(planted: Planted) -> None:
    why = (Reason("uncertain", "The model is unsure: 101 to 214"),)
    more = {"reasons": why, "model_view": VIEW, "fold_view": FOLD, "place": "Biratnagar"}
    for name in ("oldest", "middle", "newest"):
        item = add(planted, name, **more)
        seen = AnswerContext("assisted", "mobilenet-1", 152, 12.5)
        say(
            planted.store,
            planted.ana,
            item,
            Answer(category=1, seen=AnswerContext(seconds=4.25)),
            NOW,
        )
        later = NOW + timedelta(seconds=90)
        answer = Answer(aqi=180, confidence="unsure", note=EVIL, seen=seen)
        say(planted.store, planted.ben, item, answer, later)


def _others(planted: Planted) -> None:
    store, ana, ben = planted.store, planted.ana, planted.ben
    flagged = add(planted, "flagged", overlap=1, place=EVIL, model_view=VIEW)
    say(store, ana, flagged, Answer(category=1, corrections={"pm25": 8.0, "no2": None}))
    agreed = add(planted, "agreed", model_view=VIEW)
    for person in (ana, ben):
        say(store, person, agreed, 3)
    gold = add(planted, "gold", known_aqi=160, overlap=1)
    say(store, ana, gold, 3, NOW + MINUTE)
    say(store, ben, gold, 2, NOW + MINUTE)
    add(planted, "open")
    offer = Contribution(photo_of(0), READING, "consent 1", Answer(category=2))
    planted.items["offered"] = store.offers.offer("a session", offer, NOW)
