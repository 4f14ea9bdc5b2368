"""The days of a site with the prediction of each by the others, and the gain by more days."""

from collections.abc import Mapping, Sequence

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError
from aqfusion.evaluation.leave_one_day_out import (
    ALL,
    LEAST_DAYS,
    MEAN,
    NO_HISTORY,
    LeftOutDay,
    SiteDays,
    leave_one_day_out,
)
from aqfusion.metric_values import Estimate
from aqfusion.metrics import HistoryFigures, steps
from aqfusion.model.predictor import Predictor
from aqfusion.sites.site import Day, Site
from aqfusion.ui import cached_metrics
from aqfusion.ui.labels import flash
from aqfusion.ui.sites import own_sites, save_days
from aqfusion.ui.table import Column, Table

_KINDS = {"image_only": "Photo only", "fused": "Photo and readings"}


def render_more_days(model: Predictor, days: int) -> None:
    """Draw it where it was measured; nothing without metrics."""
    history = _history(model.checkpoint.config.architecture.backbone)
    if not history:
        return
    errors = {n: figures.session_rmse.value for n, figures in steps(history, "image_only").items()}
    st.markdown(f"**How many days are enough?** {sentence(errors, days)}")
    st.html(history_table(history).html("Error by the number of known days"))


def sentence(errors: Mapping[int, float], days: int) -> str:
    """The gain of the days for a photo, and of the next step; `errors` by known days.

    >>> sentence({0: 104, 1: 84, 4: 61}, 2)
    'At places that the model was not trained on, the error of a photo was 104 without any day, \
84 with 1. With 4 days it was 61.'
    >>> sentence({0: 104, 4: 61}, 9)
    'At places that the model was not trained on, the error of a photo was 104 without any day, \
61 with 4. More days were not tested.'
    """
    now = max((number for number in errors if number <= days), default=0)
    more = [number for number in errors if number > days]
    phrases = [f"{errors[0]:.0f} without any day"] if 0 in errors else []
    phrases += [f"{errors[now]:.0f} with {now:d}"] if now > 0 else []
    next_step = (
        f"With {more[0]:d} day{'' if more[0] == 1 else 's'} it was {errors[more[0]]:.0f}."
        if more
        else "More days were not tested."
    )
    clause = f", the error of a photo was {', '.join(phrases)}." if phrases else ":"
    return f"At places that the model was not trained on{clause} {next_step}"


def history_table(history: Sequence[HistoryFigures]) -> Table:
    """One row for each number of days."""
    steps_by_kind = [steps(history, kind) for kind in _KINDS]
    numbers = sorted({number for by_days in steps_by_kind for number in by_days})
    rows = tuple(
        (
            number,
            *(
                by_days[number].session_rmse if number in by_days else None
                for by_days in steps_by_kind
            ),
        )
        for number in numbers
    )
    titles = (Column(f"{title}: error", ".0f") for title in _KINDS.values())
    return Table((Column("Known days", ".0f"), *titles), rows)


def _history(backbone: str) -> Sequence[HistoryFigures]:
    """Metrics of the place protocol that apply: with a photo alone, by number of days."""
    try:
        run = cached_metrics.metrics().run("place", backbone)
    except InputError:
        return ()
    history = () if run is None else run.history
    return history if steps(history, "image_only") else ()


PLACE = "mysite_days"
MOST_ASKED = 60  # the last days: each is a question to the model
_JUDGED, _REMOVED, _DAY = "mysite_judged", "mysite_removed", "mysite_day_chosen"
_COLUMNS = (
    Column("Day"),
    Column("Measured", ".0f"),
    Column("Predicted from the other days", ".0f"),
    Column("Mean of the other days", ".0f"),
    Column("As an unknown place", ".0f"),
    Column("Haze score of the photo", ".0f"),
    Column("Source"),
)
_FEW = 3


def render_days_list(model: Predictor, own: own_sites.OwnSites, moved: str | None) -> None:
    """Draw the table, the errors, and the way to take a day out."""
    site = own.site
    if not site.days:
        st.info("There are no days yet. The first three or four days change the prediction most.")
    else:
        site_days = judged(model, own.with_recent_days)
        st.markdown(_sentence(site_days))
        st.html(days_table(own.with_recent_days, site_days).html("Measured days of this place"))
        if len(site.history) > MOST_ASKED:
            st.caption(f"Predictions are shown for the last {MOST_ASKED} days.")
        if len(site.days) > own_sites.MOST_ASKED:
            st.caption(
                f"Only the last {own_sites.MOST_ASKED} days are shown here and used in the "
                "prediction."
            )
    _take_out(own)
    save_days.render_adding(PLACE, moved)
    render_more_days(model, site.day_count)


