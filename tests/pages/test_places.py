"""My places and the choice of a place, in Streamlit's own test runner."""

import io
import json
from dataclasses import replace
from datetime import date, time

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aqfusion.evaluation.leave_one_day_out import leave_one_day_out
from aqfusion.images.photo import Photo
from aqfusion.model.photo_screening import RULES, PhotoScreening
from aqfusion.model.predictor import load_model
from aqfusion.settings import ROOT
from aqfusion.sites.site import Day
from aqfusion.sites.site_file import parse_site, site_bytes
from aqfusion.ui import cached_metrics
from aqfusion.ui.sites import days_list, own_sites
from tests.planted import sky
from tests.planted_sites import LEVELS, site_of
from tests.sites import views

SECONDS = 60


@pytest.fixture(autouse=True)
def _model(monkeypatch, site_model_folder):
    monkeypatch.delenv("AQFUSION_DATA", raising=False)
    monkeypatch.setenv("AQFUSION_MODEL", str(site_model_folder))


def opened(name: str = "places") -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=SECONDS).run()
    assert not page.exception
    return page


def with_site(*aqis: float) -> AppTest:
    page = opened()
    page.session_state["site_mine"] = {"My roof": site_of(*aqis)}
    return page.run()


def shown(page: AppTest) -> str:
    parts = [element.proto.body for element in page.get("html")]
    return " ".join([*parts, *(element.value for element in [*page.markdown, *page.caption])])


def answer(page: AppTest) -> int:
    return int(shown(page).split('aria-label="AQI ')[1].split('"')[0])


def site(page: AppTest, name: str = "My roof"):
    return page.session_state["site_mine"][name]


def jpeg(aqi: float) -> bytes:
    stream = io.BytesIO()
    sky(aqi, 1, 200).save(stream, "JPEG")
    return stream.getvalue()


def add(page: AppTest, aqi: int, day: date | None = None) -> AppTest:
    page.number_input(key="mysite_aqi").set_value(aqi)
    page.date_input(key="mysite_date").set_value(day)
    return page.button(key="mysite_add").click().run()


def test_a_new_place_with_three_days_changes_the_answer():
    page = opened()
    page.text_input(key="mysite_name").set_value("My roof")
    page.button(key="mysite_make").click().run()
    assert not page.exception
    answers = [answer(page)]
    for number, aqi in enumerate((380, 400, 420), start=1):
        add(page, aqi, date(2026, 1, number))
        assert not page.exception
        assert "1 day added" in " ".join(one.value for one in page.success)
        answers.append(answer(page))
    assert answers[0] < answers[1] < answers[3]
    assert page.info[0].value.startswith(f"This changed the prediction from {answers[2]} (")
    assert [day.aqi for day in site(page).days] == [380, 400, 420]
    assert page.session_state["site_choice"] == "session:My roof"


def test_of_nothing_no_number_is_told_until_there_is_a_day():
    page = opened()
    page.session_state["photo_source"] = "None"
    page.session_state["site_mine"] = {"My roof": site_of()}
    page.run()
    assert page.info[0].value.startswith("There is no input yet: add a day of this place")
    assert 'aria-label="AQI ' not in shown(page)
    add(page, 300, date(2026, 1, 1))
    assert not page.info
    assert answer(page) > 0
    assert "<th scope='row'>This place</th>" in shown(page)
    assert "<th scope='row'>An unknown place</th>" not in shown(page)


def test_a_place_with_days_answers_where_the_photo_is_refused(monkeypatch):
    monkeypatch.setattr(PhotoScreening, "reason", lambda *_: RULES[0].words)
    page = opened("predict")
    page.session_state["site_mine"] = {"My roof": site_of(200.0, 220.0)}
    page.run()
    page.selectbox(key="site_choice").set_value("session:My roof").run()
    page.segmented_control(key="photo_source").set_value("Upload").run()
    page.file_uploader(key="photo_upload").upload("sky.jpg", jpeg(130)).run()
    assert "Based on 2 days of this place alone; the photo is left out: too dark" in shown(page)
    assert not page.info


