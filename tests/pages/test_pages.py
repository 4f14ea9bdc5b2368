"""Every page in Streamlit's own test runner: no browser, no network."""

import io
import json
import re
import shutil

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.readings import Reading, link
from aqfusion.model.predictor import load_model
from aqfusion.server.metrics import REGISTRY
from aqfusion.settings import DEFAULT_MODEL, ROOT

SECONDS = 60


@pytest.fixture
def page(monkeypatch):
    for name in ("AQFUSION_DATA", "AQFUSION_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS).run()


def shown(page) -> str:
    """All HTML and text of the page."""
    parts = [element.proto.body for element in page.get("html")]
    return " ".join([*parts, *(element.value for element in page.markdown)])


def png(mode, colour, size=(64, 48)):
    stream = io.BytesIO()
    Image.new(mode, size, colour).save(stream, "PNG")
    return stream.getvalue()


def test_page_opens_with_a_finished_prediction(page):
    assert not page.exception
    assert 'class="aq-number"' in shown(page)
    assert page.radio(key="photo_sample").value == "light-haze"
    assert not any(page.toggle(key=f"sensor_{name}_on").value for name in POLLUTANTS)
    assert "by formula" not in shown(page)


def test_app_opens_too_and_metrics_count_its_page_and_its_prediction():
    model = load_model(DEFAULT_MODEL).model_version
    counted = {
        ("aqfusion_page_run_seconds_count", ("page", "predict")): 0.0,
        ("aqfusion_predictions_total", ("model", model), ("inputs", "image")): 0.0,
    }
    for name, *labels in counted:
        counted[name, *labels] = REGISTRY.get_sample_value(name, dict(labels)) or 0.0
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS).run()
    assert not app.exception
    for (name, *labels), before in counted.items():
        assert REGISTRY.get_sample_value(name, dict(labels)) == before + 1


def test_off_is_missing_and_never_zero(page):
    page.button(key="preset_City day").click().run()
    page.toggle(key="sensor_pm25_on").set_value(False).run()
    off = shown(page)
    assert "5 readings" in off
    page.toggle(key="sensor_pm25_on").set_value(True).run()
    page.slider(key="sensor_pm25_value").set_value(0.0).run()
    assert "6 readings" in shown(page)
    assert shown(page) != off


@pytest.mark.parametrize("name", POLLUTANTS)
def test_slider_and_number_follow_each_other(page, name):
    page.slider(key=f"sensor_{name}_value").set_value(7.0).run()
    assert page.number_input(key=f"sensor_{name}_number").value == 7.0
    page.number_input(key=f"sensor_{name}_number").set_value(11.5).run()
    assert page.slider(key=f"sensor_{name}_value").value == 11.5


@pytest.mark.parametrize("widget", ["slider", "number_input"])
def test_what_is_moved_is_switched_on_and_nothing_else(page, widget):
    key = "sensor_no2_value" if widget == "slider" else "sensor_no2_number"
    getattr(page, widget)(key=key).set_value(70.0).run()
    assert switched_on(page) == {"no2": 70}
    assert "1 reading" in shown(page)


def test_examples_set_readings_and_switches_and_are_called_examples(page):
    assert any(one.value.startswith("All readings are off.") for one in page.caption)
    page.button(key="preset_Only PM2.5").click().run()
    on = {name: page.toggle(key=f"sensor_{name}_on").value for name in POLLUTANTS}
    assert on == {"pm25": True, **dict.fromkeys(POLLUTANTS[1:], False)}
    assert any(
        one.value.startswith('Example readings, typical for "Only PM2.5"') for one in page.caption
    )
    page.slider(key="sensor_pm25_value").set_value(80.0).run()
    assert not any(one.value.startswith("Example readings") for one in page.caption)
    page.button(key="reset").click().run()
    assert switched_on(page) == {}


def test_the_formula_stands_beside_the_model_where_readings_define_it(page):
    page.button(key="preset_Only PM2.5").click().run()
    assert "US AQI by formula" in shown(page)
    page.segmented_control(key="formula_standard").set_value("india").run()
    assert "India AQI by formula" not in shown(page)
    assert "The India AQI needs three pollutants, one of them PM2.5 or PM10" in shown(page)
    page.button(key="preset_City day").click().run()
    assert "India AQI by formula" in shown(page)


def test_the_address_keeps_the_standard():
    page = opened_with(formula="india")
    assert page.segmented_control(key="formula_standard").value == "india"
    page.segmented_control(key="formula_standard").set_value("us").run()
    assert page.query_params["formula"] == "us"
    assert opened_with(formula="<b>").segmented_control(key="formula_standard").value == "us"


