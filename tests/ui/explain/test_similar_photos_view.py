"""The card "Similar photos" in Streamlit's own test runner, and its words from plain values."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.explain.similar_photos import Neighbour, SimilarPhotos
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import load_model
from aqfusion.ui.explain import similar_photos_view
from tests.planted import FRAMES, planted_records, write_folder

SECONDS = 60
HOSTILE = "<img src=x onerror=alert(1)>"


def card(model_folder: str, photo_path: str) -> None:
    """A page with nothing but the card; readings are not asked."""
    from aqfusion.air.readings import Reading
    from aqfusion.images.photo import Photo
    from aqfusion.model.predictor import load_model
    from aqfusion.ui.explain import similar_photos_view

    model, photo = load_model(model_folder), Photo.open(photo_path)
    embedding = model.embed(photo)
    result = model.predict(Reading(), embedding)
    similar_photos_view.render_similar_photos(model, photo, embedding, result.image_only)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    st.cache_resource.clear()
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AQFUSION_DATA", raising=False)


@pytest.fixture
def open_card(checkpoint_folder):
    def open_it(photo: Path) -> AppTest:
        given = (str(checkpoint_folder), str(photo))
        return AppTest.from_function(card, default_timeout=SECONDS, args=given).run()

    return open_it


def photos_of(data: Path) -> list[Path]:
    return sorted((data / "Combined_Dataset" / "All_img").iterdir())


def shown(page: AppTest) -> str:
    assert not page.exception
    parts = [element.proto.body for element in page.get("html")]
    return " ".join([*parts, *(element.value for element in page.markdown)])


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_without_a_data_folder_it_says_how_to_name_one(open_card, data_folder):
    page = open_card(photos_of(data_folder)[0])
    assert "`AQFUSION_DATA` names a data folder" in shown(page)
    assert not page.button


def test_a_faulty_data_folder_gets_a_sentence(open_card, data_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("AQFUSION_DATA", str(tmp_path))
    page = open_card(photos_of(data_folder)[0])
    assert not page.exception
    assert "Similar photos cannot be shown: data folder must hold" in page.warning[0].value


def test_the_button_builds_once_and_six_neighbours_are_shown(open_card, data_folder, monkeypatch):
    monkeypatch.setenv("AQFUSION_DATA", str(data_folder))
    photo = photos_of(data_folder)[0]
    page = open_card(photo)
    assert "aq-similar" not in shown(page)
    page.button(key="similar_find").click().run()
    assert not page.button
    html = shown(page)
    assert (
        html.count("<figure") == html.count("data:image/webp;base64,") == similar_photos_view.COUNT
    )
    assert html.count('alt="Photo taken at ') == similar_photos_view.COUNT
    assert "photo itself is 20. The most similar other photos had a measured AQI of" in html
    assert "the model predicts " in html
    assert "The model was trained on 1 of these 6 sessions." in html
    again = open_card(photo)  # another visitor, and another start: nothing is left to wait for
    assert shown(again) == html
    st.cache_resource.clear()
    assert shown(open_card(photo)) == html


def test_no_file_name_is_told(open_card, data_folder, monkeypatch):
    monkeypatch.setenv("AQFUSION_DATA", str(data_folder))
    page = open_card(photos_of(data_folder)[0])
    page.button(key="similar_find").click().run()
    everything = json.dumps([str(element) for element in page.main])
    assert not any(path.name in everything for path in photos_of(data_folder))


def test_building_tells_how_far_it_is(open_card, data_folder, monkeypatch):
    told = []
    build = SimilarPhotos.build

    def listen(of, report):
        return build(of, lambda *how_far: (report(*how_far), told.append(how_far)))

    monkeypatch.setattr(SimilarPhotos, "build", listen)
    monkeypatch.setenv("AQFUSION_DATA", str(data_folder))
    page = open_card(photos_of(data_folder)[0])
    page.button(key="similar_find").click().run()
    assert not page.exception
    assert told == [(done, 12 * FRAMES) for done in range(1, 12 * FRAMES + 1)]


def test_a_building_that_was_cut_off_goes_on_by_itself(open_card, data_folder, monkeypatch):
    class CutOff(Exception):
        pass

    def cut(of, report):
        raise CutOff

    monkeypatch.setenv("AQFUSION_DATA", str(data_folder))
    page = open_card(photos_of(data_folder)[0])
    with monkeypatch.context() as patch:
        patch.setattr(SimilarPhotos, "build", cut)
        page.button(key="similar_find").click().run()
        assert page.exception
    page.run()
    assert "aq-similar" in shown(page)


def test_places_are_shown_as_text_and_unreadable_photos_are_counted(
    open_card, monkeypatch, tmp_path
):
    records = [{**record, "Location": HOSTILE} for record in planted_records()[: 2 * FRAMES]]
    data = write_folder(tmp_path / "data", records)
    photos = photos_of(data)
    photos[0].write_bytes(b"no image")
    monkeypatch.setenv("AQFUSION_DATA", str(data))
    page = open_card(photos[-1])
    page.button(key="similar_find").click().run()
    html = shown(page)
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "1 photo in the folder could not be read and is left out." in html


def test_a_photo_that_is_gone_since_keeps_its_tile(tmp_path):
    html = similar_photos_view.grid([neighbour(120, path=tmp_path / "gone.jpg")])
    assert "<span></span>" in html
    assert text(html) == "120 Similar Unhealthy for Sensitive Groups Alphaville 1 Feb 2023, 8:00"


def neighbour(aqi: float, similarity=0.8, is_query=False, path=Path("x.jpg")) -> Neighbour:
    session = "Alphaville|2023|2|1|8:00"
    row = DatasetRow(path, "Alphaville", session, session, 0, Reading(pm25=1.0), aqi)
    return Neighbour(row, similarity, is_query)


@pytest.mark.parametrize(
    ("similarity", "is_query", "words"),
    [
        (1.0, True, "This photo itself"),
        (1.0, False, "Almost the same"),
        (0.97, False, "Almost the same"),
        (0.9, False, "Very similar"),
        (0.7, False, "Similar"),
        (0.69, False, "A little similar"),
        (0.0, False, "Hardly similar"),
    ],
)
def test_likeness_is_told_in_words(similarity, is_query, words):
    assert similar_photos_view.in_words(neighbour(1, similarity, is_query)) == words


@pytest.fixture(scope="module")
def said(checkpoint_folder, data_folder):
    photo = Photo.open(photos_of(data_folder)[0])
    prediction = load_model(checkpoint_folder).predict(Reading(), photo).image_only
    return replace(prediction, aqi=150)


OTHERS = [neighbour(179.5), neighbour(120), neighbour(150)]
OWN = neighbour(310, is_query=True)


@pytest.mark.parametrize(
    ("neighbours", "sentence"),
    [
        (
            OTHERS,
            "The most similar photos had a measured AQI of 120 to 180; "
            "the model predicts 150 from the photo alone.",
        ),
        (
            [OWN, *OTHERS[1:2]],
            "The AQI measured for this photo itself is 310. The most similar other photos had a "
            "measured AQI of 120; the model predicts 150 from the photo alone.",
        ),
        ([OWN], "The AQI measured for this photo itself is 310."),
        ([], "None of the photos in the folder can be read."),
    ],
)
def test_one_sentence_sets_what_was_measured_beside_what_is_said(neighbours, sentence, said):
    assert similar_photos_view.sentence(neighbours, said).strip() == sentence


def test_a_photo_that_the_model_cannot_judge_is_not_compared():
    assert similar_photos_view.sentence(OTHERS, None) == (
        "The most similar photos had a measured AQI of 120 to 180; the model cannot judge this "
        "photo, so the similarity may mean little."
    )