def test_days_that_an_older_model_cannot_use_are_nothing_to_go_on(monkeypatch, checkpoint_folder):
    monkeypatch.setenv("AQFUSION_MODEL", str(checkpoint_folder))
    page = opened("predict")
    page.session_state["site_mine"] = {"My roof": site_of(200.0)}
    page.run()
    page.selectbox(key="site_choice").set_value("session:My roof").run()
    page.segmented_control(key="photo_source").set_value("None").run()
    assert not page.exception
    assert page.info[0].value.startswith("There is no input yet")


def test_a_place_is_refused_with_a_sentence():
    page = opened()
    page.button(key="mysite_make").click().run()
    assert "Site name must have 1 to 80 printable characters" in page.error[0].value
    page = with_site()
    page.text_input(key="mysite_name").set_value("my  ROOF")
    page.button(key="mysite_make").click().run()
    assert "Name must be new among your places" in page.error[0].value


def test_a_session_has_an_end():
    page = opened()
    page.session_state["site_mine"] = {str(n): site_of(name=str(n)) for n in range(5)}
    page.run()
    page.text_input(key="mysite_name").set_value("One more")
    page.button(key="mysite_make").click().run()
    assert "at most 5 places" in page.error[0].value
    page = with_site(*[50] * 200)
    add(page, 60, date(2026, 1, 1))
    assert "at most 200 days" in page.error[0].value
    assert len(site(page).days) == 200


@pytest.mark.parametrize(
    ("aqi", "sentence"),
    [(None, "AQI must be given"), (50, "Day must be given together with a time")],
)
def test_a_day_is_refused_with_a_sentence(aqi, sentence):
    page = with_site()
    page.number_input(key="mysite_aqi").set_value(aqi)
    page.time_input(key="mysite_time").set_value(time(8, 30))
    page.button(key="mysite_add").click().run()
    assert sentence in page.error[0].value
    assert site(page).days == ()


def test_a_photo_of_the_day_is_kept_as_the_model_sees_it():
    page = with_site()
    page.file_uploader(key="mysite_photo").upload("sky.jpg", jpeg(200))
    add(page, 200)
    assert not page.exception
    (day,) = site(page).days
    assert len(day.photo.embedding) == 128
    page.file_uploader(key="mysite_photo").upload("<b>.jpg", b"no photo")
    add(page, 210)
    assert "must be a JPEG" in page.error[0].value
    assert len(site(page).days) == 1


def test_a_day_is_taken_out_and_put_back():
    page = with_site(100, 300)
    page.selectbox(key="mysite_day_chosen_2").set_value(1).run()
    page.button(key="mysite_remove_day").click().run()
    assert [day.aqi for day in site(page).days] == [300]
    assert page.info[0].value.startswith("This changed the prediction from ")
    page.button(key="mysite_undo").click().run()
    assert sorted(day.aqi for day in site(page).days) == [100, 300]
    assert not page.exception


def test_each_day_is_told_by_the_others():
    told = shown(with_site(300, 310, 305, 295))
    assert "Each day is left out in turn" in told
    assert "over 4 days" in told
    assert "Add a second day" in shown(with_site(300))


def test_days_of_a_sample_station_are_added_at_once():
    page = with_site()
    page.segmented_control(key="mysite_source").set_value("Sample stations").run()
    chosen = next(one for one in page.multiselect if one.label == "Measured values")
    chosen.set_value(chosen.options[:2]).run()
    page.button(key="mysite_take_sample station").click().run()
    assert not page.exception
    assert {day.source for day in site(page).days} == {"sample station"}
    assert len(site(page).days) == 2


def test_days_of_a_table_come_with_their_photos():
    page = with_site()
    page.segmented_control(key="mysite_source").set_value("A table").run()
    table = "aqi,time,photo\n120,2026-01-01 08:00,sky.jpg\nmuch,,\n90,2026-01-02,none.jpg\n"
    page.file_uploader(key="mysite_table").upload("days.csv", table.encode())
    page.file_uploader(key="mysite_table_photos").upload("sky.jpg", jpeg(120))
    page.button(key="mysite_table_add").click().run()
    assert not page.exception
    days = site(page).days
    assert [(day.aqi, day.photo is not None) for day in days] == [(120, True), (90, False)]
    (warning,) = page.warning
    assert "must be a number from 0 to 500" in warning.value.replace("\\", "")
    assert "uploaded too" in warning.value


