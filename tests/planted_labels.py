"""A small label store with people and photos, for tests of the pages."""

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.item import Reason
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.store import LabelStore
from aqfusion.model.item_prediction import ItemPrediction

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PIN = "1234"
PEOPLE = {"Asha": "annotator", "Bina": "annotator", "Eva": "expert", "Vik": "visitor"}


def planted_photo(number: int) -> Photo:
    """A small photo of its own for each number."""
    colours = np.random.default_rng(number).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return Photo.from_image(Image.fromarray(colours).resize((160, 120)))


def planted_view(aqi: float) -> ItemPrediction:
    """What a model would say of it."""
    chances = [0.02] * 6
    chances[min(5, int(aqi // 51))] = 0.9
    return ItemPrediction("planted", "fused", aqi, max(0, aqi - 40), aqi + 40, tuple(chances))


def planted_store(home: Path, count: int, overlap: int = 1, twice: int = 0) -> LabelStore:
    """Open a store with `PEOPLE` and the admin Ada, who added `count` items, the first one on top.

    Item n has PM2.5 of n and the model says 10 n. The first `twice` items want two answers.
    """
    folder = home / "labels"
    for name, data in _files(count, overlap, twice).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return _opened(folder)


def _opened(folder: Path) -> LabelStore:
    shares = Shares(random=0.0, gold=0.0)
    return LabelStore.open(str(folder / "labels.db"), str(folder / "photos"), shares)


@cache
def _files(count: int, overlap: int, twice: int) -> dict[str, bytes]:
    """What such a store consists of: making its tables anew for every test takes long."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = _opened(folder)
        _fill(store, count, overlap, twice)
        store.close()
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _fill(store: LabelStore, count: int, overlap: int, twice: int) -> None:
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    for name, role in PEOPLE.items():
        store.accounts.add_user(admin, name, PIN, role, NOW)
    for number in range(1, count + 1):
        view = planted_view(10.0 * number)
        why = Reason("model unsure", f"The model is unsure: it predicts {view.low} to {view.high}")
        item = NewItem(
            photo_hash=store.photos.put(planted_photo(number)),
            reading=Reading(pm25=number),
            place=f"Place {number}",
            overlap=2 if number <= twice else overlap,
            priority=float(count - number),
            reasons=(why,),
            model_view=view,
        )
        store.items.add(admin, item, NOW)
