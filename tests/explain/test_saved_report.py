"""A report tells all of a prediction, comes out again, and survives whatever is written into it."""

import contextlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aqfusion
from aqfusion.air.aqi import standard
from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.errors import InputError
from aqfusion.explain.attribution import INPUTS
from aqfusion.explain.report import Inputs, as_json, report_of
from aqfusion.explain.reproduction import Difference, reproduce
from aqfusion.explain.saved_report import ReportError, parse_report, read_report
from aqfusion.images.photo import Photo
from aqfusion.io.json_models import TableError
from aqfusion.model.photo_screening import RULES, PhotoScreening
from aqfusion.model.predictor import NothingKnownError, load_model
from tests.explain.planted_report import NOW
from tests.planted import sky

READING = Reading(pm25=180, o3=58.86, co=0)


@pytest.fixture(scope="module")
def predictor(checkpoint_folder):
    return load_model(checkpoint_folder)


@pytest.fixture(scope="module")
def photo():
    return Photo.from_image(sky(300, seed=1))


@pytest.fixture(scope="module")
def written(predictor, photo):
    """The JSON of a report of a photo and three readings."""
    return as_json(report_of(predictor, Inputs(READING, photo), NOW))


def saved(content, name="report.json"):
    return parse_report(json.dumps(content).encode(), name)


def changed(content, path, value):
    copy = json.loads(json.dumps(content))
    *way, last = path.split(".")
    at = copy
    for key in way:
        at = at[key]
    at[last] = value
    return copy


def test_a_report_has_what_went_in_what_came_out_and_why(predictor, photo, written):
    result = predictor.predict(READING, photo)
    assert list(written) == [
        "format",
        "made_at",
        "program",
        "note",
        "model",
        "inputs",
        "prediction",
        "explanation",
        "formula",
        "in_words",
    ]
    assert (written["format"], written["made_at"]) == (2, "2025-03-04T05:06:07Z")
    assert written["program"] == {"name": "AQFusion", "version": aqfusion.__version__}
    assert written["model"] == {"name": "untrained", "sha256": predictor.checkpoint.sha256}
    assert written["inputs"] == {
        "readings": {"pm25": 180, "pm10": None, "o3": 58.86, "co": 0, "so2": None, "no2": None},
        "units": {name: "mg/m3" if name == "co" else "ug/m3" for name in POLLUTANTS},
        "photo": {"digest": photo.digest, "original_size": [48, 48]},
        "trust_photo": False,
        "units_stated": True,
        "site": None,
        "taken_at": None,
        "extinction": {},
    }
    assert written["prediction"]["fused"] == result.fused.as_json()
    assert written["prediction"]["image_only"] == result.image_only.as_json()
    assert written["prediction"]["sensors_only"] == result.sensors_only.as_json()
    assert written["prediction"]["photo_share"] == pytest.approx(result.photo_share, abs=1e-6)
    assert written["formula"]["us"] == standard("us").index(READING).as_json()
    rows = [(row["left"], row["without"]) for row in written["explanation"]["ablations"]]
    assert rows == [
        (["photo", "pm25", "o3", "co"], None),
        (["photo"], None),
        (["pm25", "o3", "co"], "photo"),
        (["photo", "o3", "co"], "pm25"),
        (["photo", "pm25", "co"], "o3"),
        (["photo", "pm25", "o3"], "co"),
    ]


def test_contributions_add_up_to_the_prediction(written):
    shares = written["explanation"]["contributions"]
    assert tuple(shares["points"]) == INPUTS
    assert shares["base"] + sum(shares["points"].values()) == pytest.approx(shares["aqi"], abs=1e-4)
    assert round(shares["aqi"]) == written["prediction"]["fused"]["aqi"]
    assert (shares["points"]["no2"], shares["points"]["pm10"]) == (0, 0)


def test_no_file_name_of_the_photo_or_the_model_gets_into_a_report(checkpoint_folder, tmp_path):
    path = tmp_path / "at-my-home.jpg"
    sky(300, seed=1).save(path)
    told = report_of(load_model(checkpoint_folder), Inputs(READING, Photo.open(path)), NOW)
    text = json.dumps(as_json(told))
    assert "at-my-home" not in text
    assert str(checkpoint_folder.parent) not in text


