"""What is said of a place: a table of cases, and no claim beyond what is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aqfusion.explain.explanation_text import basis, place_sentence
from aqfusion.model.haze_score import HazeScore
from aqfusion.model.predictor import Result
from aqfusion.sites.site import Day, DayPhoto, Site
from tests.explain.planted_report import prediction

WEIGHTS, OTHERS = "a" * 64, "b" * 64
START = datetime(2025, 1, 1, 8, tzinfo=UTC)


def site(*days: tuple[float, float | None], model: str = WEIGHTS) -> Site:
    """A day each: its AQI, and the haze score of its photo, if it has one."""
    return Site(
        "My roof",
        timezone="UTC",
        days=tuple(
            Day(
                aqi,
                "monitor",
                START + timedelta(days=number),
                photo=None if haze is None else DayPhoto(str(number), model, (), haze),
            )
            for number, (aqi, haze) in enumerate(days)
        ),
    )


def said(
    aqi: int,
    place: Site | None = None,
    haze: int | None = None,
    readings: tuple[str, ...] = (),
    shares: tuple[float, float] = (0.1, 0.9),
    common: int = 140,
) -> Result:
    """A result at a place; `shares` are those of photo and site."""
    photo = prediction(aqi) if haze is not None else None
    return Result(
        prediction(aqi),
        photo,
        prediction(aqi) if readings else None,
        shares[0] if photo else 0.0,
        readings,
        None,
        prediction(common),
        shares[1],
        place,
        None if haze is None else HazeScore(haze, float(aqi)),
    )


FOUR = ((200.0, 60.0), (206.0, 62.0), (214.0, 64.0), (220.0, 70.0))
WIDE = ((100.0, None), (150.0, None), (250.0, None), (300.0, None))
LITTLE = "At a place that the model does not know, the photo contains little information"


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            said(210, site(*FOUR), 40),
            "The AQI of this place is usually close to 210. The photo looks clearer than usual "
            "at this place.",
        ),
        (
            said(180, site(*FOUR), 90),
            "The AQI of this place is usually close to 210; the prediction is lower than that. "
            "The photo looks hazier than usual at this place.",
        ),
        (
            said(250, site(*FOUR), 63),
            "The AQI of this place is usually close to 210; the prediction is higher than that. "
            "The photo looks as hazy as usual at this place.",
        ),
        (said(210, site(*FOUR)), "The AQI of this place is usually close to 210."),
        (
            said(210, site(*FOUR, model=OTHERS), 40),
            "The AQI of this place is usually close to 210.",
        ),
        (said(200, site(*WIDE), 40), "The AQI of this place is usually between 138 and 263."),
        (
            said(90, site(*WIDE)),
            "The AQI of this place is usually between 138 and 263; the prediction is lower than "
            "that.",
        ),
        (
            said(150, site((90.0, 30.0)), 80),
            "On its only known day, this place had an AQI of 90; the prediction is higher than "
            "that. The photo looks hazier than on its only day with a photo.",
        ),
        (said(90, site((90.0, 30.0)), 30), "On its only known day, this place had an AQI of 90."),
        (
            said(100, site((90.0, 30.0), (120.0, 50.0), (110.0, None)), 10),
            "On its 3 known days, this place had an AQI between 90 and 120. The photo looks "
            "clearer than on its days with photos.",
        ),
        (
            said(100, site((90.0, 30.0), (90.0, 50.0)), 40),
            "On its 2 known days, this place had an AQI of 90; the prediction is higher than that.",
        ),
        (
            said(150, None, 40),
            f"{LITTLE}: the prediction is close to what is typical of all places, 140.",
        ),
        (said(190, None, 40), f"{LITTLE}."),
        (
            said(150, site(), 40),
            f"{LITTLE}: the prediction is close to what is typical of all places, 140.",
        ),
        (said(150, None, 40, ("pm25",)), f"{LITTLE}: the readings have more weight."),
        (
            said(150, None, 40, shares=(0.4, 0.6)),
            "The model does not know the place, and a photo of the same air differs by place: "
            "the prediction is close to what is typical of all places, 140.",
        ),
        (said(150, None, None, ("pm25",)), ""),
        (replace(said(150, site(*FOUR), 40), site_only=None), ""),
    ],
)
def test_a_place_is_told_by_its_days_and_nothing_else_is_claimed(result, sentence):
    assert place_sentence(result, WEIGHTS) == sentence


def test_two_measurements_of_one_day_are_one_day():
    night = replace(site((90.0, None)).days[0], aqi=110.0, taken_at=START + timedelta(hours=9))
    both = site((90.0, None)).with_day(night)
    assert place_sentence(said(100, both), WEIGHTS) == (
        "On its only known day, this place had an AQI of 100."
    )


SIX = ("pm25", "pm10", "o3", "co", "so2", "no2")
REFUSED = "the picture is too dark"


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            said(210, site(*FOUR), 40, shares=(0.3, 0.7)),
            "Based on the photo (30 % of the weight) and 4 days of this place (70 %).",
        ),
        (
            said(210, site(*FOUR), 40, SIX, shares=(0.05, 0.8)),
            "Based on the photo (5 % of the weight), 6 readings (15 %) and 4 days of this place "
            "combined with the readings (80 %).",
        ),
        (
            said(210, site((90.0, None)), None, ("o3",), shares=(0.0, 0.75)),
            "Based on 1 reading (25 % of the weight) and 1 day of this place combined with the "
            "readings (75 %).",
        ),
        (said(210, site(*FOUR), shares=(0.0, 1.0)), "Based on 4 days of this place alone."),
        (
            said(150, None, 40, shares=(0.2, 0.8)),
            "Based on the photo (20 % of the weight) and what is typical of all places (80 %).",
        ),
        (
            said(150, None, 40, SIX, shares=(0.2, 0.7)),
            "Based on the photo (20 % of the weight) and 6 readings.",
        ),
        (said(150, None, None, SIX), "Based on 6 readings, without a photo."),
        (
            replace(said(150, site(*FOUR), shares=(0.0, 1.0)), photo_problem=REFUSED),
            f"Based on 4 days of this place alone; the photo is left out: {REFUSED}.",
        ),
        (replace(said(150, site(*FOUR), 40), site_only=None), "Based on the photo alone."),
    ],
)
def test_what_an_answer_rests_on_is_named_with_its_weight(result, sentence):
    assert basis(result) == sentence
