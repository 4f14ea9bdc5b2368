"""`python -m aqfusion aqi`: JSON for readings, one sentence for bad input."""

import json
import subprocess
import sys

import pytest

from aqfusion.cli import main
from aqfusion.settings import ROOT


def test_readings_give_the_index_as_json(capsys):
    readings = ["--pm25", "100", "--pm10", "100", "--no2", "40"]
    assert main(["aqi", "--standard", "india", *readings]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "standard": "india",
        "aqi": 232,
        "category": "Poor",
        "dominant": "pm25",
        "sub_indices": {"pm25": 232, "pm10": 100, "no2": 50},
        "incomplete": None,
        "beyond": False,
    }
    assert err == ""


def test_units_may_be_named_more_than_once(capsys):
    units = ["--unit", "o3=ppm", "--unit", "so2= PPB "]
    assert main(["aqi", "--json", "--o3", "0.07", "--so2", "75", *units]) == 0
    assert json.loads(capsys.readouterr().out)["sub_indices"] == {"o3": 100, "so2": 100}


def test_an_incomplete_index_is_an_answer(capsys):
    assert main(["aqi", "--standard", "india", "--no2", "40"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["aqi"], answer["category"], answer["sub_indices"]) == (None, None, {"no2": 50})
    assert answer["incomplete"].startswith("The India AQI needs three pollutants")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("aqi --pm25 -1", "pm25 must be >= 0 ug/m3, got -1"),
        ("aqi --pm25 -0.5", "pm25 must be >= 0 ug/m3, got -0.5"),
        ("aqi --pm25 nan", "pm25 must be a finite number, got nan"),
        ("aqi --pm25 abc", "pm25 must be a number, got 'abc'"),
        ("aqi --pm25 12,5", "pm25 must have a point, not a comma, got '12,5'"),
        ("aqi --pm25 1e9", "pm25 must be <= 5000 ug/m3, got 1e9"),
        ("aqi --pm25=-inf", "pm25 must be a finite number, got -inf"),
        ("aqi --pm25 -abc", "pm25 must be a number, got '-abc'"),
        ("aqi", "aqi must have at least one reading"),
        ("aqi --o3 1 --unit o3", "--unit must look like o3=ppb, got 'o3'"),
        ("aqi --o3 1 --unit o3=pounds", "unit of o3 must be one of ug/m3, mg/m3, ppb, ppm"),
        ("aqi --o3 1 --unit ozone=ppb", "pollutant must be one of pm25"),
        ("aqi --standard mars --pm25 1", "--standard must be one of us, india, got 'mars'"),
        ("aqi --pm2 1", "No such option '--pm2'"),
        ("fly", "No such command 'fly' (see aqfusion --help)"),
        ("aqi --pm25", "Option '--pm25' requires an argument"),
        ("aqi 12", "Got unexpected extra argument (12) (see aqfusion aqi --help)"),
        ("", "Missing command (see aqfusion --help)"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(capsys, arguments, sentence):
    assert main(arguments.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_a_line_break_in_an_argument_leaves_one_line(capsys):
    assert main(["aqi", "a\nb"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_help_is_printed(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["aqi", "--help"])
    assert stop.value.code == 0
    assert "--unit POLLUTANT=UNIT" in capsys.readouterr().out


def test_the_command_starts_without_the_heavy_modules():
    program = (
        "import sys; from aqfusion.cli import main; code = main(['aqi', '--pm25', '12']); "
        "print(sorted({'torch', 'numpy', 'streamlit', 'PIL'} & set(sys.modules)), file=sys.stderr);"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert json.loads(done.stdout)["aqi"] == 56


def test_the_module_can_be_run():
    command = [sys.executable, "-m", "aqfusion", "aqi", "--pm25", "-1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pm25 must be >= 0 ug/m3, got -1\n"