def test_the_time_is_told_in_utc_and_without_a_zone_refused(predictor):
    there = datetime(2025, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    told = report_of(predictor, Inputs(READING), there)
    assert as_json(told)["made_at"] == "2024-12-31T19:45:00Z"
    with pytest.raises(ValueError, match="now must name its time zone"):
        report_of(predictor, Inputs(READING), datetime(2025, 1, 1))


def test_an_embedding_that_is_known_gives_the_same_report(predictor, photo, monkeypatch, written):
    embedding = predictor.embed(photo)
    monkeypatch.setattr(predictor, "embed", pytest.fail)
    assert as_json(report_of(predictor, Inputs(READING, photo), NOW, embedding)) == written
    alone = report_of(predictor, Inputs(READING), NOW, embedding)
    assert alone.result.image_only is None, "an embedding without its photo counts for nothing"


def refusing(predictor, monkeypatch):
    monkeypatch.setattr(PhotoScreening, "reason", lambda *_: RULES[0].words)
    return predictor


def test_a_refused_photo_moves_nothing_until_it_is_trusted(predictor, photo, monkeypatch):
    refusing(predictor, monkeypatch)
    left_out = report_of(predictor, Inputs(READING, photo), NOW)
    assert not left_out.photo_used
    assert left_out.contributions.points["photo"] == 0
    assert as_json(left_out)["prediction"]["photo_problem"] == RULES[0].words
    assert as_json(left_out)["inputs"]["photo"]["digest"] == photo.digest
    trusted = report_of(predictor, Inputs(READING, photo, trust_photo=True), NOW)
    assert trusted.photo_used
    assert trusted.contributions.points["photo"] != 0


def test_nothing_at_all_and_a_refused_photo_alone_have_no_report(predictor, photo, monkeypatch):
    with pytest.raises(NothingKnownError):
        report_of(predictor, Inputs(Reading()), NOW)
    refusing(predictor, monkeypatch)
    with pytest.raises(NothingKnownError, match=f"left out: {RULES[0].words}"):
        report_of(predictor, Inputs(Reading(), photo), NOW)


@pytest.mark.parametrize("reading", [READING, Reading(), Reading(no2=1 / 3)])
@pytest.mark.parametrize("has_photo", [True, False])
@pytest.mark.parametrize("trust", [True, False])
def test_every_report_comes_out_again(predictor, photo, reading, has_photo, trust):
    if not has_photo and not reading.present:
        return
    shown = photo if has_photo else None
    first = as_json(report_of(predictor, Inputs(reading, shown, trust), NOW))
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    again = reproduce(saved(first), predictor, shown, datetime(2030, 1, 1, tzinfo=UTC))
    assert again.agrees
    assert as_json(again.report) == {**first, "made_at": "2030-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("prediction.fused.aqi", 499),
        ("prediction.fused.category", "Splendid"),
        ("prediction.fused.probabilities.Good", 0.9),
        ("prediction.photo_share", 1),
        ("prediction.photo_problem", "too dark"),
        ("prediction.image_only", None),
        ("prediction.sensors_only", []),
        ("explanation.ablations", []),
        ("explanation.contributions.base", "low"),
        ("explanation.contributions.points", {"photo": 1}),
        ("formula.us.aqi", 1),
        ("formula.us.beyond", 0),
        ("formula.india.sub_indices.o3", float("nan")),
        ("formula.us.aqi", float("inf")),
        ("formula.us.aqi", 10**4000),
    ],
)
def test_whatever_was_changed_in_the_results_is_found(predictor, photo, written, path, value):
    again = reproduce(saved(changed(written, path, value)), predictor, photo, NOW)
    assert [difference.path for difference in again.differences] == [path]


def test_a_difference_says_what_stood_there_and_what_was_found(predictor, photo, written):
    found = written["prediction"]["fused"]["aqi"]
    stated = saved(changed(written, "prediction.fused.aqi", found + 7))
    again = reproduce(stated, predictor, photo, NOW)
    assert again.differences == (Difference("prediction.fused.aqi", str(found + 7), str(found)),)


def test_the_last_digit_and_a_half_that_fell_the_other_way_are_no_difference(
    predictor, photo, written
):
    near = changed(written, "prediction.fused.aqi", written["prediction"]["fused"]["aqi"] + 1)
    base = written["explanation"]["contributions"]["base"]
    near = changed(near, "explanation.contributions.base", base + 5e-4)
    assert reproduce(saved(near), predictor, photo, NOW).agrees
    assert not reproduce(
        saved(changed(near, "explanation.contributions.base", base + 0.5)), predictor, photo, NOW
    ).agrees


def test_another_reading_in_the_report_gives_another_result(predictor, photo, written):
    other = saved(changed(written, "inputs.readings.pm25", 3))
    assert not reproduce(other, predictor, photo, NOW).agrees


