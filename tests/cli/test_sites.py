"""`site`, and `predict` and `explain` at one: files, the store, one sentence for bad input."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aqfusion.air.readings import Reading
from aqfusion.cli import main
from aqfusion.labels.answer import Answer
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.store import LabelStore
from aqfusion.model.predictor import load_model
from aqfusion.settings import load_settings
from aqfusion.sites.site import Site
from aqfusion.sites.site_file import read_site, write_site
from tests.planted import sky
from tests.planted_sites import site_of

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def model(site_model_folder) -> Path:
    return site_model_folder


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    for name in ("LABELS", "MODEL", "MODELS"):
        monkeypatch.delenv(f"AQFUSION_{name}", raising=False)
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "site.json"
    write_site(path, site_of(100, 200, 300))
    return path


def answer(capsys, *arguments: object) -> dict:
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    return err.splitlines()[-1]


def table(tmp_path, *lines: str) -> Path:
    path = tmp_path / "days.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def kept(name: str, *aqis: float) -> int:
    """Keep a site in the store, as somebody with an account does."""
    store = LabelStore.from_settings(load_settings())
    ana = store.accounts.add_user(store.accounts.operator(NOW), "Ana", "1234", "annotator", NOW)
    site = store.sites.create(ana, replace(site_of(*aqis), name=name), "r", NOW)
    store.close()
    return site


def test_new_takes_the_zone_of_the_coordinates_and_overwrites_nothing(capsys, tmp_path):
    out = tmp_path / "d.json"
    place = ("--lat", "28.63", "--lon", "77.24")
    said = answer(capsys, "site", "new", "दिल्ली", *place, "--out", out)
    assert said["timezone"] == "Asia/Kolkata"
    assert read_site(out).site == Site("दिल्ली", 28.63, 77.24, "Asia/Kolkata")
    assert "which exists" in refusal(capsys, "site", "new", "other", "--out", out)
    assert read_site(out).site.name == "दिल्ली"


@pytest.mark.parametrize(("given", "zone"), [("+0530", "+05:30"), ("utc", "UTC"), (None, None)])
def test_new_keeps_a_zone_as_it_is_stated(capsys, tmp_path, given, zone):
    option = ("--timezone", given) if given else ()
    answer(capsys, "site", "new", "x", *option, "--out", tmp_path / "d.json")
    assert read_site(tmp_path / "d.json").site.timezone == zone


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--lat", "91", "--lon", "0"), "--lat must be degrees from -90 to 90, got '91'"),
        (("--lat", "nan", "--lon", "0"), "--lat must be degrees from -90 to 90, got 'nan'"),
        (("--lat", "5"), "latitude and longitude must be given both or neither, got one"),
        (("--lat", "x"), "--lat must be degrees from -90 to 90, got 'x'"),
        (("--timezone", "Mars"), "--timezone must be a time zone as in Asia/Kolkata"),
    ],
)
def test_new_refuses_with_a_sentence_and_writes_nothing(capsys, tmp_path, options, says):
    out = tmp_path / "d.json"
    assert says in refusal(capsys, "site", "new", "x", *options, "--out", out)
    assert not out.exists()


def test_add_keeps_days_with_what_the_model_sees_in_their_photos(capsys, tmp_path, model):
    sky(300, seed=1).save(tmp_path / "a.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    write_site(tmp_path / "s.json", Site("x", timezone="Asia/Kolkata"))
    rows = table(
        tmp_path,
        "photo,time,aqi,pm25 (ug/m3),wind",
        "a.jpg,2023-03-01 08:30,150,80,1",
        "broken.jpg,2023-03-02 08:30,160,,1",
        ",,x,,",
    )
    given = ("--trust-photo", "--model", model, "--source", "monitor")
    said = answer(capsys, "site", "add", tmp_path / "s.json", rows, *given)
    assert [(said[key]) for key in ("days_read", "days", "photos", "replaced")] == [2, 2, 1, 0]
    assert [(one["line"], one["column"], one["row_kept"]) for one in said["left_out"]] == [
        (3, "photo", True),
        (4, "aqi", False),
    ]
    assert said["ignored_columns"] == ["wind"]
    first, second = read_site(tmp_path / "s.json").site.days
    predictor = load_model(model)
    assert first.photo.model == predictor.checkpoint.sha256
    assert (first.reading, first.source, second.photo) == (Reading(pm25=80), "monitor", None)
    assert first.taken_at.isoformat() == "2023-03-01T08:30:00+05:30"
    again = answer(capsys, "site", "add", tmp_path / "s.json", rows, *given)
    assert (again["days"], again["replaced"]) == (2, 2)


def test_a_table_without_a_day_changes_nothing(capsys, tmp_path, file):
    before = file.read_bytes()
    said = refusal(capsys, "site", "add", file, table(tmp_path, "aqi,time", "x,"))
    assert (said, file.read_bytes()) == ("no day of this table could be read", before)
    assert "must be a readable file" in refusal(capsys, "site", "add", file, tmp_path / "no.csv")


def test_a_site_of_the_store_is_found_by_its_name(capsys, tmp_path, model):
    kept("My roof", 100, 200)
    rows = table(tmp_path, "aqi,time", "300,2023-05-01T08:00Z")
    said = answer(capsys, "site", "add", "my ROOF", rows)
    assert (said["days"], said["kept_in"]) == (3, "the label store, site 1")
    assert main(["site", "show", "My roof", "--json"]) == 0
    (tmp_path / "taken.json").write_text(capsys.readouterr().out, encoding="utf-8")
    assert [day.aqi for day in read_site(tmp_path / "taken.json").site.days] == [100, 200, 300]
    assert answer(capsys, "site", "evaluate", "My roof", "--model", model)["days"] == 3


def test_a_name_of_nothing_is_refused_and_makes_no_store(capsys, tmp_path, model):
    said = refusal(capsys, "site", "show", "Nowhere")
    assert said == "site must be a file (.json) or a name in the label store, got 'Nowhere'"
    said = refusal(capsys, "predict", "--site", "Nowhere", "--model", model)
    assert said.startswith("--site must be a file (.json) or a name in the label store, or a place")
    assert "such as Alphaville" in said
    assert not (tmp_path / "home").exists()
    assert "must be a readable file" in refusal(capsys, "site", "show", tmp_path / "no.json")


def test_show_tells_a_site_in_lines(capsys, tmp_path, file):
    assert main(["site", "show", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "My roof"
    assert "  3 days of 3 dates: AQI 100 to 300, mean 200" in lines
    assert lines[-1] == "  2023-02-15 08:00  AQI 300, monitor"


def test_evaluate_prints_every_documented_key(capsys, file, model):
    said = answer(capsys, "site", "evaluate", file, "--model", model)
    keys = ["site", "model", "days", "dates", "foreign_photos", "scores"]
    assert list(said) == keys
    methods = ["all", "without the history", "the history alone", "mean of the other days"]
    assert list(said["scores"]) == methods
    assert list(said["scores"]["all"]) == ["rmse", "mae", "accuracy", "coverage"]


def test_evaluate_tells_that_the_network_knows_the_place(capsys, tmp_path, model):
    write_site(tmp_path / "a.json", replace(site_of(50, 60), learned_as="Alphaville"))
    assert main(["site", "evaluate", str(tmp_path / "a.json"), "--model", str(model)]) == 0
    assert "The network was trained on this place" in capsys.readouterr().err


def test_predict_knows_a_file_a_place_of_the_model_and_the_store(capsys, tmp_path, file, model):
    given = ("--pm25", "80", "--model", model)
    nowhere = answer(capsys, "predict", *given)
    there = answer(capsys, "predict", *given, "--site", file, "--taken-at", "2023-03-01T08:00")
    assert (nowhere["site"], there["site"]) == (None, {"name": "My roof", "days": 3})
    assert there["aqi"] != nowhere["aqi"]
    assert there["site_only"]["aqi"] == pytest.approx(180, abs=40)
    known = answer(capsys, "predict", *given, "--site", "betatown, north")
    assert known["site"] == {"name": "Betatown, North", "days": 4}
    kept("Roof", 100)
    assert answer(capsys, "predict", *given, "--site", "Roof")["site"]["days"] == 1


def test_a_settled_label_is_a_day_of_its_place_at_once(capsys, model):
    kept("Roof", 100)
    given = ("predict", "--pm25", "80", "--site", "Roof", "--model", model)
    before = answer(capsys, *given)
    store = LabelStore.from_settings(load_settings())
    operator = store.accounts.operator(NOW)
    new = NewItem(photo_hash="ab" * 32, reading=Reading(), place="Roof", taken_at=NOW)
    item, _ = store.items.add(operator, new, NOW)
    store.review.overrule(operator, item, Answer(aqi=450), "a monitor stands there", "r", NOW)
    store.close()
    after = answer(capsys, *given)
    assert (before["site"]["days"], after["site"]["days"]) == (1, 2)
    assert after["aqi"] > before["aqi"]


def test_a_site_alone_is_enough_for_a_prediction(capsys, file, model):
    said = answer(capsys, "predict", "--site", file, "--model", model)
    assert (said["modalities"], said["image_only"]) == (["site"], None)


def test_explain_is_told_at_the_site(capsys, file, model):
    given = ("--pm25", "80", "--model", model)
    nowhere, there = (
        answer(capsys, "explain", *given, *more)["prediction"]["fused"]["aqi"]
        for more in ((), ("--site", file))
    )
    predictor = load_model(model).at(read_site(file).site)
    assert there == predictor.predict(Reading(pm25=80)).fused.aqi != nowhere


def test_a_report_at_a_site_is_made_again_with_the_site_alone(capsys, file, model, tmp_path):
    given = ("--model", model)
    told = answer(capsys, "explain", "--site", file, "--taken-at", "2023-02-20T08:00Z", *given)
    saved = tmp_path / "report.json"
    saved.write_text(json.dumps(told))
    again = answer(capsys, "explain", "--repeat", saved, "--site", file, *given)
    assert (again["agrees"], again["aqi"]) == (True, told["prediction"]["fused"]["aqi"])
    assert "give the same site to repeat it" in refusal(
        capsys, "explain", "--repeat", saved, *given
    )
    known = answer(capsys, "explain", "--pm25", 9, "--site", "betatown, north", *given)
    saved.write_text(json.dumps(known))
    assert answer(capsys, "explain", "--repeat", saved, *given)["agrees"]


def test_a_model_of_before_sites_says_that_it_uses_no_history(capsys, file, checkpoint_folder):
    given = ["predict", "--pm25", "80", "--site", str(file), "--model", str(checkpoint_folder)]
    assert main(given) == 0
    said = capsys.readouterr()
    assert "cannot use sites: the history is not used" in said.err
    assert json.loads(said.out)["site_only"] is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--taken-at", "2023-03-01T08:00"),
            "--taken-at must have an offset where there is no --site",
        ),
        (
            ("--taken-at", "soon"),
            "--taken-at must have an offset where there is no --site, got 'soon'",
        ),
        (("--taken-at", "9999-12-31T23:00Z"), "--taken-at must be of the years 1970 to 2199"),
        (("--site", "{file}", "--taken-at", "soon"), "--taken-at must be a date and a time as in"),
        (("--site", "none.json"), "none.json must be a readable file"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "explain"])
def test_a_bad_place_or_time_is_told_before_a_model_is_loaded(capsys, file, command, options, says):
    given = [option.format(file=file) for option in options]
    said = refusal(capsys, command, "--pm25", "9", "--model", "no such model", *given)
    assert says in said
