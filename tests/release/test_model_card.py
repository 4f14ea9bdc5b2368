"""The card tells what a photo is worth at a place never seen, from the measured figures."""

import json

import pytest

from aqfusion.release.model_card import card
from aqfusion.settings import ASSETS
from tests.planted_metrics import planted_metrics

NAME = "mobilenetv2_100"
SAYS = "At a place that the model has never seen"


@pytest.fixture
def metrics():
    planted = planted_metrics()
    for protocol in planted["protocols"].values():
        for run in protocol["backbones"].values():
            run["guard"] = None
    return planted


def written(metrics):
    config = json.loads((ASSETS / "models" / NAME / "config.json").read_text(encoding="utf-8"))
    return card(NAME, config, metrics)


def test_card_says_what_a_photo_is_worth_at_a_new_place(metrics):
    (said,) = [line for line in written(metrics).splitlines() if line.startswith(SAYS)]
    assert "a photo alone is 112 AQI points" in said
    assert "the error of a constant prediction is 115" in said
    assert said.endswith(
        "With 1, 2, 4 and 8 known days of that place the error is 84, 75, 61 and 57; the error "
        "of the mean AQI of those days is 98, 81, 65 and 60. Without the photo the error is "
        "118, 87, 79, 61 and 60 with 0, 1, 2, 4 and 8 known days."
    )


@pytest.mark.parametrize("part", ["history", "history_baselines", "place"])
def test_card_is_otherwise_the_same_where_that_is_not_measured(metrics, part):
    with_it = written(metrics).split("\n")
    place = metrics["protocols"]["place"]
    if part == "place":
        del metrics["protocols"]["place"]
    else:
        (place if part in place else place["backbones"][NAME]).pop(part)
    without = written(metrics).split("\n")
    assert SAYS not in "\n".join(without)
    if part != "place":
        at = next(n for n, line in enumerate(with_it) if line.startswith(SAYS))
        assert without == with_it[: at - 1] + with_it[at + 1 :]
