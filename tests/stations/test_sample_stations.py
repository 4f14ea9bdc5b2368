"""The sample stations: the shipped files are good, and a fault in them has an address."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from aqfusion.air.readings import Reading
from aqfusion.data.sample_places import PLACES, sample_places
from aqfusion.io.json_models import TableError
from aqfusion.stations.sample_stations import (
    TABLE_NAME,
    load_sample,
    sample_measurements,
)
from aqfusion.time_zones import on_the_clock_of, zone

LINE = "mumbai,2023-02-02T09:30+05:30,115.8,188.5,25.3,,,9.5,182"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PLACES.parent, tmp_path / "stations"))


def fault(folder: Path) -> str:
    with pytest.raises(TableError) as refused:
        load_sample(folder)
    return str(refused.value)


def test_the_shipped_table_is_read_whole():
    measurements = sample_measurements()
    assert Counter(m.station.id for m in measurements) == {
        "mumbai": 23,
        "greater-noida": 20,
        "oragadam": 16,
        "bengaluru": 16,
        "biratnagar": 8,
        "ito-delhi": 7,
        "dimapur": 2,
        "faridabad": 1,
    }
    mumbai = next(m for m in measurements if m.station.id == "mumbai")
    assert mumbai.time.isoformat() == "2023-02-02T09:30:00+05:30"
    assert mumbai.reading == Reading(pm25=115.8, pm10=188.5, o3=25.3, no2=9.5)
    assert mumbai.aqi == 182
    assert "CC BY-NC-SA 3.0 IGO" in mumbai.station.source
    assert sample_measurements() is measurements


def test_the_places_without_stated_coordinates_say_so():
    stations = sample_places()
    approximate = {station.id for station in stations if station.approximate}
    assert approximate == {"dimapur", "oragadam", "bengaluru"}


def test_the_offsets_are_those_of_the_places_zones():
    zones = {p.id: zone(p.timezone) for p in sample_places()}
    for measurement in sample_measurements():
        local = on_the_clock_of(zones[measurement.station.id], measurement.time)
        assert local.utcoffset() == measurement.time.utcoffset()
    nepal = next(m for m in sample_measurements() if m.station.id == "biratnagar")
    assert nepal.time.isoformat().endswith("+05:45")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            LINE.replace("mumbai", "pune"),
            'line 5.station must be a station of stations.json, got "',
        ),
        (LINE.replace("2023-02-02T", "yesterday "), "line 5.time must be a time as in 2023-02-01T"),
        (LINE.replace("+05:30", ""), "line 5.time must name its offset, got"),
        (LINE.replace("2023", "2022"), "line 5.time must not be earlier than the line above, got"),
        (LINE.replace("115.8", "-1"), "line 5: pm25 must be >= 0 ug/m3, got -1"),
        (LINE.replace("182", ""), "line 5.aqi must be a text that is not empty, got"),
        (LINE.replace("182", "501"), "line 5.aqi must be a whole number from 0 to 500, got"),
        (LINE.replace("182", "1²"), "line 5.aqi must be a whole number from 0 to 500, got"),
        (LINE.replace(",182", ""), "line 5 must have as many cells as line 1, got"),
        (f"{LINE}\n{LINE}", "line 6 must be another station or another time than the lines above"),
    ],
)
def test_a_fault_in_the_table_is_named_with_its_line(folder, line, sentence):
    table = folder / TABLE_NAME
    table.write_text(table.read_text().replace(LINE, line))
    assert fault(folder).startswith(f"{TABLE_NAME}: {sentence}")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "sessions.csv: line 1 must be station,time,pm25"),
        (b"\xff", "sessions.csv must be a CSV file in UTF-8"),
        (None, "sessions.csv must be a readable file: No such file"),
    ],
)
def test_what_is_no_table_is_refused(folder, content, sentence):
    (folder / TABLE_NAME).unlink()
    if content is not None:
        (folder / TABLE_NAME).write_bytes(content)
    assert fault(folder).startswith(sentence)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"latitude": 91}, "stations.json: stations[1].latitude must be a number from -90 to 90"),
        ({"longitude": "E"}, "stations.json: stations[1].longitude must be a number from"),
        ({"approximate": 0}, "stations.json: stations[1].approximate must be true or false, got 0"),
        ({"id": "ito-delhi"}, "stations.json: stations[1].id must not be that of a place above"),
        ({"timezone": ""}, "stations.json: stations[1].timezone must be a text that is not empty"),
    ],
)
def test_a_fault_in_the_places_is_named_with_its_field(folder, changes, sentence):
    table = json.loads((folder / PLACES.name).read_text())
    table["stations"][1] |= changes
    (folder / PLACES.name).write_text(json.dumps(table))
    assert fault(folder).startswith(sentence)
