"""`stations check`: what the page would make of a file, for programs and for people."""

import json

from aqfusion.cli import main

TABLE = b"id,lat,lon,time,pm25,note\na,28.6,77.2,2026-01-05 08:00,80,x\nb,28.6,77.2,soon,80,\n"


def test_the_answer_has_exactly_what_is_asked_for(tmp_path, capsys):
    file = tmp_path / "a name; of any kind"
    file.write_bytes(TABLE)
    assert main(["stations", "check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "stations": 1,
        "measurements": [
            {
                "id": "a",
                "time": "2026-01-05T08:00:00+05:30",
                "lat": 28.6,
                "lon": 77.2,
                "readings": {"pm25": 80.0},
                "aqi": None,
            }
        ],
        "left_out": [
            {
                "line": 3,
                "column": "time",
                "reason": "must be a date and a time as in 2023-02-01T08:30+05:30, got 'soon'",
            }
        ],
        "ignored_columns": ["note"],
        "notes": [
            "pm25 has no unit in its title and is taken in ug/m3",
            "times without an offset are in the time zone Asia/Kolkata, according to the "
            "coordinates (line 2)",
        ],
    }


def test_a_summary_is_for_people(tmp_path, capsys):
    file = tmp_path / "t.csv"
    file.write_bytes(TABLE)
    assert main(["stations", "check", str(file)]) == 0
    first, *_ = capsys.readouterr().out.splitlines()
    assert first == "1 measurement of 1 station; left out: 1 row and 0 single cells"


def test_a_file_of_which_nothing_is_read_ends_with_2(tmp_path, capsys):
    file = tmp_path / "t.csv"
    file.write_bytes(b"id,lat,lon,time,pm25\na,28.6,77.2,soon,80\n")
    assert main(["stations", "check", str(file), "--json"]) == 2
    out, err = capsys.readouterr()
    assert len(json.loads(out)["left_out"]) == 1
    assert err == "Nothing could be read from this file\n"


def test_a_file_that_is_no_table_is_a_sentence(tmp_path, capsys):
    file = tmp_path / "photo.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    assert main(["stations", "check", str(file), "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["notes"] == [err.strip()]
    assert main(["stations", "check", str(tmp_path / "none.csv")]) == 2
    assert capsys.readouterr().err.startswith("FILE must be a readable file, got ")
    assert main(["stations", "check", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("FILE must be a readable file, got ")


def test_a_place_is_given_for_a_table_without_one(tmp_path, capsys):
    file = tmp_path / "t.csv"
    file.write_bytes(b"time,pm25\n2026-01-05 08:00,80\n")
    options = ["--lat", "27.7", "--lon", "85.3", "--name", "Roof"]
    assert main(["stations", "check", str(file), "--json", *options]) == 0
    (measured,) = json.loads(capsys.readouterr().out)["measurements"]
    assert (measured["id"], measured["time"]) == ("Roof", "2026-01-05T08:00:00+05:45")
    assert main(["stations", "check", str(file), "--lat", "x", "--lon", "1"]) == 2
    assert "--lat must be degrees from -90 to 90, got 'x'" in capsys.readouterr().err
