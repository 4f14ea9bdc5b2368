"""The sample table is made from a data folder, the same each time, and tells what it leaves out."""

import json
from pathlib import Path

from aqfusion.air.readings import Reading
from aqfusion.cli.main import run_command
from aqfusion.data.sample_places import PLACES as STORED_PLACES
from aqfusion.data.sample_places import sample_places
from aqfusion.stations.sample_stations import TABLE_NAME
from tests.planted import record, rows_of, write_folder
from tools.sample_stations import main, make_table

PLACES = sample_places()
HEAD = "station,time,pm25,pm10,o3,co,so2,no2,aqi\n"


def run(*arguments: object) -> int:
    return run_command(main, "sample_stations.py", [*map(str, arguments)])


def planted(session: str, place: str, **changes):
    return rows_of(session, photos=2, place=place, **changes)


def test_a_session_is_one_line_on_the_clock_of_its_place():
    whole = Reading(pm25=70.08, pm10=100, o3=0, no2=1e-3)
    rows = [
        *planted("Biratnagar, Nepal|2023|2|2|12:00", "Biratnagar, Nepal", reading=whole, aqi=158.5),
        *planted("Mumbai|2023|2|2|9:05", "Mumbai"),
    ]
    assert make_table(rows, PLACES).csv == (
        HEAD + "mumbai,2023-02-02T09:05+05:30,40,,,,,,100\n"
        "biratnagar,2023-02-02T12:00+05:45,70.08,100,0,,,0.001,159\n"
    )
    assert make_table(rows[::-1], PLACES) == make_table(rows, PLACES)


def test_what_is_left_out_is_told():
    two = "Mumbai|2023|2|3|8:30"
    rows = [
        *planted("Atlantis|2023|2|2|9:00", "Atlantis"),
        *planted("Atlantis|2023|2|2|9:30", "Atlantis"),
        *planted("late", "Mumbai"),
        *planted("Mumbai|2023|2|30|8:00", "Mumbai"),
        *planted(two, "Mumbai"),
        *planted(two, "Mumbai", aqi=101),
    ]
    table = make_table(rows, PLACES)
    assert (table.csv, table.sessions) == (HEAD, 0)
    assert table.left_out == (
        "Location 'Atlantis' must have known coordinates: 2 left out",
        "mumbai must have one reading and one AQI at 2023-02-03T08:30+05:30: 1 left out",
        "sessions of 'Mumbai' must be named by day and hour: 2 left out",
    )


def test_the_command_writes_the_table_and_says_what_is_in_it(tmp_path, capsys):
    records = [record("a.jpg", Location="Mumbai"), record("b.jpg")]
    out = tmp_path / "out.csv"
    folder = write_folder(tmp_path / "data", records)
    assert run("--data", folder, "--out", out) == 0
    printed, progress = capsys.readouterr()
    sentence = "Location 'Alphaville' must have known coordinates: 1 left out"
    assert json.loads(printed) == {"wrote": str(out), "sessions": 1, "left_out": [sentence]}
    assert progress == f"{sentence}\n"
    assert out.read_text() == HEAD + "mumbai,2023-02-01T08:00+05:30,40.5,80,30,1.2,5,20,90\n"


def test_a_bad_folder_leaves_no_table(tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert run("--data", tmp_path / "none", "--out", out) == 2
    assert capsys.readouterr().err == f"data folder must exist, got {tmp_path / 'none'}\n"
    assert not out.exists()


def test_the_real_data_gives_the_shipped_table(real_data, tmp_path):
    out = Path(tmp_path / "out.csv")
    assert run("--data", real_data, "--out", out) == 0
    assert out.read_bytes() == (STORED_PLACES.parent / TABLE_NAME).read_bytes()