def test_readings_without_units_have_no_formula_until_they_are_changed():
    page = opened_with(pm25="20", co="100", units="unstated")
    assert "by formula" not in shown(page)
    assert "These readings come without units, so the formula cannot be used: CO 100" in shown(page)
    page.toggle(key="sensor_co_on").set_value(False).run()
    page.slider(key="sensor_pm25_value").set_value(60.0).run()
    assert "US AQI by formula" in shown(page)


def test_units_convert_there_and_back(page):
    page.button(key="preset_City day").click().run()
    page.segmented_control(key="sensor_units").set_value("ppb, ppm").run()
    assert page.slider(key="sensor_o3_value").value == 20.39
    assert page.slider(key="sensor_co_value").value == 0.786
    assert page.slider(key="sensor_pm25_value").value == 48
    page.segmented_control(key="sensor_units").set_value("µg/m³, mg/m³").run()
    assert page.slider(key="sensor_o3_value").value == pytest.approx(40, abs=0.01)


def test_nothing_known_gets_a_friendly_sentence(page):
    page.segmented_control(key="photo_source").set_value("None").run()
    assert not page.exception
    assert [info.value for info in page.info] == [
        "There is no input yet: choose a photo or switch on a reading."
    ]


def test_photo_alone_and_readings_alone_are_enough(page):
    assert "Based on the photo (" in shown(page)
    assert "and what is typical of all places (" in shown(page)
    page.button(key="preset_City day").click().run()
    page.segmented_control(key="photo_source").set_value("None").run()
    assert "Based on 6 readings, without a photo." in shown(page)


def test_odd_but_sound_upload_is_left_out_until_the_visitor_insists(page):
    page.button(key="preset_City day").click().run()
    page.segmented_control(key="photo_source").set_value("Upload").run()
    page.file_uploader(key="photo_upload").upload("sky.png", png("LA", (120, 200))).run()
    assert not page.error
    (warning,) = page.warning
    reason = re.fullmatch(
        r"I can't judge this photo: (.+)\. It is left out of the result\.", warning.value
    )
    assert reason is not None
    assert f"the photo is left out: {reason.group(1)}." in shown(page)
    next(toggle for toggle in page.toggle if toggle.label == "Use the photo anyway").set_value(
        True
    ).run()
    assert "Based on the photo" in shown(page)


@pytest.mark.parametrize("name", ["predict", "explain"])
def test_a_refused_photo_alone_gets_a_reason_and_no_number(page, name):
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=SECONDS)
    page.session_state["explain_inputs"] = True  # the choices on Explain are drawn
    page.run()
    page.segmented_control(key="photo_source").set_value("Upload").run()
    page.file_uploader(key="photo_upload").upload("sky.png", png("RGB", (0, 0, 0))).run()
    assert not page.exception
    (told,) = page.info
    assert told.value == (
        "**No AQI is predicted.** The photo is left out (too dark, as at night or indoors), and "
        "there is no other input. Choose another photo, switch on a reading, name a place with "
        "measured days, or use the photo anyway."
    )
    assert 'class="aq-number"' not in shown(page)
    assert "No photo yet" not in shown(page)
    next(toggle for toggle in page.toggle if toggle.label == "Use the photo anyway").set_value(
        True
    ).run()
    assert not page.info
    assert 'class="aq-number"' in shown(page)


def test_hostile_file_name_is_shown_as_text(page):
    page.segmented_control(key="photo_source").set_value("Upload").run()
    name = "<img src=x onerror=alert(1)>.png"
    page.file_uploader(key="photo_upload").upload(name, b"no image").run()
    assert len(page.error) == 1
    assert not page.exception
    assert "<img src=x" not in shown(page)


def test_unusable_model_gets_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("AQFUSION_MODEL", str(tmp_path / "absent"))
    page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS).run()
    assert not page.exception
    assert "model must be one of" in page.error[0].value


def test_faulty_data_folder_costs_the_real_photos_only(monkeypatch, tmp_path):
    monkeypatch.setenv("AQFUSION_DATA", str(tmp_path))
    page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS).run()
    assert not page.exception
    assert "Real photos are not available" in page.warning[0].value
    assert 'class="aq-number"' in shown(page)


def test_absent_data_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("AQFUSION_DATA", str(tmp_path / "nowhere"))
    page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS).run()
    assert not page.exception
    assert "AQFUSION_DATA" in " ".join(e.value for e in [*page.error, *page.warning])


