"""The Stations page in Streamlit's own test runner, which sees all but the map."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.settings import ROOT
from aqfusion.stations import live_stations
from aqfusion.stations.sample_stations import sample_measurements
from aqfusion.ui import reading_input

SECONDS = 60
TITLES = b"id,name,lat,lon,time,pm25,no2,aqi\n"
EVIL = "<img src=x onerror=alert(1)> **b** [l](http://x.y)"


@pytest.fixture
def page(monkeypatch, tmp_path):
    for name in ("AQFUSION_DATA", "AQFUSION_MODEL", "AQFUSION_OPENAQ_KEY", "AQFUSION_STATIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path))
    return AppTest.from_file(str(ROOT / "pages" / "stations.py"), default_timeout=SECONDS)


def html(page) -> str:
    return " ".join(element.proto.body for element in page.get("html"))


def show(page, name: str):
    return page.segmented_control(key="stations_choice_source").set_value(name).run()


def pick(page, source: str, id: str):
    return page.selectbox(key=f"stations_choice_station_{source}").set_value(id).run()


def upload(page, content: bytes, name: str = "mine.csv"):
    return page.file_uploader(key="stations_upload").upload(name, content, "text/csv").run()


def reading(page) -> dict[str, float | None]:
    """What the Predict page's sliders hold."""
    state = page.session_state
    return {
        name: state[f"sensor_{name}_value"] if state[f"sensor_{name}_on"] else None
        for name in reading_input.POLLUTANTS
    }


def test_page_opens_on_the_record_with_its_best_and_worst_air(page):
    page.run()
    assert not page.exception
    assert "Worst air" in html(page)
    assert "Best air" in html(page)
    assert "a historical record, not current air quality" in page.caption[0].value


def test_choosing_a_station_fills_the_sliders_and_predicts(page):
    pick(page.run(), "Sample", "mumbai")
    assert not page.exception
    shown = page.session_state["stations_choice_time_Sample"]
    of_mumbai = [m for m in sample_measurements() if m.station.id == "mumbai" and m.time <= shown]
    last = of_mumbai[-1].reading
    assert reading(page) == {name: getattr(last, name) for name in reading_input.POLLUTANTS}
    assert set(page.session_state["sensor_unstated"]) == set(last.present)
    assert page.session_state["photo_source"] == "None"
    assert "The model now, from these readings" in html(page)
    assert "a model that had not seen that day" in html(page)
    assert page.button(key="stations_predict").label == "Continue with these readings"
    assert len(page.get("plotly_chart")) == 1


def test_another_time_leaves_the_sliders_alone(page):
    pick(page.run(), "Sample", "mumbai")
    before = reading(page)
    slider = page.select_slider(key="stations_choice_time_Sample")
    slider.set_value(sample_measurements()[-1].time.astimezone(UTC)).run()
    assert reading(page) == before
    assert page.button(key="stations_predict").label == "Predict with these readings"


@pytest.mark.parametrize("view", ["India AQI", "Model", "Model's error"])
def test_every_view_can_be_shown(page, view):
    pick(page.run(), "Sample", "biratnagar")
    page.segmented_control(key="stations_choice_view_Sample").set_value(view).run()
    assert not page.exception


def test_own_stations_load_their_good_rows_and_list_their_bad_ones(page):
    show(page.run(), "Your own")
    rows = f'a,"{EVIL}",27,85,2023-02-01T08:30Z,80,40,\nb,B,95,85,2023-02-01T08:30Z,80,,\n'
    upload(page, TITLES + rows.encode())
    assert not page.exception
    assert "Read 1 measurement of 1 station" in page.warning[0].value
    assert "Left out: 1 row." in page.warning[0].value
    faults = page.dataframe[0].value
    assert list(faults["Value"]) == ["95"]
    pick(page, "Your own", "a")
    assert not page.exception
    assert "&lt;img src=x" in html(page)
    assert "<img" not in html(page)
    assert "http\\:\u2060//x.y" in page.subheader[0].value
    assert (reading(page)["pm25"], reading(page)["no2"], reading(page)["o3"]) == (80, 40, None)


