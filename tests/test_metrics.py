"""What known days are worth: between measured steps, beyond them, and in words."""

import pytest

from aqfusion.errors import InputError
from aqfusion.metric_values import Estimate
from aqfusion.metrics import (
    HistoryBaseline,
    HistoryFigures,
    expected_rmse,
    read_metrics,
    rmse_after,
    unknown_place,
)
from tests.planted_metrics import planted_metrics, write_metrics

PHOTO = ((4, 61.4), (0, 112.4), (1, 84), (8, 57), (2, 75))


def known(days, rmse, kind="image_only"):
    error = Estimate(rmse, rmse - 20, rmse + 10)
    return HistoryFigures(kind, days, error, 1, 1, 1, 1, 1, 1, 1, 1)


def simple(method, days, rmse):
    return HistoryBaseline(method, days, Estimate(rmse, 0, 500))


HISTORY = (*(known(*step) for step in PHOTO), known(0, 7, "fused"), known(None, 9))


@pytest.mark.parametrize(
    ("days", "expected"), [(0, 112.4), (1, 84), (3, 68.2), (5, 60.3), (8, 57), (365, 57)]
)
def test_between_two_steps_lies_a_straight_line_and_after_the_last_a_level_one(days, expected):
    assert rmse_after(HISTORY, "image_only", days) == pytest.approx(expected)


def test_nothing_is_told_where_nothing_was_measured():
    assert rmse_after(HISTORY, "nothing", 3) is None
    assert rmse_after((known(2, 75), known(4, 61)), "image_only", 1) is None
    assert rmse_after((known(None, 75),), "image_only", 1) is None


def test_fewer_days_than_none_are_refused():
    with pytest.raises(InputError, match=r"^days must be >= 0, got -1$"):
        rmse_after(HISTORY, "image_only", -1)


def test_expected_rmse_is_of_places_that_were_left_out(tmp_path):
    whole = planted_metrics()
    del whole["protocols"]["place"]["backbones"]["resnet18"]
    metrics = read_metrics(write_metrics(tmp_path / "metrics.json", whole))
    assert expected_rmse(metrics, "mobilenetv2_100", "image_only", 0) == 112.4
    assert expected_rmse(metrics, "mobilenetv2_100", "fused", 6) == pytest.approx(42.0)
    assert expected_rmse(metrics, "resnet18", "fused", 6) is None


def test_unknown_place_is_told_beside_the_constant_and_the_mean_of_its_days():
    of_place = {1: 87, 2: 79, 4: 61, 8: 60}
    baselines = [simple("constant", 0, 114.7), simple("constant", 1, 99)]
    baselines += [simple("place_mean", days, rmse) for days, rmse in of_place.items()]
    assert unknown_place(HISTORY, baselines) == (
        "At a place that the model has never seen, its typical error from a photo alone is 112 "
        "AQI points (session RMSE; 95 % interval over places 92 to 122); the error of a constant "
        "prediction is 115. With 1, 2, 4 and 8 known days of that place the error is 84, 75, 61 "
        "and 57; the error of the mean AQI of those days is 87, 79, 61 and 60."
    )
    alone = (known(0, 110, "nothing"), known(8, 51, "nothing"))
    assert unknown_place((*HISTORY, *alone), baselines).endswith(
        " 61 and 60. Without the photo the error is 110 and 51 with 0 and 8 known days."
    )
    said = unknown_place(HISTORY, baselines[:3])
    assert said.endswith(
        "With 1, 2, 4 and 8 known days of that place the error is 84, 75, 61 and 57."
    )
    assert unknown_place(HISTORY[1:2], baselines).endswith(
        "the error of a constant prediction is 115."
    )


def test_nothing_is_said_without_the_constant_or_the_photo():
    assert unknown_place(HISTORY, [simple("constant", 1, 99)]) is None
    assert unknown_place((), [simple("constant", 0, 99)]) is None