def test_another_photo_or_model_is_refused_by_its_checksum(predictor, photo, written):
    other = Photo.from_image(sky(20, seed=2))
    digest = photo.digest[:12]
    sentences = {
        other: rf"photo must have the digest {digest}\.\.\. as report.json says, got ",
        None: rf"report.json was made with a photo \(digest {digest}\.\.\.\)",
    }
    for shown, sentence in sentences.items():
        with pytest.raises(ReportError, match=sentence):
            reproduce(saved(written), predictor, shown, NOW)
    with pytest.raises(ReportError, match="was made without a photo, got one"):
        reproduce(saved(changed(written, "inputs.photo", None)), predictor, photo, NOW)
    with pytest.raises(ReportError, match=r"^model must have the sha256 a{12}\.\.\. as report"):
        reproduce(saved(changed(written, "model.sha256", "a" * 64)), predictor, photo, NOW)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("format", 3, "r.json: format must be 1 or 2, got 3"),
        ("inputs.readings.pm25", -1, "r.json: inputs.readings.pm25 must be a number >= 0"),
        ("inputs.readings.pm25", 6000, "r.json: inputs.readings: pm25 must be <= 5000 ug/m3, got "),
        ("inputs.readings.pm25", "8", "r.json: inputs.readings.pm25 must be a number >= 0"),
        ("inputs.readings.pm25", True, "r.json: inputs.readings.pm25 must be a number >= 0"),
        ("inputs.readings.pm25", float("nan"), "r.json: inputs.readings.pm25 must be a number"),
        ("inputs.readings.pm25", 10**4000, "r.json: inputs.readings.pm25 must be a number >= 0"),
        ("inputs.readings", {"pm25": 1}, "r.json: inputs.readings must have 'pm10', got"),
        ("inputs.readings", [], "r.json: inputs.readings must be an object"),
        ("inputs.units.o3", "ppb", "r.json: inputs.units.o3 must be 'ug/m3', got \"ppb\""),
        ("inputs.photo", {"digest": "x"}, "r.json: inputs.photo.digest must be 64 hexadecimal"),
        ("inputs.photo", 7, "r.json: inputs.photo must be an object, got 7"),
        ("inputs.trust_photo", "no", 'r.json: inputs.trust_photo must be true or false, got "no"'),
        ("model.sha256", None, "r.json: model.sha256 must be 64 hexadecimal digits, got null"),
        ("model.name", "", "r.json: model.name must be a text that is not empty"),
        ("prediction", 3, "r.json: prediction must be an object, got 3"),
    ],
)
def test_a_fault_in_a_report_has_an_address_and_a_sentence(written, path, value, sentence):
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}"):
        saved(changed(written, path, value), "r.json")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "report must be a readable JSON table"),
        (b"\xff\xfe", "report must be a readable JSON table"),
        (b"[" * 100_000, "report must be a readable JSON table"),
        (
            b'{"format": 1e99999999999999999999}',
            "report: format must be a whole number, got Infinity",
        ),
        (b"[]", "report: the table must be an object, got []"),
        (b"1" * 9_000, "report must be a readable JSON table"),
        (b"1" * 1_000_001, "report must be a report, which has less than 1 MB, got more"),
    ],
    ids=["empty", "no UTF-8", "deep", "exponent", "list", "long number", "large"],
)
def test_what_is_no_report_gets_a_sentence(content, sentence):
    with pytest.raises(TableError, match=f"^{re.escape(sentence)}"):
        parse_report(content)


def test_a_file_that_cannot_be_read_gets_a_sentence_without_its_folder(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(TableError, match=f"^{path.name} must be a readable file: "):
            read_report(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def paths(content, path=""):
    for key, value in content.items():
        yield f"{path}{key}"
        if isinstance(value, dict):
            yield from paths(value, f"{path}{key}.")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_a_report_with_anything_anywhere_is_refused_in_a_sentence_or_repeated(
    predictor, photo, written, data
):
    path = data.draw(st.sampled_from(sorted(paths(written))))
    value = data.draw(JSON)
    with contextlib.suppress(InputError):
        again = reproduce(saved(changed(written, path, value)), predictor, photo, NOW)
        assert again.agrees in (True, False)


def test_all_numbers_of_a_report_are_finite(predictor, photo):
    text = json.dumps(as_json(report_of(predictor, Inputs(READING, photo), NOW)), allow_nan=False)
    numbers = [float(n) for n in re.findall(r"(?<=[ \[])-?[0-9.]+(?:e-?[0-9]+)?(?=[,}\]])", text)]
    assert len(numbers) > 50
    assert np.isfinite(numbers).all()
    assert "-0.0," not in text


def test_readings_without_units_have_no_index_and_a_repetition_knows_it(predictor, photo):
    told = as_json(report_of(predictor, Inputs(READING, photo, units_stated=False), NOW))
    assert told["inputs"]["units_stated"] is False
    for index in told["formula"].values():
        assert (index["aqi"], index["category"], index["sub_indices"]) == (None, None, {})
        assert index["incomplete"].endswith("the units of these readings are not stated.")
    assert reproduce(saved(told), predictor, photo, NOW).agrees
    del told["inputs"]["units_stated"]  # as before units could be unknown
    assert not reproduce(saved(told), predictor, photo, NOW).agrees