def test_a_file_that_is_no_table_leaves_what_was_there(page):
    show(page.run(), "Your own")
    upload(page, TITLES + b"a,A,27,85,2023-02-01T08:30Z,80,40,\n")
    upload(page, b"\x89PNG\r\n\x00", "photo.csv")
    assert not page.exception
    assert "the file must be a CSV text or a spreadsheet" in page.error[0].value
    assert not page.success  # the report of the file before would belong to another one
    assert page.session_state["stations_uploaded"].measurements
    upload(page, TITLES + b"a,A,27,85,2023-02-01T09:30Z,80,40,\n", "again.csv")
    assert not page.error
    assert page.success[0].value.startswith("Read 1 measurement of 1 station")
    page.button(key="stations_remove").click().run()
    assert not page.success


def test_a_table_of_a_network_is_shown_before_it_is_taken(page):
    show(page.run(), "Your own")
    upload(
        page,
        b"location_id,sensors_id,location,datetime,lat,lon,parameter,units,value\n"
        b"7,91,Roof,2023-01-05T08:00:00+05:30,28.61,77.21,pm25,ug/m3,80\n",
    )
    assert page.info[0].value == "This looks like a table of OpenAQ: 1 station, 1 time."
    assert "stations_uploaded" not in page.session_state
    page.button(key="stations_confirm").click().run()
    assert not page.exception
    assert page.session_state["stations_uploaded"].measurements[0].reading.pm25 == 80


def test_a_table_without_coordinates_asks_for_them(page):
    show(page.run(), "Your own")
    upload(page, b'"From Date","To Date","PM10 (ug/m3)"\n05-01-2023 00:00,05-01-2023 01:00,150\n')
    take = next(b for b in page.button if b.label == "Use this station")
    take.click().run()
    assert "Latitude and longitude must both be given" in page.error[0].value
    page.number_input(key="stations_place_lat").set_value(28.6)
    page.number_input(key="stations_place_lon").set_value(77.2)
    next(b for b in page.button if b.label == "Use this station").click().run()
    assert not page.exception
    (measured,) = page.session_state["stations_uploaded"].measurements
    assert (measured.station.latitude, measured.reading.pm10) == (28.6, 150)
    assert measured.time.isoformat() == "2023-01-05T00:00:00+05:30"


def test_stations_of_the_settings_are_there_without_an_upload(page, monkeypatch, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_bytes(TITLES + b"a,A,27,85,2023-02-01T08:30Z,80,40,\n")
    monkeypatch.setenv("AQFUSION_STATIONS", str(file))
    show(page.run(), "Your own")
    assert page.success[0].value == "Read 1 measurement of 1 station."


def test_a_row_without_readings_says_so_and_fills_nothing(page):
    show(page.run(), "Your own")
    before = reading(page)
    upload(page, TITLES + b"a,A,27,85,2023-02-01T08:30Z,,,120\n")
    pick(page, "Your own", "a")
    assert reading(page) == before
    assert any("no reading" in caption.value for caption in page.caption)


def test_live_stations_need_a_key_and_say_where_it_goes(page):
    show(page.run(), "Live")
    assert not page.exception
    assert "AQFUSION_OPENAQ_KEY" in page.info[0].value


def test_a_live_problem_is_told_beside_the_last_good_answer(page, monkeypatch):
    monkeypatch.setenv("AQFUSION_OPENAQ_KEY", "a" * 64)
    kept = sample_measurements()[-1:]
    asked = []

    def nearest(latitude, longitude, now, settings):
        asked.append((latitude, longitude))
        return live_stations.Live(
            kept, datetime(2026, 1, 1, tzinfo=UTC), "OpenAQ cannot be reached."
        )

    monkeypatch.setattr("aqfusion.ui.stations.live_view.nearest", nearest)
    show(page.run(), "Live")
    assert not page.exception
    assert page.warning[0].value == "OpenAQ cannot be reached."
    page.selectbox(key="stations_near").set_value("Borivali East, Mumbai").run()
    assert asked[-1][0] == page.session_state["stations_latitude"] < 20
    page.number_input(key="stations_latitude").set_value(27.5).run()
    assert asked[-1][0] == 27.5
    assert page.selectbox(key="stations_near").value is None
