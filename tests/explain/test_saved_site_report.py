"""Reports at a site: they tell it, come out again with it, and older ones without it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import INPUTS
from aqfusion.explain.report import Inputs, as_json, report_of
from aqfusion.explain.reproduction import reproduce
from aqfusion.explain.saved_report import ReportError, parse_report, site_digest
from aqfusion.images.photo import Photo
from aqfusion.io.json_models import TableError
from aqfusion.model.predictor import NothingKnownError, load_model
from aqfusion.sites.site import Day
from aqfusion.sites.site_file import parse_site, site_bytes
from tests.explain.planted_report import NOW
from tests.planted import sky
from tests.planted_sites import START, save_with_sites, site_of
from tests.sites.views import View, watched_town
from tests.sites.views import photo as view

READING = Reading(pm25=180, no2=40)
SITE = site_of(200, 210, 230)
TAKEN = START + timedelta(days=22)


@pytest.fixture(scope="module")
def predictor(checkpoint_folder, tmp_path_factory):
    return load_model(save_with_sites(tmp_path_factory.mktemp("models") / "m", checkpoint_folder))


@pytest.fixture(scope="module")
def photo():
    return Photo.from_image(sky(300, seed=1))


@pytest.fixture(scope="module")
def there(predictor):
    return predictor.at(SITE, TAKEN)


@pytest.fixture(scope="module")
def written(there, photo):
    return as_json(report_of(there, Inputs(READING, photo), NOW))


def saved(content):
    return parse_report(json.dumps(content).encode(), "report.json")


def test_a_report_tells_the_site_its_opinion_and_its_points(there, photo, written):
    result = there.predict(READING, photo)
    assert written["inputs"]["site"] == {
        "name": "My roof",
        "days": 3,
        "learned_as": None,
        "digest": site_digest(SITE),
    }
    assert written["inputs"]["taken_at"] == "2023-02-23T08:00:00Z"
    told = written["prediction"]
    assert told["site_only"] == result.site_only.as_json()
    assert told["site_share"] == pytest.approx(result.site_share, abs=1e-6)
    assert told["haze"]["score"] == result.haze.score
    shares = written["explanation"]["contributions"]
    assert tuple(shares["points"]) == INPUTS
    assert shares["points"]["site"] != 0
    assert shares["base"] + sum(shares["points"].values()) == pytest.approx(shares["aqi"], abs=1e-4)
    assert round(shares["aqi"]) == told["fused"]["aqi"]
    rows = {tuple(row["left"]): row for row in written["explanation"]["ablations"]}
    assert rows["photo", "pm25", "no2"]["without"] == "site"
    assert rows["site",]["prediction"] == told["site_only"]
    assert rows["photo",]["prediction"] == told["image_only"]
    assert rows["pm25", "no2"]["prediction"] == told["sensors_only"]
    assert len(written["in_words"]) == 2
    assert written["in_words"][1].startswith(
        "On its 3 known days, this place had an AQI between 200 and"
    )


@pytest.mark.parametrize("reading", [READING, Reading()])
@pytest.mark.parametrize("has_photo", [True, False])
def test_a_report_at_a_site_comes_out_again(there, predictor, photo, reading, has_photo):
    shown = photo if has_photo else None
    first = as_json(report_of(there, Inputs(reading, shown), NOW))
    # The time of the photo is in the report; the site is as its file brings it back.
    brought = parse_site(site_bytes(SITE), "site.json").site
    again = reproduce(saved(first), predictor.at(brought), shown, NOW)
    assert again.differences == ()
    assert as_json(again.report) == first


def test_a_place_that_the_model_knows_need_not_be_given(predictor):
    known = predictor.known_sites()[0]
    first = as_json(report_of(predictor.at(known), Inputs(READING), NOW))
    assert first["inputs"]["site"]["learned_as"] == known.learned_as
    assert reproduce(saved(first), predictor, None, NOW).agrees


def test_another_site_or_another_day_of_it_is_refused(predictor, there, photo, written):
    more = SITE.with_day(Day(90, "monitor", datetime(2025, 1, 1, tzinfo=UTC)))
    for site, sentence in (
        (more, r"^site must have the digest [0-9a-f]{12}\.\.\. as report.json says, got "),
        (None, r"^report.json was made at 'My roof' with 3 days \(digest [0-9a-f]{12}\.\.\.\)"),
    ):
        with pytest.raises(ReportError, match=sentence):
            reproduce(saved(written), predictor.at(site), photo, NOW)
    alone = as_json(report_of(predictor, Inputs(READING), NOW))
    with pytest.raises(ReportError, match="was made without a site, got 'My roof'"):
        reproduce(saved(alone), there, None, NOW)


def test_a_renamed_site_is_the_same_and_a_changed_day_is_not():
    assert site_digest(replace(SITE, name="Roof")) == site_digest(SITE)
    for changed in (
        replace(SITE, days=SITE.days[1:]),
        replace(SITE, timezone="Asia/Kolkata"),
        replace(SITE, days=(replace(SITE.days[0], reading=READING), *SITE.days[1:])),
        replace(SITE, days=(replace(SITE.days[0], aqi=201.0), *SITE.days[1:])),
    ):
        assert site_digest(changed) != site_digest(SITE)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("site", 7, "report.json: inputs.site must be an object, got 7"),
        ("site", {"name": "x", "days": 1, "digest": "y"}, "inputs.site.digest must be 64"),
        ("site", {"name": "x", "days": "1"}, "inputs.site.days must be a whole number"),
        ("taken_at", "yesterday", "inputs.taken_at must be a time of ISO 8601, of the years 1970"),
        ("taken_at", "2025-01-01T08:00:00", "inputs.taken_at must be a time of ISO 8601"),
        ("taken_at", "0001-01-01T00:00:00Z", "inputs.taken_at must be a time of ISO 8601"),
    ],
)
def test_a_fault_in_a_site_has_an_address(written, key, value, sentence):
    with pytest.raises(TableError, match=sentence):
        saved({**written, "inputs": {**written["inputs"], key: value}})


def test_landmarks_are_told_have_their_points_and_come_out_again(predictor):
    site, hazy = watched_town(predictor.checkpoint.sha256), view(View(6.0))
    there = predictor.at(site)
    report = report_of(there, Inputs(READING, hazy, trust_photo=True), NOW)
    told = as_json(report)
    assert told["inputs"]["extinction"].keys() == {"mill", "tower"}
    assert told["prediction"]["landmarks"] == pytest.approx(vars(report.result.landmarks), abs=1e-6)
    shares = told["explanation"]["contributions"]
    assert shares["points"]["landmarks"] != 0
    assert shares["base"] + sum(shares["points"].values()) == pytest.approx(shares["aqi"], abs=1e-4)
    rows = {row["without"]: row for row in told["explanation"]["ablations"]}
    plain = predictor.at(site, None, {}).predict(READING, hazy, trust_photo=True).fused.as_json()
    assert rows["landmarks"]["prediction"] == plain != told["prediction"]["fused"]
    assert "the haze at the landmarks indicates" in told["in_words"][1]
    assert reproduce(saved(told), there, hazy, NOW).agrees
    moved = replace(site, landmarks=site.landmarks[:1])
    with pytest.raises(ReportError, match="a different place, or its days have changed"):
        reproduce(saved(told), predictor.at(moved), hazy, NOW)


def test_a_report_of_format_1_is_read_and_comes_out_again(checkpoint_folder, photo):
    older = load_model(checkpoint_folder)
    first = as_format_1(as_json(report_of(older, Inputs(READING, photo), NOW)))
    assert reproduce(saved(first), older, photo, NOW).agrees
    first["prediction"]["photo_share"] += 0.1
    (found,) = reproduce(saved(first), older, photo, NOW).differences
    assert found.path == "prediction.photo_share"


def as_format_1(report):
    """As it was written before there were sites."""
    report["format"] = 1
    del report["in_words"]
    for part, keys in (("inputs", ("site", "taken_at", "extinction")), ("prediction", NEW)):
        for key in keys:
            del report[part][key]
    for name in ("site", "landmarks"):
        del report["explanation"]["contributions"]["points"][name]
    return report


NEW = ("site_only", "site_share", "haze", "landmarks")


def test_an_older_model_at_a_site_says_what_it_said_without(checkpoint_folder, photo):
    older = load_model(checkpoint_folder)
    assert not older.at(SITE).knows_site
    at_site = report_of(older.at(SITE), Inputs(READING, photo), NOW)
    alone = report_of(older, Inputs(READING, photo), NOW)
    assert at_site.result.fused == alone.result.fused
    assert at_site.contributions == alone.contributions
    assert [row.left for row in at_site.ablations] == [row.left for row in alone.ablations]
    with pytest.raises(NothingKnownError):
        report_of(older.at(SITE), Inputs(Reading()), NOW)


def test_a_site_without_days_is_no_input(predictor, photo):
    empty = predictor.at(site_of())
    assert not empty.knows_site
    told = report_of(empty, Inputs(READING, photo), NOW)
    assert told.contributions == report_of(predictor, Inputs(READING, photo), NOW).contributions


def test_what_a_place_says_alone_is_what_its_coalition_says(there, photo):
    embedding = there.embed(photo)
    told = there.ask(embedding, np.array([True]), np.array([READING.values]), np.array([False]))
    found = report_of(there, Inputs(READING, photo), NOW)
    without = next(row for row in found.ablations if row.without == ("site",))
    assert without.prediction.aqi == told[0].aqi