def test_a_place_is_taken_away_and_brought_back():
    away = site_bytes(site_of(100, 200))
    page = opened()
    page.file_uploader(key="mysite_file").upload("site-my-roof.json", away).run()
    assert not page.exception
    assert site(page) == parse_site(away).site
    assert page.session_state["site_choice"] == "session:My roof"


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"{}", b"[" * 100_000, json.dumps({"format": 1}).encode()],
    ids=["empty", "no text", "list", "nothing", "deep", "no name"],
)
def test_a_file_that_is_no_place_gets_a_sentence(content):
    page = opened()
    page.file_uploader(key="mysite_file").upload("<b>x.json", content).run()
    assert not page.exception
    assert page.error[0].value.startswith("The file could not be read")
    assert "site_mine" not in page.session_state or not page.session_state["site_mine"]


def test_a_place_that_is_removed_is_asked_about_no_more():
    page = with_site(300)
    page.button(key="mysite_gone").click().run()
    assert not page.exception
    assert page.session_state["site_choice"] == "elsewhere"
    assert page.session_state["site_mine"] == {}


def test_predict_asks_about_the_chosen_place():
    page = opened("predict")
    choice = page.selectbox(key="site_choice")
    assert choice.value == "elsewhere"
    before = answer(page)
    known = f"known:{list(LEVELS)[1]}"
    choice.set_value(known).run()
    assert not page.exception
    assert answer(page) != before
    assert "trained on photos of this place" in shown(page)
    page.session_state["site_mine"] = {"My roof": site_of(400, 410, 420)}
    page.run()
    page.selectbox(key="site_choice").set_value("session:My roof").run()
    assert answer(page) > before
    assert "The prediction uses 3 measured days of this place" in shown(page)
    page.session_state["site_mine"] = {}
    page.run()
    assert page.selectbox(key="site_choice").value == "elsewhere"


def test_a_place_alone_is_something_to_go_on():
    page = opened("predict")
    page.session_state["site_mine"] = {"My roof": site_of(400, 410, 420)}
    page.run().selectbox(key="site_choice").set_value("session:My roof").run()
    page.session_state["photo_source"] = "None"
    for name in ("pm25", "pm10", "o3", "co", "so2", "no2"):
        page.session_state[f"sensor_{name}_on"] = False
    page.run()
    assert not page.exception
    assert answer(page) > 200


def test_an_older_model_says_that_it_knows_no_places(monkeypatch, checkpoint_folder):
    monkeypatch.setenv("AQFUSION_MODEL", str(checkpoint_folder))
    assert "older format" in opened().warning[0].value
    assert opened("predict").selectbox(key="site_choice").options == ["Somewhere else"]


def test_hostile_names_are_text():
    page = opened()
    page.session_state["site_mine"] = {"<img src=x>": site_of(100, name="<img src=x>")}
    page.run()
    assert not page.exception
    assert "<img src=x>" not in shown(page)


def view(visibility_km: float, seed: int = 1) -> bytes:
    return views.photo(views.View(visibility_km, seed=seed)).to_jpeg(92)


def with_landmark() -> AppTest:
    """A place with a reference photo and the tower of the rendered town."""
    page = with_site()
    page.session_state["mysite_landmarks"] = True
    page.run()
    page.file_uploader(key="mysite_reference").upload("view.jpg", view(60)).run()
    assert not page.exception
    box = views.landmarks()[1].box
    page.text_input(key="mysite_landmark_name").set_value("Tower")
    for side in ("left", "top", "right", "bottom"):
        page.number_input(key=f"mysite_box_{side}").set_value(100 * getattr(box, side))
    page.number_input(key="mysite_landmark_km").set_value(3.0)
    page.button(key="mysite_landmark_add").click().run()
    assert not page.exception
    return page


