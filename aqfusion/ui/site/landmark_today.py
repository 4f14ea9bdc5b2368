"""What the photo on the Predict page tells at a place's landmarks, or why it does not."""

import math

import streamlit as st

from aqfusion.photo import Photo
from aqfusion.sites.contrast import Contrast
from aqfusion.sites.extinction import Extinctions, Sighting, extinctions
from aqfusion.sites.landmark_evidence import FEWEST_DAYS, Evidence, site_evidence
from aqfusion.sites.landmark_trial import LandmarkTrial, landmark_trial
from aqfusion.sites.site import Site
from aqfusion.sites.visual_range import VisualRange, visual_range
from aqfusion.ui import photo_input
from aqfusion.ui.plain import plain, plain_list
from aqfusion.ui.table import Cell, Column, Table

_SEEN = "mysite_seen"
_Z90 = 1.645
_COLUMNS = (
    Column("Landmark"),
    Column("Contrast to the sky", ".0%"),
    Column("Extinction", ".2f"),
    Column("Visual range"),
)


def show(site: Site) -> None:
    """Draw what was measured, and what it means for the AQI here."""
    st.markdown("**What the photo on the Predict page tells at them**")
    photo = photo_input.current()
    if photo is None:
        st.caption("There is no photo on the Predict page.")
        return
    found = seen(site, photo)
    if found.refused is not None:
        st.warning(plain(f"This photo is not measured: {found.refused}."))
        return
    st.html(Table(_COLUMNS, tuple(map(_row, found.sightings))).html("Landmarks in this photo"))
    if found.refusals:
        st.warning(f"Not measured:\n{plain_list(found.refusals, 20)}", icon=":material/rule:")
    if found.values:
        st.markdown(meaning(site_evidence(site, found.values), _days(site)))
    st.caption(f"{_worth(landmark_trial(site))}This stands beside the answer and does not move it.")


def seen(site: Site, photo: Photo) -> Extinctions:
    """The photo at the landmarks, looked for once: it takes half a second."""
    kept = st.session_state.get(_SEEN)
    key = (site.reference, site.landmarks, photo.digest)
    if kept is None or kept[0] != key:
        kept = (key, extinctions(site, photo))
        st.session_state[_SEEN] = kept
    found: Extinctions = kept[1]
    return found


def meaning(evidence: Evidence | None, days: int) -> str:
    """What the landmarks say of the AQI, beside what is usual at the place.

    >>> meaning(Evidence(0.0, 0.2, 0.25, 0.1, 5), 5)
    'By 5 days with both, the haze at the landmarks speaks for 1.0 times the usual AQI of this \
place, in nine cases of ten between 0.7 and 1.4 times.'
    >>> meaning(None, 1)
    'What that means for the AQI here is told from 2 days with a photo and an AQI on; so far 1.'
    """
    if evidence is None:
        return (
            f"What that means for the AQI here is told from {FEWEST_DAYS} days with a photo and "
            f"an AQI on; so far {days}."
        )
    low, middle, high = (
        math.exp(evidence.shift + side * _Z90 * evidence.std) for side in (-1, 0, 1)
    )
    return (
        f"By {evidence.days} days with both, the haze at the landmarks speaks for {middle:.1f} "
        f"times the usual AQI of this place, in nine cases of ten between {low:.1f} and "
        f"{high:.1f} times."
    )


def range_in_words(told: VisualRange) -> str:
    """The visual range with its interval.

    >>> range_in_words(VisualRange(0.4, 0.3, 0.5, 9.8, 7.8, 13.0, False))
    '9.8 km (7.8 to 13)'
    >>> range_in_words(VisualRange(0.0, 0.0, 0.1, None, 39.1, None, False))
    'at least 39 km'
    """
    if told.is_hidden:
        return "it is hidden" if told.km is None else f"at most {_km(told.km)} km: it is hidden"
    if told.km is None:
        return f"at least {_km(told.low_km)} km"
    high = "no end" if told.high_km is None else _km(told.high_km)
    return f"{_km(told.km)} km ({_km(told.low_km)} to {high})"


def _row(one: Sighting) -> tuple[Cell, ...]:
    if one.contrast is None:
        return one.landmark.name, "not measured"
    distance = one.landmark.distance_km
    told = "distance not known" if distance is None else _range(one.contrast, distance)
    # A hidden landmark has the faintest contrast that counts, which is a bound.
    contrast = math.exp(-one.contrast.extinction)
    return one.landmark.name, contrast, one.contrast.extinction, told


def _range(contrast: Contrast, distance_km: float) -> str:
    return range_in_words(visual_range(contrast, distance_km))


def _days(site: Site) -> int:
    names = {one.name for one in site.landmarks}
    return sum(1 for day in site.history if day.photo and names & {*day.photo.extinction})


def _worth(trial: LandmarkTrial | None) -> str:
    """Whether the landmarks have helped with the days that have them."""
    if trial is None:
        return ""
    return (
        f"Each of {trial.days} days told from the others: error {trial.landmarks:.0f} with the "
        f"landmarks, {trial.level:.0f} by the level of the other days alone. "
    )


def _km(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"
