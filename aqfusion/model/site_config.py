"""What `config.json` says of sites: the learned places, temperatures, intervals and haze ranks."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from aqfusion.io.json_models import Names, Number, ReadAs, Rule
from aqfusion.model.array_math import Array
from aqfusion.model.haze_score import RANKS
from aqfusion.model.prediction import KINDS

ELSEWHERE, LEARNED = 0, 1
STANDINGS = ("elsewhere", "learned")
# Days of a site from which an interval of its own is fitted; at a learned place there is one.
DAY_STEPS = (0, 1, 2, 4, 8)

Temperature = Annotated[float, Rule("must be a number from 0.1 to 10", ge=0.1, le=10)]
Reach = Annotated[float, Rule("must be a number from 0 to 0.5", ge=0, le=0.5)]
_Steps = dict[str, dict[str, tuple[float, ...]]]
_StoredReach = Annotated[
    dict[str, Annotated[dict[str, tuple[Reach, ...]], Names(KINDS)]], Names(STANDINGS)
]


def _fit_steps(reach: _Steps) -> _Steps:
    for standing, steps in zip(STANDINGS, (len(DAY_STEPS), 1), strict=True):
        if any(len(of_kind) != steps for of_kind in reach[standing].values()):
            raise ValueError(f"must have {steps} numbers for each kind of {standing}")
    return reach


def _each_once(places: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(places)) < len(places):
        raise ValueError("must name each place once")
    return places


def _rising(ranks: tuple[float, ...]) -> tuple[float, ...]:
    if len(ranks) != RANKS or any(low > high for low, high in itertools.pairwise(ranks)):
        raise ValueError(f"must be {RANKS} numbers, none below the one before")
    return ranks


@dataclass(frozen=True)
class SiteConfig:
    """The sites in `config.json`.

    `places` are the names of the places that the process learned, in its order; `temperature` of
    the network's opinion elsewhere by kind of input; `reach` of the interval by standing, kind and
    step of `DAY_STEPS` (one step at learned places); `haze_ranks` the 101 percentiles of the AQI
    that held-out photos alone suggest.
    """

    places: Annotated[tuple[str, ...], ReadAs(tuple[str, ...], _each_once)]
    temperature: Annotated[dict[str, Temperature], Names(KINDS)]
    reach: Annotated[_Steps, ReadAs(_StoredReach, _fit_steps)]
    haze_ranks: Annotated[tuple[float, ...], ReadAs(tuple[Number, ...], _rising)]


def reach_by_standing(
    reach: Mapping[str, Mapping[str, Sequence[float]]], kind: Array, days: Array, standing: Array
) -> Array:
    """Half the interval's width in probability (B,), by numbers of kind and standing (B,)."""
    rows = zip(kind.tolist(), days.tolist(), standing.tolist(), strict=True)
    steps = [
        reach[STANDINGS[where]][KINDS[number]][0 if where == LEARNED else day_step(int(count))]
        for number, count, where in rows
    ]
    return np.array(steps, dtype=np.float64)


def day_step(days: int) -> int:
    """Which step of `DAY_STEPS` a number of days has reached."""
    return sum(step <= days for step in DAY_STEPS) - 1
