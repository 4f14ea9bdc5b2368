"""The Batch page in Streamlit's own test runner: uploads, results, downloads, and the example."""

import io
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aqfusion.fair_queue import HEAVY
from aqfusion.settings import ROOT
from aqfusion.ui.batch import batch_run
from tests.planted import sky

SECONDS = 60


@pytest.fixture
def page(monkeypatch, checkpoint_folder):
    monkeypatch.delenv("AQFUSION_DATA", raising=False)
    monkeypatch.setenv("AQFUSION_MODEL", str(checkpoint_folder))
    monkeypatch.setenv("AQFUSION_BATCH_PHOTOS", "12")
    return AppTest.from_file(str(ROOT / "pages" / "batch.py"), default_timeout=SECONDS).run()


def photo(seed: int) -> bytes:
    stream = io.BytesIO()
    sky(100 * seed, seed).save(stream, "JPEG")
    return stream.getvalue()


def send(page, *files):
    for file in files:
        page.file_uploader(key="batch_upload").upload(*file)
    return page.run()


def table(page):
    return page.dataframe[0].value


def test_nothing_is_there_until_something_is_given(page):
    assert not page.exception
    assert page.caption[-2].value.startswith("There is nothing to predict yet")
    assert not page.dataframe


def test_the_example_shows_what_comes_out(page):
    page.button(key="batch_try").click().run()
    page.button(key="batch_start").click().run()
    assert not page.exception
    shown = table(page)
    assert len(shown) == 9
    assert list(shown.columns) == ["Photo", "AQI", "90 % interval", "Category", "Name", "Rests on"]
    assert sorted({*shown["Rests on"]}) == ["image", "image, sensors"]
    assert page.success[0].value == "9 of 9 have a prediction."


def test_photos_and_a_table_are_predicted_and_bad_files_listed(page):
    send(
        page,
        ("a.jpg", photo(1), "image/jpeg"),
        ("*b*.jpg", b"no photo", "image/jpeg"),
        ("t.csv", b"photo,pm25\na.jpg,80\n,9\n", "text/csv"),
    )
    assert page.button(key="batch_start").label == "Predict 2 photos and 1 row"
    page.button(key="batch_start").click().run()
    assert not page.exception
    shown = table(page)
    assert list(shown["Name"]) == ["a.jpg", "Row in line 3", "*b*.jpg"]
    assert list(shown["Rests on"]) == ["image, sensors", "sensors", ""]
    assert shown["AQI"].notna().tolist() == [True, True, False]
    assert shown["Problem"][2].startswith("photo must be a JPEG, PNG, WebP, HEIC or AVIF picture")
    (warning,) = page.warning
    assert warning.value.startswith("2 of 3 have a prediction. Without a prediction:")
    assert r"\*b\*.jpg" in warning.value
    assert len(page.get("download_button")) == 3
    page.button(key="batch_forget").click().run()
    assert not page.dataframe


def test_a_run_that_was_cancelled_shows_what_it_has_and_goes_on(page, monkeypatch):
    send(page, *((f"{n}.jpg", photo(n), "image/jpeg") for n in range(3)))
    step = batch_run.BatchRun.step

    def one_only(run, *arguments):
        step(run, *arguments)
        run.cancel()
        st.rerun()  # as a click on Cancel does

    monkeypatch.setattr(batch_run.BatchRun, "step", one_only)
    page.button(key="batch_start").click().run()
    monkeypatch.setattr(batch_run.BatchRun, "step", step)
    assert page.success[0].value == "1 of 3 have a prediction. The run was ended after 1."
    page.button(key="batch_resume").click().run()
    assert page.success[0].value == "3 of 3 have a prediction."
    assert list(table(page)["Name"]) == ["0.jpg", "1.jpg", "2.jpg"]


def test_a_turn_is_one_photo_or_some_rows_so_that_others_come_between(page, monkeypatch):
    turns = []

    def counted(work):
        rows = HEAVY.run(work)
        turns.append(len(rows))
        return rows

    monkeypatch.setattr(batch_run, "HEAVY", SimpleNamespace(run=counted))
    rows = "".join(f",{number}\n" for number in range(30))
    photos = [(f"{n}.jpg", photo(n), "image/jpeg") for n in range(2)]
    send(page, *photos, ("t.csv", f"photo,pm25\n{rows}".encode(), "text/csv"))
    page.button(key="batch_start").click().run()
    assert turns == [25, 5, 1, 1]


def test_too_many_photos_are_refused_in_a_sentence(page):
    send(page, *((f"{n}.jpg", b"", "image/jpeg") for n in range(13)))
    assert not page.exception
    assert page.error[0].value.startswith("a batch must have at most 12 photos, got 13")
