"""How good an answer is by the number of days that are known of the place.

Errors and widths are in AQI points, shares run from 0 to 1; `days` is `None` where all of the
place's days in other folds are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from aqfusion.errors import InputError
from aqfusion.figures import KINDS, Estimate
from aqfusion.io.json_models import Count, ReadAs, Rule, Share, Size, Text, one_of

NOTHING = "nothing"
HISTORY_KINDS = (*KINDS, NOTHING)
_MOST_DAYS = 1_000_000


def _not_negative(error: Estimate) -> Estimate:
    if min(error.value, error.low) < 0:
        raise ValueError("must be 0 or more")
    return error


_Error = Annotated[Estimate, ReadAs(Estimate, _not_negative)]
_Days = Annotated[int, Rule(f"must be a whole number from 0 to {_MOST_DAYS}", ge=0, le=_MOST_DAYS)]
_Kind = Annotated[str, one_of(HISTORY_KINDS)]


@dataclass(frozen=True)
class HistoryFigures:
    """One kind of input; with `nothing` the place's days alone answer.

    `session_rmse` has its interval over places; `network` and `site` are the session RMSE of each
    alone; `coverage` and `width` are of the 90 % interval. A mean over `places` that weigh alike
    (0: over sessions), each over up to `draws` choices of the known days.
    """

    kind: _Kind
    days: _Days | None
    session_rmse: _Error
    network: Size
    site: Size
    rmse: Size
    accuracy: Share
    coverage: Share
    width: Size
    draws: Count
    places: Count


@dataclass(frozen=True)
class HistoryBaseline:
    """A simpler method on the same days."""

    method: Text
    days: _Days | None
    session_rmse: _Error


def each_once(entries: tuple[HistoryFigures, ...] | None) -> tuple[HistoryFigures, ...]:
    """Refuse figures that tell a kind of input and number of days twice; `ValueError`."""
    entries = entries or ()
    if len({(entry.kind, entry.days) for entry in entries}) < len(entries):
        raise ValueError("must tell each kind and number of days once")
    return entries


def each_baseline_once(entries: tuple[HistoryBaseline, ...] | None) -> tuple[HistoryBaseline, ...]:
    """Refuse baselines that tell a method and number of days twice; `ValueError`."""
    entries = entries or ()
    if len({(entry.method, entry.days) for entry in entries}) < len(entries):
        raise ValueError("must tell each method and number of days once")
    return entries


def steps(history: Sequence[HistoryFigures], kind: str) -> dict[int, HistoryFigures]:
    """The figures of one kind of input by known days, fewest first."""
    found = {one.days: one for one in history if one.kind == kind and one.days is not None}
    return dict(sorted(found.items()))


def baseline_steps(baselines: Sequence[HistoryBaseline], method: str) -> dict[int, Estimate]:
    """The session RMSE of one simpler method by known days, fewest first."""
    found = {
        one.days: one.session_rmse
        for one in baselines
        if one.method == method and one.days is not None
    }
    return dict(sorted(found.items()))


def rmse_after(history: Sequence[HistoryFigures], kind: str, days: int) -> float | None:
    """Session RMSE with so many known days; a straight line lies between two measured steps.

    After the last step it stays as it is: nothing is promised that was not measured. `None` where
    nothing is measured with so few days; `InputError` for fewer than none.
    """
    if days < 0:
        raise InputError(f"days must be >= 0, got {days}")
    found = steps(history, kind)
    before = [step for step in found if step <= days]
    after = [step for step in found if step > days]
    if not before:
        return None
    low = found[before[-1]].session_rmse.value
    if not after:
        return low
    share = (days - before[-1]) / (after[0] - before[-1])
    return low + share * (found[after[0]].session_rmse.value - low)


def unknown_place(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> str | None:
    """Say what a photo alone is worth at a place never seen, and what that place's days add."""
    photo, constant = steps(history, "image_only"), baseline_steps(baselines, "constant")
    if 0 not in photo or 0 not in constant:
        return None
    without = steps(history, NOTHING)
    first = photo.pop(0).session_rmse
    alone = f" Without the photo {_errors(without)}." if without else ""
    said = (
        f"At a place that the model has never seen, its typical error from a photo alone is "
        f"{first.value:.0f} AQI points (session RMSE; 95 % interval over places {first.low:.0f} to "
        f"{first.high:.0f}); always giving the same answer is off by {constant[0].value:.0f}."
    )
    if not photo:
        return said + alone
    more = joined([f"{one.session_rmse.value:.0f}" for one in photo.values()])
    said += f" With {joined(list(map(str, photo)))} known days of that place it is {more}"
    means = baseline_steps(baselines, "place_mean")
    if not all(step in means for step in photo):
        return f"{said}.{alone}"
    levels = joined([f"{means[step].value:.0f}" for step in photo])
    return f"{said}; the mean AQI of those days is off by {levels}.{alone}"


def _errors(without: Mapping[int, HistoryFigures]) -> str:
    """Say how far off the model is where it is shown nothing but the place's days."""
    days = joined([str(count) for count in without])
    errors = joined([f"{one.session_rmse.value:.0f}" for one in without.values()])
    return f"the model is off by {errors} with {days} known days"


def joined(words: Sequence[str]) -> str:
    """List words as a sentence does.

    >>> joined(["1", "2", "4"]), joined(["1"])
    ('1, 2 and 4', '1')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