def test_real_photos_are_offered_without_their_file_names(monkeypatch, data_folder):
    monkeypatch.setenv("AQFUSION_DATA", str(data_folder))
    page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS).run()
    page.radio(key="photo_sample").set_value("session-0").run()
    assert not page.exception
    page.button(key="photo_readings").click().run()
    assert not page.exception
    names = [path.name for path in (data_folder / "Combined_Dataset" / "All_img").iterdir()]
    everything = json.dumps([str(element) for element in page.main])
    assert not any(name in everything for name in names)


def test_damaged_real_photo_is_told_when_it_is_chosen(monkeypatch, tmp_path, data_folder):
    copy = tmp_path / "data"
    shutil.copytree(data_folder, copy)
    for photo in (copy / "Combined_Dataset" / "All_img").iterdir():
        photo.write_bytes(photo.read_bytes()[:200])
    monkeypatch.setenv("AQFUSION_DATA", str(copy))
    page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS).run()
    assert not page.error
    page.radio(key="photo_sample").set_value("session-0").run()
    assert not page.exception
    assert page.error[0].value == "this photo must be a valid image file, got a damaged JPEG"


def opened_with(**query: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def switched_on(page) -> dict[str, float]:
    return {
        name: page.number_input(key=f"sensor_{name}_number").value
        for name in POLLUTANTS
        if page.toggle(key=f"sensor_{name}_on").value
    }


def test_a_link_opens_the_page_with_its_readings_once():
    page = opened_with(pm25="80", no2="4000.5", utm_source="mail")
    assert not page.exception
    assert switched_on(page) == {"pm25": 80, "no2": 4000.5}
    page.slider(key="sensor_pm25_value").set_value(7.0).run()
    assert switched_on(page) == {"pm25": 7, "no2": 4000.5}
    page.button(key="reset").click().run()
    assert switched_on(page) == {}
    page.query_params["pm25"] = "9"
    assert switched_on(page.run()) == {"pm25": 9, "no2": 4000.5}


def test_a_link_to_the_bare_address_leads_to_the_page_with_its_readings():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    app.query_params["pm25"] = "80"
    app.run()
    assert not app.exception
    assert switched_on(app) == {"pm25": 80}


def test_a_link_that_names_no_reading_switches_all_off():
    assert switched_on(opened_with(pm25="")) == {}


@pytest.mark.parametrize("value", ["much", "-1", "nan", "1e9", "<img src=x>"])
def test_a_faulty_link_is_told_and_the_page_is_as_usual(value):
    page = opened_with(pm25="80", so2=value)
    assert not page.exception
    (warning,) = page.warning
    assert warning.value.startswith("The readings in the link are ignored: so2 must be ")
    assert switched_on(page) == {}
    assert 'class="aq-number"' in shown(page)


def test_the_readings_of_a_link_are_shown_in_the_units_chosen():
    page = opened_with(co="1.145")
    page.segmented_control(key="sensor_units").set_value("ppb, ppm").run()
    assert switched_on(page) == {"co": 1}
    page.query_params["co"] = "2.29"
    assert switched_on(page.run()) == {"co": 2}


def test_the_link_is_there_to_copy_and_opens_the_same_readings():
    def show() -> None:
        from aqfusion.air.readings import Reading
        from aqfusion.ui import reading_input

        reading_input.render_reading_link(Reading(no2=40, pm25=80.5))

    page = AppTest.from_function(show).run()
    assert not page.exception
    assert page.code[0].value.endswith("?pm25=80.5&no2=40")
    assert page.caption[0].value == (
        "Opens this page with these readings; the photo is not part of it."
    )


def test_the_link_tells_that_units_are_not_stated():
    readings = Reading(pm25=20, co=100)
    address = link("http://localhost:8501/predict", readings, units_stated=False)
    assert address == "http://localhost:8501/predict?pm25=20&co=100&units=unstated"


def test_an_unknown_place_is_told_as_one_and_the_haze_score_stands_by_the_photo(
    monkeypatch, site_model_folder
):
    monkeypatch.setenv("AQFUSION_MODEL", str(site_model_folder))
    page = opened_with()
    assert not page.exception
    assert "The model does not know the place" in shown(page)
    assert "Haze score of the photo" in shown(page)
    assert shown(page).count("<figure") == 9
    before = shown(page)
    page.segmented_control(key="photo_source").set_value("None").run()
    page.button(key="preset_City day").click().run()
    assert "No photo yet." in shown(page)
    assert before.count('class="aq-mark"') == shown(page).count('class="aq-mark"') + 1
