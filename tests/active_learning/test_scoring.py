"""What the model makes of a planted store's items."""

from datetime import UTC, datetime

import pytest

from aqfusion.active_learning.scoring import PlaceDays, Scored, score_unlabelled
from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer
from aqfusion.labels.item_insertion import NewItem
from aqfusion.model.photo_screening import PhotoScreening
from aqfusion.model.predictor import load_model
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes import scenes
from tests.planted_labels import NOW, PIN, planted_store

MODEL = "mobilenetv2_100"


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL)


@pytest.fixture
def store(tmp_path):
    store = planted_store(tmp_path, 0, overlap=2)
    yield store
    store.close()


@pytest.fixture
def admin(store):
    return store.sign_in.by_pin("Ada", PIN, NOW)


def add(store, admin, reading, number=0, **more):
    photo = Photo.open(ASSETS / "scenes" / scenes()[number].file)
    item = NewItem(photo_hash=store.photos.put(photo), reading=reading, **more)
    return store.items.add(admin, item, NOW)[0]


def item(store, admin, number):
    return store.review.view(admin, number).item


def say(store, name, number, category):
    actor = store.sign_in.by_pin(name, PIN, NOW)
    leased = store.queue.lease(actor, number, NOW)
    store.answers.save(actor, leased.token, f"{name}{number}", Answer(category), NOW)


def test_every_waiting_item_gets_the_models_view_a_priority_and_a_reason(store, admin, model):
    first = add(store, admin, Reading())
    found = score_unlabelled(store, admin, model, lambda *told: None)
    assert found == Scored(1, 0, 0)
    looked = item(store, admin, first)
    direct = model.predict(Reading(), Photo.open(ASSETS / "scenes" / scenes()[0].file))
    view = looked.model_view
    assert (view.model_version, view.kind) == (model.model_version, "image_only")
    assert view.aqi == pytest.approx(direct.fused.aqi, abs=8)  # the store keeps JPEG
    assert looked.priority > 0
    assert looked.reasons[0].kind == "model unsure"
    assert looked.reasons[0].words.endswith(f"it predicts {view.low:.0f} to {view.high:.0f}")


def test_of_a_refused_photo_without_readings_the_model_has_no_view(
    store, admin, model, monkeypatch
):
    alone, measured = add(store, admin, Reading()), add(store, admin, Reading(pm25=9), 1)
    monkeypatch.setattr(PhotoScreening, "reason", lambda *_: "too dark")
    assert score_unlabelled(store, admin, model, lambda *told: None) == Scored(2, 0, 0)
    assert item(store, admin, alone).model_view is None
    assert (item(store, admin, alone).priority, item(store, admin, alone).reasons) == (0, ())
    assert item(store, admin, measured).model_view.kind == "sensors_only"
    assert score_unlabelled(store, admin, model, lambda *told: None) == Scored(0, 2, 0)


def test_readings_without_units_are_set_against_no_photo(store, admin, model):
    dirty = Reading(pm25=450)
    told = []
    for number, stated in enumerate((True, False)):
        first = add(store, admin, dirty, number, units_stated=stated)
        score_unlabelled(store, admin, model, lambda *told: None)
        told.append({reason.kind for reason in item(store, admin, first).reasons})
    assert "photo against readings" in told[0]
    assert "photo against readings" not in told[1]


def test_what_was_looked_at_is_passed_by_unless_people_contradict_each_other(store, admin, model):
    add(store, admin, Reading(pm25=20), overlap=2)
    torn = add(store, admin, Reading(pm25=21), overlap=2)
    score_unlabelled(store, admin, model, lambda *told: None)
    before = item(store, admin, torn).priority
    for name, category in (("Asha", 0), ("Bina", 5)):
        say(store, name, torn, category)
    assert item(store, admin, torn).status == "conflict"
    assert score_unlabelled(store, admin, model, lambda *told: None) == Scored(1, 1, 0)
    after = item(store, admin, torn)
    assert after.priority > before + 0.3
    assert after.reasons[0].kind == "annotators disagree"


def test_a_near_duplicate_is_worth_nothing_and_a_lost_photo_is_counted(store, admin, model):
    first = add(store, admin, Reading(pm25=20))
    twin = add(store, admin, Reading(pm25=21), duplicate_of=first)
    lost = NewItem(photo_hash="0" * 64, reading=Reading(pm25=5))
    store.items.add(admin, lost, NOW)
    assert score_unlabelled(store, admin, model, lambda *told: None) == Scored(2, 0, 1)
    assert item(store, admin, twin).priority == 0
    assert item(store, admin, twin).reasons[0].kind == "near-duplicate"


def test_given_labels_that_nobody_would_believe_come_first(store, admin, model):
    """Forty labels as the model would say them, one of them swapped for the far end."""
    numbers = []
    for pm25 in range(40):
        reading = Reading(pm25=float(5 + 9 * pm25))
        given = 5 if pm25 == 0 else _band(model, reading)
        numbers.append(add(store, admin, reading, guess={"category": given}))
    score_unlabelled(store, admin, model, lambda *told: None)
    swapped = item(store, admin, numbers[0])
    assert "label likely wrong" in {reason.kind for reason in swapped.reasons}


def test_the_first_days_of_a_place_come_first_until_it_has_them(store, admin, model):
    """Two photos of one day at a new place, one of its next day, and one of no known time."""
    times = [datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)]
    times += [datetime(2026, 3, 2, 8, tzinfo=UTC), None]
    first, same, other, timeless = (
        add(store, admin, Reading(pm25=20 + n), overlap=1, place="Roof", taken_at=time)
        for n, time in enumerate(times)
    )
    score_unlabelled(store, admin, model, lambda *told: None)
    told = {number: _first_days(store, admin, number) for number in (first, same, other, timeless)}
    words = "Its place has no labelled day yet: the first one helps most"
    assert told == {first: words, same: words, other: words, timeless: None}
    assert item(store, admin, first).priority > item(store, admin, timeless).priority + 0.08
    before = item(store, admin, other).priority
    say(store, "Asha", first, 2)
    assert score_unlabelled(store, admin, model, lambda *told: None).new == 0
    assert _first_days(store, admin, same) is None  # of a day that is labelled
    assert _first_days(store, admin, other) == "Its place has only one labelled day"
    assert item(store, admin, other).priority == pytest.approx(before - 0.05, abs=1e-3)


def _first_days(store, admin, number):
    reasons = item(store, admin, number).reasons
    return next(
        (reason.words for reason in reasons if reason.kind == "first days of a place"), None
    )


def test_a_place_that_the_model_has_learned_has_its_days(store, admin, site_model_folder):
    learned = load_model(site_model_folder)
    [known] = [site for site in learned.known_sites() if site.learned_as == "Alphaville"]
    places = PlaceDays.from_store(store, admin, learned)
    add(store, admin, Reading(pm25=5), place="Alphaville", taken_at=known.days[0].taken_at)
    add(store, admin, Reading(pm25=6), place="Alphaville", taken_at=NOW)
    [old, new] = (places.before(item(store, admin, number).task) for number in (1, 2))
    assert (old, new) == (None, 4)


def _band(model, reading):
    chances = list(model.predict(reading).fused.probabilities.values())
    return chances.index(max(chances))
