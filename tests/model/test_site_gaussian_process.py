"""The site process: exact where it can be worked out, and sensible where days speak."""

from datetime import datetime

import pytest
import torch

from aqfusion.model.bins import quantiles
from aqfusion.model.site_config import DAY_STEPS, day_step
from aqfusion.model.site_process import clock_days
from aqfusion.network import torch_bins as bins
from aqfusion.network.site_gaussian_process import Axis, ProcessDays, SiteProcess
from aqfusion.network.site_modules import SitePosterior
from aqfusion.training.site_process_training import fitted_site_process
from tests.planted_sites import LEVELS, training_days

NONE, ALL = torch.zeros(6, dtype=torch.bool), torch.ones(6, dtype=torch.bool)
NEW = len(LEVELS)
UNKNOWN = torch.full((1, 6), float("nan"), dtype=torch.float64)


@pytest.fixture(scope="module")
def process() -> SiteProcess:
    return fitted_site_process(training_days())


def days(
    *aqi: float, place: int = NEW, apart: float = 30.0, readings: float | None = None
) -> ProcessDays:
    count = len(aqi)
    given = torch.full((count, 6), float("nan") if readings is None else readings)
    return ProcessDays(
        torch.tensor(aqi, dtype=torch.float64),
        given.double(),
        apart * torch.arange(count).double(),
        torch.full((count,), place),
    )


def told(process: SiteProcess, history: ProcessDays, time: float = float("nan")) -> torch.Tensor:
    known = SitePosterior(process, history, NEW)
    return known.log_probabilities(UNKNOWN, torch.tensor([time], dtype=torch.float64)).exp()


def mean(process: SiteProcess, history: ProcessDays, time: float = float("nan")) -> float:
    return bins.mean(told(process, history, time)).item()


def width(process: SiteProcess, history: ProcessDays) -> float:
    masses = told(process, history)
    high, low = quantiles(masses.numpy(), 0.95, 0.05)
    return (high - low).item()


def test_what_is_told_is_a_distribution(process):
    for history in (ProcessDays.none(), days(15.0), days(480.0, 470.0, 490.0)):
        masses = told(process, history)
        assert masses.sum().item() == pytest.approx(1)
        assert float(masses.min()) > 0


@pytest.mark.parametrize("level", [40.0, 150.0, 400.0])
def test_days_of_the_place_move_the_answer_to_its_level_and_narrow_it(process, level):
    everywhere = mean(process, ProcessDays.none())
    off = [abs(mean(process, days(*[level] * count)) - level) for count in (1, 3, 8)]
    assert abs(everywhere - level) > off[0] > off[1] > off[2]
    widths = [width(process, days(*[level] * count)) for count in (1, 3, 8)]
    assert width(process, ProcessDays.none()) > widths[0] > widths[1] > widths[2]


def test_days_of_other_places_say_nothing_of_this_one(process):
    there = days(450.0, 460.0, 440.0, place=NEW + 1)
    assert mean(process, there) == pytest.approx(mean(process, ProcessDays.none()), abs=8)


def test_yesterday_says_more_than_last_year(process):
    history = days(60.0, 60.0, 60.0, 200.0)  # the last one on day 90
    assert mean(process, history, 90.5) > mean(process, history, 400.0) + 5
    assert mean(process, history, 400.0) == pytest.approx(mean(process, history), abs=0.01)


def test_days_without_a_time_count_for_the_level_alone(process):
    dated = days(300.0, 310.0)
    undated = ProcessDays(dated.aqi, dated.readings, dated.time * float("nan"), dated.place)
    assert mean(process, undated) == pytest.approx(mean(process, dated), rel=0.05)


def test_each_day_left_out_is_told_as_if_it_had_never_been(process):
    known = training_days()
    for shown in (NONE, ALL):
        off = process.leave_one_out(known, shown)
        for number in (0, 5, 11):
            keep = torch.arange(len(known.aqi)) != number
            solved = process.solve(known.where(keep), shown)
            one = known.where(~keep)
            place = int(one.place[0])
            center, std = process.predict(solved, one.readings, shown, one.time, place)
            target = process.axis(shown).from_aqi(one.aqi)
            spread = process.spread[int(shown.sum())]
            expected = (target - center) / (std / spread)
            assert off[number].item() == pytest.approx(expected.item(), abs=1e-6)


def test_readings_mean_at_a_place_what_its_days_say_they_mean(process):
    """At a place whose AQI is twice what its readings suggest elsewhere, days correct that."""
    share = torch.tensor([0.6, 1.0, 0.2, 0.01, 0.05, 0.2], dtype=torch.float64)
    aqi = torch.tensor([100.0, 140.0, 180.0, 220.0], dtype=torch.float64)
    history = ProcessDays(
        2 * aqi, aqi[:, None] * share, 30 * torch.arange(4).double(), torch.full((4,), 3)
    )
    asked, time = 160.0 * share[None], torch.tensor([float("nan")]).double()
    without, taught = (
        bins.mean(SitePosterior(process, one, 3).log_probabilities(asked, time).exp()).item()
        for one in (ProcessDays.none(), history)
    )
    assert without == pytest.approx(160, abs=25)
    assert taught == pytest.approx(320, abs=40)


def test_a_day_without_readings_still_says_something_where_readings_are_known(process):
    share = torch.tensor([0.6, 1.0, 0.2, 0.01, 0.05, 0.2], dtype=torch.float64)
    asked, time = 100.0 * share[None], torch.tensor([float("nan")]).double()
    without, with_days = (
        bins.mean(SitePosterior(process, one, NEW).log_probabilities(asked, time).exp()).item()
        for one in (ProcessDays.none(), days(400.0, 410.0, 390.0))
    )
    assert without + 3 < with_days < 380


def test_fewer_readings_say_less():
    process = fitted_site_process(training_days())
    assert float(process.spread.min()) >= 0.7
    assert process.spread.shape == (7,)


def test_a_process_that_learned_no_day_still_hears_those_of_the_place(process):
    bare = SiteProcess(ProcessDays.none(), process.theta)
    known = SitePosterior(bare, days(200.0, 210.0, place=0), 0)
    masses = known.log_probabilities(UNKNOWN, torch.tensor([float("nan")]).double()).exp()
    assert bins.mean(masses).item() == pytest.approx(200, abs=30)


def test_an_axis_has_slope_one_at_its_centre_and_keeps_order():
    for power in (0.0, 0.5):
        axis = Axis(power)
        near = axis.from_aqi(torch.tensor([130.0, 130.0 * 1.001], dtype=torch.float64))
        assert near[0].item() == pytest.approx(0)
        assert near[1].item() == pytest.approx(0.001, rel=1e-2)
        assert (axis.from_aqi(torch.arange(5.0, 500.0)).diff() > 0).all()


def test_local_clock_times_are_days_and_unknown_ones_are_not():
    assert clock_days(datetime(1970, 1, 2, 12)) == 1.5
    assert clock_days(None) != clock_days(None)


def test_a_number_of_days_reaches_the_step_below_it():
    assert [day_step(number) for number in (0, 1, 2, 3, 4, 7, 8, 300)] == [0, 1, 2, 2, 3, 3, 4, 4]
    assert len(DAY_STEPS) == 5
