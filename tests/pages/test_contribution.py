"""A visitor gives their own photo away: only with consent, and only what they agreed to."""

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aqfusion.air.readings import Reading
from aqfusion.images.perceptual_hash import perceptual_hash
from aqfusion.images.photo import Photo
from aqfusion.labels.database import StoreError
from aqfusion.labels.store import LabelStore
from aqfusion.settings import ASSETS, ROOT
from aqfusion.synthetic_scenes.non_sky import nothing
from aqfusion.ui import consent
from tests.labels.planted import NOW, PIN

SECONDS = 60
PLACE = 34853  # the EXIF tag that holds a folder of GPS


def photo_of(scene: str = "haze") -> bytes:
    """One of the rendered scenes with a place and a camera in its EXIF."""
    exif = Image.Exif()
    exif[271] = "Secret Camera"
    exif[PLACE] = {1: "N", 2: (27.0, 42.0, 1.0), 29: "2023:02:01"}
    stream = io.BytesIO()
    with Image.open(ASSETS / "scenes" / f"{scene}.jpg") as image:
        image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


@pytest.fixture
def page(labels_home) -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS).run()


def upload(page, content: bytes | None = None) -> AppTest:
    page.segmented_control(key="photo_source").set_value("Upload").run()
    page.file_uploader(key="photo_upload").upload("mine.jpg", content or photo_of(), "image/jpeg")
    return page.run()


def widget(widgets, name: str):
    (found,) = [widget for widget in widgets if str(widget.key).startswith(f"contribute_{name}_")]
    return found


def give(page, *, agree: bool = True, measured: bool = False, guess: str | None = None) -> AppTest:
    widget(page.checkbox, "consent").set_value(agree)
    if measured:
        widget(page.checkbox, "measured").set_value(True)
    if guess:
        widget(page.selectbox, "guess").set_value(guess)
    widget(page.button, "give").click().run()
    assert not page.exception
    return page


def told(page) -> str:
    (said,) = [*page.success, *page.error]
    return said.value.replace("\\", "")