def days_table(site: Site, judged: SiteDays | None) -> Table:
    """One row for each day, the newest first."""
    held_out_days = judged.days if judged else ()
    counted = [number for number, day in enumerate(site.days, start=1) if day.counts]
    by_number = dict(zip(counted[len(counted) - len(held_out_days) :], held_out_days, strict=True))
    rows = []
    for number, day in reversed([*enumerate(site.days, start=1)]):
        held_out_day = by_number.get(number)
        rows.append(
            (
                title(site, day, number),
                day.aqi,
                _estimate(held_out_day, ALL),
                None if held_out_day is None else held_out_day.predictions[MEAN][0],
                _estimate(held_out_day, NO_HISTORY),
                None if day.photo is None else day.photo.haze,
                day.source if day.counts else f"{day.source}, {_index(day)}: does not count",
            )
        )
    return Table(_COLUMNS, tuple(rows))


def title(site: Site, day: Day, number: int) -> str:
    """A day as people name it, on the clock of its place."""
    if day.taken_at is None:
        return f"Day {number}, date not known"
    local = day.taken_at.astimezone(site.zone) if site.zone else day.taken_at
    return f"{local.day} {local:%b %Y, %H:%M}"


def _estimate(held_out_day: LeftOutDay | None, method: str) -> Estimate | None:
    if held_out_day is None or method not in held_out_day.predictions:
        return None
    return Estimate(*held_out_day.predictions[method])


def _sentence(judged: SiteDays | None) -> str:
    if judged is None or ALL not in judged.scores:
        return (
            "Add a second day: then each day can be predicted from the others, as if it were "
            "unknown."
        )
    scores = judged.scores
    few = " There are too few days to be certain of this." if judged.dates < _FEW else ""
    inside = sum(
        low <= held_out_day.day.aqi <= high
        for held_out_day in judged.days
        for _, low, high in [held_out_day.predictions[ALL]]
    )
    return (
        f"Each day is left out in turn and predicted. The error is **{scores[ALL].rmse:.0f}** "
        f"from the other days, {scores[MEAN].rmse:.0f} from their mean alone and "
        f"{scores[NO_HISTORY].rmse:.0f} as an unknown place (root mean square error over "
        f"{len(judged.days)} days, in points of AQI); {inside} of {len(judged.days)} lie in the "
        f"interval.{few}"
    )


def judged(model: Predictor, site: Site) -> SiteDays | None:
    """Each of the last days predicted from the others; again only when model or days changed."""
    if site.day_count < LEAST_DAYS or model.checkpoint.sites is None:
        return None
    kept = st.session_state.get(_JUDGED)
    if kept is None or kept[:2] != (model.checkpoint.sha256, site):
        kept = (model.checkpoint.sha256, site, leave_one_day_out(model, site, most=MOST_ASKED))
        st.session_state[_JUDGED] = kept
    site_days: SiteDays = kept[2]
    return site_days


def _take_out(own: own_sites.OwnSites) -> None:
    site = own.site
    removed = st.session_state.get(_REMOVED)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if site.days:
            numbers = list(range(len(site.days), 0, -1))
            chosen = st.selectbox(
                "Day to remove",
                numbers,
                format_func=lambda number: (
                    f"{title(site, site.days[number - 1], number)}: "
                    f"AQI {site.days[number - 1].aqi:.0f}"
                ),
                key=f"{_DAY}_{len(site.days)}",
                width=320,
            )
            st.button(
                "Remove this day",
                key="mysite_remove_day",
                icon=":material/delete:",
                on_click=_remove,
                args=(own, site.days[chosen - 1]),
            )
        if removed is not None and removed[0] == own.key:
            st.button(
                "Undo: restore the last removed day",
                key="mysite_undo",
                icon=":material/undo:",
                on_click=_undo,
                args=(own, removed[1]),
            )


def _remove(own: own_sites.OwnSites, day: Day) -> None:
    def work() -> str:
        own_sites.remove_day(own.key, day)
        st.session_state[_REMOVED] = (own.key, day)
        return "The day was removed"

    save_days.acted(PLACE)
    flash.run_with_flash(PLACE, work)


def _undo(own: own_sites.OwnSites, day: Day) -> None:
    def work() -> str:
        own_sites.add_days(own.key, [day])
        st.session_state.pop(_REMOVED, None)
        return "The day was restored"

    save_days.acted(PLACE)
    flash.run_with_flash(PLACE, work)


def _index(day: Day) -> str:
    return standard(day.standard).short_name
