"""`predict --folder` and `--table`: options, notes, progress, summary and exit status."""

import json

import pytest

from aqfusion.cli import main
from tests.bulk.photos import write_photos


def refusal(capsys, *arguments: object) -> str:
    assert main(["predict", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.rstrip("\n")


def test_a_folder_with_readings_and_a_site(capsys, tmp_path, site_model_folder):
    write_photos(tmp_path / "photos", 2)
    (tmp_path / "t.csv").write_text("photo,pm25\nsky-001.jpg,80\n")
    (tmp_path / "site.json").write_text(json.dumps({"format": 1, "name": "My roof"}))
    given = ["--folder", tmp_path / "photos", "--table", tmp_path / "t.csv"]
    given += ["--site", tmp_path / "site.json", "--model", site_model_folder]
    given += ["--out", tmp_path / "out.jsonl", "--processes", 1]
    assert main(["predict", *map(str, given)]) == 0
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert summary | {"seconds": 0} == {
        "out": str(tmp_path / "out.jsonl"),
        "rows": 2,
        "without_prediction": 0,
        "with_problem": 0,
        "from_earlier_run": 0,
        "seconds": 0,
        "site": "My roof",
        "model": "sites",
        "model_version": summary["model_version"],
    }
    assert err.splitlines()[0] == "pm25 has no unit in its title and is taken in ug/m3"
    assert err.splitlines()[-1] == "2 of 2 rows have a prediction"
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["file"], row["site"]) for row in rows] == [
        ("sky-001.jpg", "My roof"),
        ("sky-000.jpg", "My roof"),
    ]
    assert [row["readings"] for row in rows] == [["pm25"], []]


def test_bad_files_are_listed_and_the_status_says_so(capsys, tmp_path, checkpoint_folder):
    write_photos(tmp_path / "photos", 1)
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"")
    (tmp_path / "photos" / "out.csv.parts").mkdir()
    (tmp_path / "photos" / "out.csv.parts" / "x.jsonl").write_bytes(b"")
    given = ["--folder", tmp_path / "photos", "--out", tmp_path / "photos" / "out.csv"]
    with pytest.raises(SystemExit) as stop:
        main(["predict", *map(str, given), "--model", str(checkpoint_folder)])
    assert stop.value.code == 1
    err = capsys.readouterr().err.splitlines()
    assert not any("other kinds" in line for line in err)
    assert err[-2].startswith("bad.jpg: photo must")
    assert err[-1] == (
        "1 of 2 rows have a prediction; 1 has none, its reason stands in the column error"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--out o.csv", "predict of many must have --folder or --table, got none"),
        ("--folder tests", "--folder and --table need --out FILE.csv, FILE.jsonl or FILE.parquet"),
        ("--folder tests --out o.xlsx", "--out must end with .csv, .jsonl, .parquet, got 'o.xlsx'"),
        ("--folder none --out o.csv", "--folder must be a folder that exists, got "),
        ("--table none.csv --out o.csv", "--table must be a readable file, got "),
        (
            "--folder tests --out o.csv --pm25 3",
            "--pm25 is of a single prediction: with --folder, readings stand in --table",
        ),
        (
            "--folder tests --out o.csv --processes 2 --scheduler tcp://x:1",
            "--processes is not allowed with --scheduler",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    capsys, tmp_path, monkeypatch, checkpoint_folder, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    monkeypatch.setenv("AQFUSION_MODEL", str(checkpoint_folder))
    assert refusal(capsys, *arguments.split()).startswith(sentence)
    assert not [*tmp_path.glob("o.*")]