def test_a_landmark_is_marked_by_four_numbers_and_measured_on_days():
    page = with_landmark()
    (landmark,) = site(page).landmarks
    assert (landmark.name, landmark.distance_km) == ("Tower", 3.0)
    for aqi, visibility in ((90, 20), (200, 6)):
        page.file_uploader(key="mysite_photo").upload("day.jpg", view(visibility, aqi))
        add(page, aqi, date(2026, 1, aqi // 10))
        assert not page.exception
    clear, hazy = (day.photo.extinction["Tower"] for day in site(page).days)
    assert 0.4 < clear < 0.9 < hazy


def test_the_photo_of_predict_is_measured_or_refused_with_a_sentence():
    page = with_landmark()
    assert any(
        "The landmarks in this photo cannot be measured" in one.value for one in page.warning
    )
    photo = Photo.decode(view(6, 5))
    page.session_state["photo_source"] = "Upload"
    page.session_state["photo_own"] = ("Upload", "1", photo)
    page.run()
    assert not page.exception
    assert " km (" in shown(page)
    assert "can be estimated from 2 days" in shown(page)


def test_a_landmark_is_refused_with_a_sentence():
    page = with_landmark()
    page.text_input(key="mysite_landmark_name").set_value("Other")
    page.button(key="mysite_landmark_add").click().run()
    assert "The box is not complete" in page.error[0].value
    page.file_uploader(key="mysite_photo").upload("day.jpg", view(20))
    add(page, 90)
    page.button(key="mysite_landmark_remove").click().run()
    assert site(page).landmarks == ()
    for side, value in zip(("left", "top", "right", "bottom"), (40, 40, 50, 60), strict=True):
        page.number_input(key=f"mysite_box_{side}").set_value(value)
    page.text_input(key="mysite_landmark_name").set_value("Tower")
    page.button(key="mysite_landmark_add").click().run()
    assert "andmark name must be new to the site" in page.error[0].value


def test_another_reference_photo_begins_anew():
    page = with_landmark()
    page.button(key="mysite_reference_away").click().run()
    assert not page.exception
    assert (site(page).reference, site(page).landmarks) == (None, ())


def test_how_many_days_are_enough_is_told_where_it_was_measured(monkeypatch, tmp_path):
    metrics = json.loads((ROOT / "assets" / "metrics.json").read_text())
    run = metrics["protocols"]["place"]["backbones"]["mobilenetv2_100"]
    run.pop("history", None)
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(metrics))
    monkeypatch.setattr(cached_metrics, "METRICS", path)
    assert "How many days are enough?" not in shown(with_site(100))
    run["history"] = [
        {
            **{"kind": kind, "days": days, "session_rmse": [value, 50.5, 140.5], "width": 200},
            **{"network": 1, "site": 1, "rmse": 1, "accuracy": 0.5, "coverage": 0.9},
            **{"draws": 9, "places": 6},
        }
        for kind, days, value in (
            ("image_only", 0, 104.4),
            ("image_only", 2, 75.4),
            ("fused", 0, 70),
        )
    ]
    path.write_text(json.dumps(metrics))
    told = shown(with_site(100))
    assert "was 104 without any day. With 2 days it was 75." in told
    assert "75<small>50 to 140</small>" in told


def test_a_day_without_a_date_has_that_of_its_photo():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2023:02:01 08:30:15"
    stream = io.BytesIO()
    sky(200, 1, 200).save(stream, "JPEG", exif=exif)
    page = with_site()
    page.file_uploader(key="mysite_photo").upload("sky.jpg", stream.getvalue())
    add(page, 200)
    assert not page.exception
    assert site(page).days[0].taken_at.isoformat() == "2023-02-01T08:30:15+00:00"


def test_of_very_many_days_the_last_ones_are_asked_about():
    many = site_of(*[50] * 290, *[200] * 20)
    own = own_sites.OwnSites("account:1", many)
    assert own.with_recent_days.days == many.days[10:]
    assert own_sites.OwnSites("account:1", site_of(1, 2)).with_recent_days.day_count == 2


def test_the_table_tells_each_day_by_its_own_row(site_model_folder):
    other = Day(300, "monitor", standard="india")
    site = replace(site_of(100, 200, 300), days=(*site_of(100, 200, 300).days, other))
    rows = days_list.days_table(
        site, leave_one_day_out(load_model(site_model_folder), site, most=2)
    ).rows
    told = [(row[1], row[3]) for row in rows]
    assert told == [(300, None), (300, 150), (200, 200), (100, None)]
    assert rows[0][-1] == "monitor, India AQI: does not count"