def everything(home: Path) -> dict[str, bytes]:
    """All files in the program's folder, to the byte."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


@pytest.mark.parametrize("source", ["Samples", "None"])
def test_a_sample_or_no_photo_is_nothing_to_give(page, source):
    page.segmented_control(key="photo_source").set_value(source).run()
    assert not page.exception
    assert [one.key for one in page.button if str(one.key).startswith("contribute")] == []


def test_without_consent_not_a_byte_is_kept(page, labels_home):
    before = everything(labels_home)
    page.button(key="preset_City day").click().run()
    give(upload(page), agree=False, measured=True, guess="Unhealthy")
    assert told(page) == "Nothing was stored: first tick the box to agree to the text."
    assert everything(labels_home) == before
    give(page, agree=True)  # what the comparison above would have seen
    changed = everything(labels_home)
    assert changed != before
    assert [name for name in changed if name.endswith(".jpg")] != []


@pytest.mark.parametrize("preset", [False, True])
def test_a_refused_photo_may_be_given_and_no_model_says_what_it_is(page, labels, preset):
    if preset:  # which was not measured
        page.button(key="preset_City day").click().run()
    give(upload(page, Photo.from_image(nothing(0)).to_jpeg()), guess="Unhealthy")
    assert told(page).startswith("Thank you.")
    admin = labels.accounts.first_admin("Ada", PIN, NOW)
    assert labels.review.view(admin, 1).item.model_view is None


def test_consent_is_to_one_photo_and_not_to_the_next(page, labels_home):
    upload(page)
    widget(page.checkbox, "consent").set_value(True).run()
    before = everything(labels_home)
    page.file_uploader(key="photo_upload").upload("b.jpg", photo_of("dust-storm"), "image/jpeg")
    page.run()
    assert widget(page.checkbox, "consent").value is False
    widget(page.button, "give").click().run()
    assert "tick the box to agree" in told(page)
    assert everything(labels_home) == before


def test_what_is_given_waits_for_an_expert_with_all_that_was_agreed_to(page, labels):
    page.button(key="preset_City day").click().run()
    give(upload(page), measured=True, guess="Unhealthy")
    assert told(page) == "Thank you. An expert will check your photo before anybody labels it."
    admin = labels.accounts.first_admin("Ada", PIN, NOW)
    view = labels.review.view(admin, 1)
    item, task = view.item, view.item.task
    assert (item.status, item.trusted, item.origin) == ("pending", False, "contribution")
    assert (item.consent, task.licence) == (consent.consent().id, "CC BY 4.0")
    assert item.consented_at is not None
    assert item.guess == {"standard": "us", "category": 3, "aqi": None, "cant_tell": None}
    assert task.reading == Reading(pm25=48, pm10=95, o3=40, co=0.9, so2=9, no2=32)
    assert (task.place, task.taken_at, item.source) == (None, None, None)
    assert item.fingerprint == f"{perceptual_hash(Photo.decode(photo_of())) % 2**64:016x}"
    said = item.model_view
    assert said is not None
    assert said.kind == "fused"
    assert said.model_version.startswith("mobilenetv2_100 ")
    assert f">{said.aqi}<" in " ".join(element.proto.body for element in page.get("html"))
    assert sum(said.probabilities) == pytest.approx(1)


def test_readings_that_nobody_measured_stay_behind(page, labels):
    page.button(key="preset_City day").click().run()
    give(upload(page))
    admin = labels.accounts.first_admin("Ada", PIN, NOW)
    item = labels.review.view(admin, 1).item
    assert (item.task.reading, item.guess) == (Reading(), None)
    assert item.model_view is not None
    assert item.model_view.kind == "image_only"


def test_place_and_camera_are_gone(page, labels, labels_home):
    content = photo_of()
    assert b"Secret Camera" in content
    give(upload(page, content))
    (kept,) = [data for name, data in everything(labels_home).items() if name.endswith(".jpg")]
    assert b"Secret Camera" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert dict(image.getexif()) == {}
    assert not any(b"mine.jpg" in data for data in everything(labels_home).values())


def test_a_sixth_photo_in_an_hour_waits(page, labels, monkeypatch):
    monkeypatch.setattr("aqfusion.ui.labels.store_session.now", lambda: NOW)
    upload(page)
    for _ in range(5):
        assert told(give(page)).startswith("Thank you")
    assert (
        told(give(page))
        == "Nothing was stored: You can contribute at most 5 photos an hour. Try again later."
    )
    assert labels.overview.counts()["pending"] == 1  # the same photo is the same item
    monkeypatch.setattr("aqfusion.ui.labels.store_session.now", lambda: NOW + timedelta(hours=1))
    assert told(give(page)).startswith("Thank you")


def test_a_store_or_a_disk_that_fails_is_told_and_the_prediction_stays(page, monkeypatch, labels):
    upload(page)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("aqfusion.labels.photo_store.PhotoStore.put_bytes", full)
        assert told(give(page)) == "Nothing was stored: No space left on device."
    monkeypatch.setenv("AQFUSION_LABELS", "mysql://me:5ecret@host/x")
    said = told(give(page))
    assert said.startswith("Nothing was stored: the label store must be a file")
    assert "5ecret" not in said
    assert labels.overview.counts()["pending"] == 0
    assert any("aq-number" in element.proto.body for element in page.get("html"))


def test_the_page_does_not_open_the_store_before_somebody_gives(page, monkeypatch):
    opened = []

    def of(_settings):
        opened.append(1)
        raise StoreError("out of order")

    monkeypatch.setattr(LabelStore, "from_settings", of)
    widget(upload(page).checkbox, "consent").set_value(True).run()
    assert not page.exception
    assert opened == []
    assert told(give(page)) == "Nothing was stored: out of order."
    assert opened == [1]


def test_a_text_that_somebody_agreed_to_is_never_edited():
    known = {
        "contribution-1.md": "cda3733dc56fa67746a961cde7384997e8fe7050751012bf7e93595485957293"
    }
    files = (ASSETS / "consents").iterdir()
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert found == known
    assert consent.consent().id == f"contribution-1 sha256:{known['contribution-1.md'][:16]}"
    assert consent.LICENCE in consent.consent().text
