"""Extinction at a site's landmarks in the photo of the Predict page, or why there is none."""

import math

import streamlit as st

from aqfusion.evaluation.leave_one_day_out import ALL, NO_LANDMARKS, SiteDays
from aqfusion.explain.explanation_text import landmarks_sentence
from aqfusion.model.predictor import Predictor
from aqfusion.sites.extinction import Contrast, Extinctions, Sighting, VisualRange, visual_range
from aqfusion.sites.landmark_evidence import FEWEST_DAYS, LandmarkEvidence
from aqfusion.sites.site import Site
from aqfusion.ui import cached_models, photo_input
from aqfusion.ui.markup import plain, plain_list
from aqfusion.ui.sites import days_list
from aqfusion.ui.sites.own_sites import OwnSites
from aqfusion.ui.sites.save_days import taken_at
from aqfusion.ui.table import Cell, Column, Table

_COLUMNS = (
    Column("Landmark"),
    Column("Contrast to the sky", ".0%"),
    Column("Extinction", ".2f"),
    Column("Visual range"),
)


def render_landmark_reading(model: Predictor, own: OwnSites) -> None:
    """Draw what was measured, and what it means for the AQI here."""
    site = own.with_recent_days
    st.markdown("**Measurements in the photo on the Predict page**")
    photo = photo_input.current()
    if photo is None:
        st.caption("There is no photo on the Predict page.")
        return
    extinctions = cached_models.extinctions(site, photo)
    if extinctions.refused is not None:
        st.warning(plain(f"The landmarks in this photo cannot be measured: {extinctions.refused}."))
        return
    st.html(table(extinctions).html("Landmarks in this photo"))
    if extinctions.refusals:
        st.warning(f"Not measured:\n{plain_list(extinctions.refusals, 20)}", icon=":material/rule:")
    if extinctions.values:
        there = cached_models.at(model, site, taken_at(photo, site), extinctions.values)
        st.markdown(meaning(there.landmarks, days_with_landmarks(site)))
    st.caption(_worth(days_list.judged(model, site)))


def table(extinctions: Extinctions) -> Table:
    """A row for each landmark."""
    rows = (
        _row(number, sighting) for number, sighting in enumerate(extinctions.sightings, start=1)
    )
    return Table(_COLUMNS, tuple(rows))


def meaning(evidence: LandmarkEvidence | None, days: int) -> str:
    """The landmarks' evidence on the AQI, or the days that it still needs.

    >>> meaning(None, 1)
    'What this means for the AQI here can be estimated from 2 days with a photo and an AQI; \
so far there are 1.'
    """
    if evidence is not None:
        return landmarks_sentence(evidence)
    if days >= FEWEST_DAYS:
        return "According to the days so far, this is not evidence for any particular AQI here."
    return (
        f"What this means for the AQI here can be estimated from {FEWEST_DAYS} days with a photo "
        f"and an AQI; so far there are {days}."
    )


def range_in_words(sight: VisualRange) -> str:
    """The visual range with its interval.

    >>> range_in_words(VisualRange(0.4, 0.3, 0.5, 9.8, 7.8, 13.0, False))
    '9.8 km (7.8 to 13)'
    >>> range_in_words(VisualRange(0.0, 0.0, 0.1, None, 39.1, None, False))
    'at least 39 km'
    """
    if sight.is_hidden:
        return (
            "the landmark is hidden"
            if sight.km is None
            else f"at most {_km(sight.km)} km: the landmark is hidden"
        )
    if sight.km is None:
        return f"at least {_km(sight.low_km)} km"
    high = "no upper limit" if sight.high_km is None else _km(sight.high_km)
    return f"{_km(sight.km)} km ({_km(sight.low_km)} to {high})"


def _row(number: int, sighting: Sighting) -> tuple[Cell, ...]:
    name = f"{number}. {sighting.landmark.name}"
    if sighting.contrast is None:
        return name, "not measured"
    distance = sighting.landmark.distance_km
    range_text = "unknown distance" if distance is None else _range(sighting.contrast, distance)
    # A hidden landmark has the faintest contrast that counts, which is a bound.
    contrast = math.exp(-sighting.contrast.extinction)
    return name, contrast, sighting.contrast.extinction, range_text


def _range(contrast: Contrast, distance_km: float) -> str:
    return range_in_words(visual_range(contrast, distance_km))


def days_with_landmarks(site: Site) -> int:
    """The number of days with a photo in which a landmark of the site was measured."""
    names = {landmark.name for landmark in site.landmarks}
    return sum(1 for day in site.history if day.photo and names & {*day.photo.extinction})


def _worth(judged: SiteDays | None) -> str:
    """A sentence on whether the landmarks have helped with the days of the site."""
    if judged is None or NO_LANDMARKS not in judged.scores:
        return ""
    with_them, without = judged.scores[ALL].rmse, judged.scores[NO_LANDMARKS].rmse
    return (
        "They are used together with the measured days of this place. With each of "
        f"{len(judged.days)} days predicted from the others, the error is {with_them:.0f} with "
        f"the landmarks and {without:.0f} without them."
    )


def _km(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"
