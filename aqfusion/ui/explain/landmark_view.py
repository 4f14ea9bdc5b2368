"""The photo's landmarks and their extinction, in the explanation."""

import streamlit as st

from aqfusion.explain.landmark_picture import landmark_picture
from aqfusion.model.predict import Result
from aqfusion.ui import models
from aqfusion.ui.inputs import Given
from aqfusion.ui.plain import plain, plain_list
from aqfusion.ui.site.landmark_today import days_with_landmarks, meaning, table

_WHAT = (
    "Dark things far away turn pale in haze: minus the logarithm of their contrast to the sky is "
    "the light lost on the way. Orange is the landmark, blue the sky that it is held to."
)


def show(inputs: Given, result: Result) -> None:
    """Draw the photo with its landmarks, their extinction and evidence, where a site has any."""
    site, photo = inputs.model.site, inputs.photo
    if site is None or not site.landmarks or photo is None or inputs.usable is None:
        return
    with st.container(border=True, key="exhibit_landmarks"):
        st.subheader("What the landmarks say", anchor=False)
        st.markdown(_WHAT)
        extinctions = models.extinctions(site, photo)
        if extinctions.refused is not None:
            st.warning(plain(f"This photo is not measured: {extinctions.refused}."))
            return
        left, right = st.columns([6, 7], gap="medium")
        left.image(
            landmark_picture(photo.image, extinctions.sightings),
            width="stretch",
            alt="The photo with its landmarks: "
            + ", ".join(landmark.name for landmark in site.landmarks),
        )
        with right:
            st.html(table(extinctions).html("Landmarks in this photo"))
            if extinctions.refusals:
                st.warning(f"Not measured:\n{plain_list(extinctions.refusals, 20)}")
            st.markdown(meaning(result.landmarks, days_with_landmarks(site)))
