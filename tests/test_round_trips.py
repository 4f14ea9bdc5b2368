"""Every table that the product writes and reads comes home as it was.

Elsewhere: the whole store (labels/imports/test_full_state.py), Label Studio
(labels/imports/test_label_studio.py), backups (labels/test_backup.py) and reports of the Explain
page (test_explain_command.py).
"""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import read_folder
from aqfusion.io.spreadsheet_csv import undefused
from aqfusion.labels.answer import Answer
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.photo_sources import list_photo_rows
from aqfusion.labels.store import LabelStore
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.sample_stations import sample_measurements
from aqfusion.stations.station_table import parse_stations, template
from aqfusion.ui.stations.station_list import as_csv
from tests.labels.busy import put
from tests.labels.planted import NOW, PIN, say

SOURCE = "your file"


def home(measurements):
    """Write measurements as the Stations page does, and read them as it does."""
    parsed = parse_stations(as_csv(measurements, {}).encode(), NOW)
    assert parsed.faults == ()
    return parsed.measurements


def named(measurements):
    """The same measurements as of a person's own file."""
    return tuple(
        replace(measurement, station=replace(measurement.station, source=SOURCE))
        for measurement in measurements
    )


def test_all_measurements_read_back_are_the_same_table_with_its_index():
    measurements = sample_measurements()
    back = home(measurements)
    assert len(back) == len(measurements) == 93
    assert [one.aqi for one in back] == [measurement.aqi for measurement in measurements]
    assert back == named(measurements)
    assert as_csv(back, {}) == as_csv(named(measurements), {})


@pytest.mark.parametrize(
    "id", ["-7", "=1+1", "+7", "@x", "＝1", "'-7", "'tis", "a;-b", 'say "=1"', "a,=1", "x\ty"]
)
def test_a_station_keeps_its_name_whatever_a_spreadsheet_would_make_of_it(id):
    station = Station(id, f"{id} {id}", 28.6, 77.2, True, SOURCE)
    (one,) = home([StationMeasurement(station, NOW, Reading(pm25=40), None)])
    words = " ".join(id.split())
    assert (one.station.id, one.station.name) == (words, f"{words} {words}")
    assert one.station.approximate


@settings(max_examples=50, deadline=None)
@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(0, 500),
    st.one_of(st.none(), st.integers(0, 500)),
    st.datetimes(datetime(2001, 1, 1), datetime(2026, 1, 1)),
    st.integers(-12 * 4, 14 * 4),
)
def test_numbers_and_times_come_home_exactly(latitude, longitude, pm25, aqi, time, quarters):
    at = time.replace(tzinfo=timezone(timedelta(minutes=15 * quarters)))
    station = Station("roof", "Roof", latitude, longitude, False, SOURCE)
    one = StationMeasurement(station, at, Reading(pm25=pm25), aqi)
    parsed = parse_stations(as_csv([one], {}).encode(), NOW)
    if parsed.measurements:  # some places are refused as swapped or as nowhere
        assert parsed.measurements == (one,)
    else:
        assert {fault.column for fault in parsed.faults} <= {"lat", "lon"}


def test_the_template_comes_home():
    filled = parse_stations(template().encode(), NOW)
    assert filled.faults == ()
    assert home(filled.measurements) == filled.measurements


def test_a_training_folder_is_read_as_it_was_meant(store, admin, ana, tmp_path):
    places = ["ITO, Delhi", "-7", "=1+1", "'tis", 'a;"=b"', "Plain"]
    for number, place in enumerate(places * 2):
        morning = datetime(2023, 2, 1 + number // 6, 3, tzinfo=UTC)
        reading = Reading(pm25=10.25 + number, co=0.5)
        item = put(store, admin, number, place=place, taken_at=morning, reading=reading)
        say(store, ana, item, Answer(aqi=50 + number))
    export(store, admin, "training", tmp_path / "out")
    rows = read_folder(tmp_path / "out")
    with (tmp_path / "out" / "MANIFEST.csv").open(newline="", encoding="utf-8-sig") as stream:
        manifest = {line["Filename"]: line for line in csv.DictReader(stream)}
    values = {value.photo_hash: value for value in store.adjudicated("train")}
    assert len(rows) == len(values) == 12
    for row in rows:
        value, line = values[row.photo.stem], manifest[row.photo.name]
        assert (undefused(row.place), row.aqi) == (value.place, value.aqi)
        assert row.reading == value.reading
        assert (row.group, row.fold) == (line["group"], int(line["fold5"]))
        assert undefused(row.session).startswith(f"{value.place}|2023-02-0")


def test_a_table_of_photos_that_a_spreadsheet_has_saved_is_read_as_it_was_meant(tmp_path):
    text = "photo,place,pm25\r\na.jpg,'-7,12.5\r\nb.jpg,'tis,\r\n"
    listing = list_photo_rows(text.encode("utf-8-sig"), "t.csv", lambda name: tmp_path / name, NOW)
    assert listing.faults == ()
    assert [candidate.place for candidate in listing.candidates] == ["-7", "'tis"]


@pytest.fixture
def store(tmp_path):
    store = LabelStore.open(str(tmp_path / "labels.db"), str(tmp_path / "photos"))
    yield store
    store.close()


@pytest.fixture
def admin(store):
    return store.accounts.first_admin("Ada", PIN, NOW)


@pytest.fixture
def ana(store, admin):
    return store.accounts.add_user(admin, "Ana", PIN, "annotator", NOW)


def test_tables_of_the_store_read_as_csv_have_every_text_as_it_is(store, admin, ana, tmp_path):
    put(store, admin, 1, place="=1;-2", source="'=x")
    done = export(store, admin, "csv", tmp_path / "labels.csv")
    text = done.wrote[0].read_text(encoding="utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["place"], row["source"]) == ("'=1;'-2", "''=x")
