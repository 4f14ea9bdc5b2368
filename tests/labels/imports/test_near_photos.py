"""Only items that are served have near-duplicates: no chains, none by way of gold or unadmitted."""

import pytest

from aqfusion.labels.imports.item_import import NearPhotos
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.review import Review
from tests.labels.planted import NOW, new_item, request_id


@pytest.fixture
def add(store, admin):
    def add(number: int, fingerprint: str, **more: object) -> tuple[int, NewItem]:
        item = new_item(number, fingerprint=fingerprint, **more)
        return store.items.add(admin, item, NOW)[0], item

    return add


def test_what_is_near_a_duplicate_alone_is_no_duplicate(store, add):
    first, item = add(1, "0000000000000000", group="day")
    add(2, "0000000000000007", group="day", duplicate_of=first)
    near = NearPhotos.from_database(store.database)
    assert near.nearest("day", "0000000000000003") == item.key
    assert near.nearest("day", "000000000000003f") is None
    assert near.nearest("other day", "0000000000000000") is None
    assert near.nearest(None, "0000000000000000") is None


def test_nothing_is_the_duplicate_of_a_gold_or_an_unadmitted_item(store, add, expert):
    add(1, "0000000000000000", known_aqi=100)
    offered, _ = add(2, "ffffffffffffffff", trusted=False)
    rejected, _ = add(3, "00000000ffffffff", trusted=False)
    near = NearPhotos.from_database(store.database)
    for fingerprint in ("0000000000000000", "ffffffffffffffff", "00000000ffffffff"):
        assert near.nearest(None, fingerprint) is None
    Review(store.database).moderate(expert, offered, True, "", request_id(), NOW)
    Review(store.database).moderate(expert, rejected, False, "", request_id(), NOW)
    near = NearPhotos.from_database(store.database)
    assert near.nearest(None, "ffffffffffffffff") is not None
    assert near.nearest(None, "00000000ffffffff") is None
