"""What visitors offer: nothing without consent, nothing above the limits."""

import io

import pytest
from PIL import Image

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer
from aqfusion.labels.contributions import (
    Contribution,
    ContributionLimits,
    ContributionStore,
    OfferError,
)
from tests.labels.planted import MINUTE, NOW


def photo(number=0):
    image = Image.new("RGB", (64, 48), (40 * number, 120, 200))
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    stream = io.BytesIO()
    image.save(stream, "JPEG", exif=exif)
    return Photo.decode(stream.getvalue())


def kept(tmp_path):
    return sorted(path.name for path in tmp_path.glob("photos/*/*"))


def test_without_consent_nothing_is_kept(store, tmp_path):
    with pytest.raises(OfferError, match="kept only with your consent"):
        store.offers.offer("session", Contribution(photo(), Reading(pm25=8), consent="  "), NOW)
    assert kept(tmp_path) == []
    with store.database.read() as connection:
        for table in ("items", "offers"):
            count = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            assert count == 0, table


def test_an_offer_is_kept_with_its_consent_and_waits(store, expert, ana, tmp_path):
    offer = Contribution(photo(), Reading(pm25=8), consent="text 2026-11", guess=Answer(aqi=60))
    item = store.review.view(expert, store.offers.offer("session", offer, NOW)).item
    assert (item.consent, item.consented_at, item.status) == ("text 2026-11", NOW, "pending")
    assert item.guess == {"standard": "us", "category": 1, "aqi": 60, "cant_tell": None}
    assert kept(tmp_path) == [f"{item.task.photo_hash}.jpg"]
    assert b"secret" not in store.photos.get(item.task.photo_hash)
    assert store.queue.next_item(ana, NOW) is None


def test_limits_hold_and_refused_offers_leave_nothing(store, tmp_path):
    offers = ContributionStore(
        store.database, store.photos, ContributionLimits(per_session=2, per_hour=3, pending=4)
    )

    def offer(number, session, now=NOW):
        return offers.offer(session, Contribution(photo(number), Reading(), consent="v1"), now)

    offer(1, "a")
    offer(2, "a")
    with pytest.raises(OfferError, match="at most 2 photos an hour"):
        offer(3, "a")
    offer(3, "b")
    with pytest.raises(OfferError, match="Visitors have contributed too many photos"):
        offer(4, "c")
    assert len(kept(tmp_path)) == 3
    later = NOW + 61 * MINUTE
    offer(4, "a", later)
    with pytest.raises(OfferError, match="Too many contributions are waiting"):
        offer(5, "b", later)
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM offers").scalar() == 1
        assert "'a'" not in str(connection.exec_driver_sql("SELECT * FROM offers").all())


def test_one_address_does_not_use_up_what_all_may_give(store):
    limits = ContributionLimits(per_session=5, per_address=7, per_hour=9)
    offers = ContributionStore(store.database, store.photos, limits)

    def offer(session, address, now=NOW):
        offers.offer(session, Contribution(photo(), Reading(), consent="v1"), now, address)

    for number in range(7):
        offer(f"session {number}", "192.0.2.1")
    for number in range(20):
        with pytest.raises(OfferError, match="Visitors of your network can contribute at most 7"):
            offer(f"more {number}", "192.0.2.1")
    offer("another", "192.0.2.2")
    with store.database.read() as connection:
        assert "192.0.2" not in str(connection.exec_driver_sql("SELECT * FROM offers").all())
    offer("session 1", "192.0.2.1", NOW + 61 * MINUTE)


def test_a_clock_that_was_ahead_does_not_stop_contributions(store):
    offers = ContributionStore(store.database, store.photos, ContributionLimits(per_hour=2))

    def offer(session, now):
        offers.offer(session, Contribution(photo(), Reading(), consent="v1"), now, "192.0.2.1")

    for session in "ab":
        offer(session, NOW + 30 * 24 * 60 * MINUTE)
    for session in "ab":
        offer(session, NOW)
    with pytest.raises(OfferError, match="Visitors have contributed too many photos"):
        offer("c", NOW)


def test_a_photo_has_a_size_limit(store):
    offers = ContributionStore(store.database, store.photos, ContributionLimits(photo_bytes=300))
    with pytest.raises(OfferError, match="photo must have at most 300 bytes, got "):
        offers.offer("a", Contribution(photo(), Reading(), consent="v1"), NOW)
