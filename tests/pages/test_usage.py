"""A visitor's own photo counts once, an example not at all, and nothing but counts is kept."""

import re
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.images.photo import Photo
from aqfusion.labels.store import LabelStore
from aqfusion.settings import ROOT, load_settings
from aqfusion.synthetic_scenes.non_sky import nothing
from aqfusion.ui import cached_models, consent, usage
from tests.labels.planted import NOW
from tests.pages.test_contribution import everything, photo_of, upload

SECONDS = 60
SECRET = 137.25  # a reading like no other


def opened(name: str = "predict", query: dict[str, str] | None = None) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=SECONDS)
    for key, value in (query or {}).items():
        page.query_params[key] = value
    return page.run()


@pytest.fixture
def page(labels_home):
    return opened()


def kept(labels) -> dict[tuple[str, str, int], int]:
    """All counts by origin, figure and bin, after every waiting one was counted."""
    usage._tally(load_settings()).flush(everything=True)
    with closing(LabelStore.from_settings(load_settings())) as store:
        cells = store.predictions.since(store.accounts.operator(NOW), date(2000, 1, 1))
    return {(cell.origin, cell.figure, cell.bin): n for cell, n in cells.items()}


def move(page, name: str, value: float) -> AppTest:
    page.number_input(key=f"sensor_{name}_number").set_value(value).run()
    assert not page.exception
    return page


def test_an_own_photo_counts_once_with_the_readings_as_they_last_stood(page, labels):
    upload(page)
    for value in (10.0, 20.0, 30.0, 400.0):
        move(page, "pm25", value)
    found = kept(labels)
    assert {key: n for key, n in found.items() if key[2] == 0} == {
        ("upload", name, 0): 1
        for name in ("predictions", "photo", "readings", "both", "pm10", "o3", "co", "so2", "no2")
    }  # what the preset had put there was not brought
    assert found["upload", "pm25", 10] == 1
    assert sum(n for (_, name, _), n in found.items() if name == "distance") == 1
    assert len(found) == 11
    move(page, "pm25", 11.0)
    page.segmented_control(key="photo_source").set_value("Samples").run()
    upload(page)  # the same photo again, though from another file
    assert kept(labels) == found
    upload(page, photo_of("dust-storm"))
    again = kept(labels)
    assert (again["upload", "photo", 0], again["upload", "pm25", 1]) == (2, 1)


def test_it_is_counted_for_the_version_that_judged_it_on_its_day(page, labels):
    upload(page)
    kept(labels)
    cells = labels.predictions.since(labels.accounts.operator(NOW), date(2000, 1, 1))
    assert {cell.model for cell in cells} == {cached_models.predictor().model_version}
    assert {cell.day for cell in cells} == {datetime.now(UTC).date().isoformat()}


def test_examples_presets_and_stations_do_not_count(page, labels):
    move(page, "pm25", 300.0)  # under a sample photo
    page.radio(key="photo_sample").set_value("dust-storm").run()
    page.button(key="preset_Winter smog").click().run()
    page.segmented_control(key="photo_source").set_value("None").run()
    page.segmented_control(key="sensor_units").set_value("ppb, ppm").run()
    page.toggle(key="sensor_so2_on").set_value(False).run()
    page.segmented_control(key="photo_source").set_value("Upload").run()  # nothing yet
    assert not page.exception
    assert kept(labels) == {}


def test_readings_alone_count_once_and_so_do_those_of_a_link(labels_home, labels):
    page = opened(query={"pm25": "75", "no2": "20"})
    assert kept(labels) == {}  # with a sample photo
    page.segmented_control(key="photo_source").set_value("None").run()
    page.toggle(key="sensor_o3_on").set_value(True).run()
    page.toggle(key="sensor_co_on").set_value(True).run()  # its value is nobody's
    for value in (50.0, 51.0):
        move(page, "o3", value)
    found = kept(labels)
    facts = ("predictions", "readings", "pm10", "co", "so2")
    assert {key: n for key, n in found.items() if key[2] == 0} == {
        ("readings", name, 0): 1 for name in facts
    }
    assert {name for _, name, number in found if number} == {"pm25", "no2", "o3"}


def test_a_photo_that_cannot_be_judged_is_counted_as_such(page, labels, monkeypatch):
    upload(page, Photo.from_image(nothing(0)).to_jpeg())
    assert any("I can't judge" in one.value for one in page.warning)
    assert kept(labels) == {("upload", name, 0): 1 for name in ("predictions", "photo", "refused")}


def test_another_page_counts_the_same_photo_no_second_time(page, labels, monkeypatch):
    for slow in ("photo_evidence_view.render_map", "model_comparison_view.render_model_comparison"):
        monkeypatch.setattr(f"aqfusion.ui.explain.{slow}", lambda *_, **__: None)
    upload(page)
    explain = AppTest.from_file(str(ROOT / "pages" / "explain.py"), default_timeout=SECONDS)
    for key in ("photo_source", "photo_own", "counted_visit"):  # the session goes on
        explain.session_state[key] = page.session_state[key]
    explain.run()
    assert not explain.exception
    assert kept(labels)["upload", "photo", 0] == 1


def test_nothing_but_counts_is_kept(page, labels, labels_home):
    content = photo_of()
    move(upload(page, content), "pm25", SECRET)
    found = kept(labels)
    assert found["upload", "pm25", 7] == 1
    photo = Photo.decode(content)
    secrets = (b"mine.jpg", b"Secret Camera", photo.digest.encode(), bytes.fromhex(photo.digest))
    vector = cached_models.embedding(cached_models.predictor(), photo).vector[0]
    numbers = (vector.tobytes()[:64], str(SECRET).encode(), f"{vector[0]:.4f}".encode())
    for data in everything(labels_home).values():
        assert not any(secret in data for secret in (*secrets, *numbers))
        assert content[200:400] not in data
    assert [name for name in everything(labels_home) if name.endswith(".jpg")] == []
    with labels.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM prediction_counts").all()
        others = ("items", "label_events", "offers", "users", "leases")
        assert [
            connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in others
        ] == [0, 0, 0, 1, 0]  # the operator, who read the counts
    for day, model, origin, figure, bins, number, times in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
        assert (model, origin, times) == (cached_models.predictor().model_version, "upload", 1)
        assert re.fullmatch(r"[a-z0-9]+", figure)
        assert re.fullmatch(r"([0-9a-f]{16})?", bins)
        assert 0 <= number <= 10


def test_what_is_kept_is_said_before_anything_is_given(page):
    def said(page):
        return [one.value for one in page.caption if one.value == consent.COUNTED]

    assert said(page) == []
    assert said(page.segmented_control(key="photo_source").set_value("Upload").run()) != []
    assert said(page.segmented_control(key="photo_source").set_value("Camera").run()) != []
    assert said(page.segmented_control(key="photo_source").set_value("None").run()) != []


def test_without_a_store_the_prediction_stays_and_nothing_is_told(page, monkeypatch):
    monkeypatch.setenv("AQFUSION_LABELS", "mysql://me:5ecret@host/x")
    upload(page)
    usage._tally(load_settings()).flush(everything=True)
    page.run()
    assert not page.exception
    assert not page.error
    assert any("aq-number" in element.proto.body for element in page.get("html"))
