"""Evidence of landmarks: the slope has a prior, outliers do not turn it, few days say little."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from aqfusion.sites.landmark import Box, Landmark
from aqfusion.sites.landmark_evidence import (
    SLOPE,
    LandmarkEvidence,
    combined,
    landmark_evidence,
    site_evidence,
)
from aqfusion.sites.site import Day, DayPhoto, Site

NAN = math.nan


def history(days, slope=0.3, noise=0.05, seed=0):
    generator = np.random.default_rng(seed)
    extinction = generator.normal(1.2, 0.5, days)
    return extinction, 4.5 + slope * (extinction - 1.2) + generator.normal(0, noise, days)


def test_many_days_tell_their_own_slope():
    evidence = landmark_evidence(*history(60, slope=0.5), today=1.7, spread=0.3)
    assert evidence.slope == pytest.approx(0.5, abs=0.03)
    assert evidence.shift == pytest.approx(0.25, abs=0.04)
    assert evidence.days == 60


def test_two_equal_days_leave_the_prior():
    evidence = landmark_evidence(np.array([1.0, 1.0]), np.array([4.5, 4.5]), today=1.4)
    assert evidence.slope == pytest.approx(SLOPE)
    assert evidence.shift == pytest.approx(SLOPE * 0.4, abs=1e-6)


def test_more_days_are_surer():
    few, many = (landmark_evidence(*history(days), today=1.7) for days in (4, 40))
    assert many.std < few.std
    assert many.slope_std < few.slope_std


@pytest.mark.parametrize(
    ("extinction", "today"),
    [([1.0], 1.2), ([1.0, NAN, NAN], 1.2), ([1.0, 1.5, 1.3], NAN), ([], 1.0)],
)
def test_there_is_none_without_two_days_and_today(extinction, today):
    extinction = np.array(extinction)
    assert landmark_evidence(extinction, np.full(len(extinction), 4.5), today) is None


def test_unknown_days_change_nothing():
    extinction, log_aqi = history(10)
    gaps = landmark_evidence(np.append(extinction, NAN), np.append(log_aqi, 6.0), 1.5, level=4.5)
    assert gaps == landmark_evidence(extinction, log_aqi, 1.5, level=4.5)


def test_glare_does_not_turn_the_line_where_least_squares_fails():
    """Three of sixteen days have a glare that makes a clear landmark out of a hazy one."""
    extinction, log_aqi = history(16, slope=0.35, noise=0.08, seed=4)
    hazy = np.argsort(extinction)[-3:]
    extinction[hazy] -= 4.0
    least_squares = np.polyfit(extinction, log_aqi, 1)[0]
    evidence = landmark_evidence(extinction, log_aqi, today=1.8)
    assert least_squares < 0
    assert 0.15 < evidence.slope < 0.4
    assert evidence.shift > 0.1


def test_an_extinction_far_from_all_others_counts_as_a_high_one():
    days = history(12)
    glare, high = (landmark_evidence(*days, today=today) for today in (9.0, 3.9))
    assert glare.shift == pytest.approx(high.shift)


def test_intervals_hold_what_they_say():
    """Simulated sites with a seventh of all photos spoiled, 2 to 20 days: 90 % are within."""
    generator = np.random.default_rng(1)
    within = []
    for _ in range(600):
        days = int(generator.integers(3, 21))
        air = generator.normal(0, 0.5, days)
        slope = generator.normal(0.25, 0.1)
        log_aqi = 4.5 + slope * air + generator.normal(0, 0.3, days)
        spoiled = generator.random(days) < 1 / 7
        seen = 1.2 + air + spoiled * generator.normal(0, 1.5, days)
        evidence = landmark_evidence(seen[1:], log_aqi[1:], seen[0])
        error = log_aqi[0] - log_aqi[1:].mean() - evidence.shift
        within.append(abs(error) < 1.645 * evidence.std)
    assert 0.86 < np.mean(within) < 0.95


def test_days_with_a_landmark_that_were_above_the_level_lift_the_shift():
    days = history(30, noise=0.02)
    level = float(days[1].mean())
    same, lower = (landmark_evidence(*days, 1.2, level=one) for one in (level, level - 0.3))
    assert 0.2 < lower.shift - same.shift < 0.3


def test_the_factor_makes_the_opinion_into_the_evidence():
    evidence, spread = LandmarkEvidence(0.2, 0.3, 0.25, 0.1, 9), 0.45
    mean, std = evidence.factor(spread)
    precision = 1 / std**2 + 1 / spread**2
    assert mean / std**2 / precision == pytest.approx(evidence.shift)
    assert 1 / math.sqrt(precision) == pytest.approx(evidence.std)
    assert evidence.factor(0.3) is None


def test_landmarks_are_combined_as_standardised_ones():
    near = np.linspace(0.4, 0.8, 41)
    days, today = combined(np.stack([near, 5 * near], 1), np.array([0.8, NAN]))
    both, today_of_both = combined(np.stack([near, 5 * near], 1), np.array([0.8, 4.0]))
    assert days == pytest.approx(both)
    assert days[0] == pytest.approx(-days[-1])
    assert today == pytest.approx(today_of_both, rel=0.5)


def test_a_landmark_of_one_day_is_left_out():
    table = np.array([[0.4, NAN], [0.8, 2.0], [NAN, NAN]])
    days, today = combined(table, np.array([0.6, 9.0]))
    alone, today_alone = combined(table[:, :1], np.array([0.6]))
    assert np.array_equal(days, alone, equal_nan=True)
    assert today == today_alone
    days, today = combined(table[2:], np.array([0.6, 9.0]))
    assert np.isnan(days).all()
    assert math.isnan(today)


def day(aqi, date, hour=6, **extinction):
    photo = DayPhoto(f"{date}-{hour}", "m", (0.0,), 50.0, extinction) if extinction else None
    return Day(aqi, "monitor", datetime(2026, 3, date, hour, tzinfo=UTC), photo=photo)


TOWER = Landmark.from_boxes("tower", Box(0.4, 0.5, 0.5, 0.6))


def test_hours_of_one_date_are_one_day():
    days = (day(80, 1, 5, tower=0.8), day(80, 1, 9, tower=1.2), day(120, 2, tower=1.6), day(90, 3))
    evidence = site_evidence(Site("town", days=days, landmarks=(TOWER,)), {"tower": 1.4})
    assert evidence.days == 2
    assert evidence.shift > 0


def test_a_landmark_that_the_site_no_longer_has_says_nothing():
    days = (day(80, 1, mill=0.8), day(120, 2, mill=1.6))
    assert site_evidence(Site("town", days=days, landmarks=(TOWER,)), {"mill": 1.4}) is None
    assert site_evidence(Site("town", days=days), {"mill": 1.4}) is None
