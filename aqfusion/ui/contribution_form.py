"""A visitor may offer the photo they gave, with its readings and a guess; only if they agree.

The label store, whose libraries take a second to load, is opened when somebody offers, not before.
"""

import secrets
from contextlib import suppress

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.server.client_address import client_address
from aqfusion.ui import consent, heavy_work, photo_input
from aqfusion.ui.inputs import CurrentPrediction, PredictionInputs
from aqfusion.ui.labels import flash

_SESSION = "contribute_session"
_DONT_KNOW = "I don't know"
_MEASURED = "contribute_readings"  # the fragment that asks whether they were measured


def redrawn(inputs: PredictionInputs) -> tuple[str, ...]:
    """The keys of the fragments that a moved slider changes."""
    return (_MEASURED,) if _is_drawn(inputs) else ()


def render_contribution_form(prediction: CurrentPrediction) -> None:
    """Draw the offer under a photo of the visitor's own; nothing under a sample."""
    photo = prediction.inputs.photo
    if photo is not None and _is_drawn(prediction.inputs):
        with st.expander("Contribute this photo to AQFusion", key="contribute"):
            _form(prediction, photo)


def _is_drawn(inputs: PredictionInputs) -> bool:
    return inputs.photo is not None and photo_input.is_own()


@st.fragment
@heavy_work.shown_busy("contribute")
def _form(prediction: CurrentPrediction, photo: Photo) -> None:
    st.markdown(consent.consent().text)
    names = [category.name for category in standard("us").categories]
    st.selectbox(
        "Which category fits the air in this photo?",
        [_DONT_KNOW, *names],
        key=_key("guess", photo),
        width=320,
    )
    _measured(prediction, photo)
    st.checkbox(
        "I agree to this text, and I have the right to share this photo.",
        key=_key("consent", photo),
    )
    st.button(
        "Contribute",
        key=_key("give", photo),
        icon=":material/volunteer_activism:",
        on_click=_give,
        args=(prediction, photo),
    )
    flash.render_flash(_key("told", photo))


@st.fragment(key=_MEASURED)
@heavy_work.shown_busy("measured")
def _measured(prediction: CurrentPrediction, photo: Photo) -> None:
    prediction.update()
    inputs = prediction.inputs
    # An example is no measurement, and what has no unit cannot be kept with one.
    if inputs.reading.present and not inputs.unstated:
        st.checkbox(
            "The readings in the sliders were measured at this place and time: store them with "
            "the photo.",
            key=_key("measured", photo),
        )


def _give(prediction: CurrentPrediction, photo: Photo) -> None:
    state, inputs = st.session_state, prediction.inputs
    place = _key("told", photo)
    if not state.get(_key("consent", photo)):
        flash.set_flash(
            place, "Nothing was stored: first tick the box to agree to the text", good=False
        )
        return
    guess = state.get(_key("guess", photo), _DONT_KNOW)
    reading = inputs.reading if state.get(_key("measured", photo)) else Reading()
    session = state.setdefault(_SESSION, secrets.token_urlsafe(24))

    def work() -> str:
        _offer(inputs, photo, reading, guess, session)
        return "Thank you. An expert will check your photo before anybody labels it"

    flash.run_with_flash(place, work, refused="Nothing was stored: ")


def _offer(
    inputs: PredictionInputs, photo: Photo, reading: Reading, guess: str, session: str
) -> None:
    from aqfusion.images.perceptual_hash import perceptual_hash
    from aqfusion.labels.answer import Answer
    from aqfusion.labels.contributions import Contribution
    from aqfusion.model.predictor import NothingKnownError
    from aqfusion.ui.labels import store_session

    names = [category.name for category in standard("us").categories]
    view = None
    with suppress(NothingKnownError):  # a refused photo without readings
        prediction = inputs.model.predict(reading, inputs.embedding, trust_photo=inputs.trusted)
        view = inputs.model.item_prediction(prediction)
    offer = Contribution(
        photo,
        reading,
        consent.consent().id,
        None if guess == _DONT_KNOW else Answer(category=names.index(guess)),
        view,
        f"{perceptual_hash(photo) % 2**64:016x}",
        consent.LICENCE,
    )
    store_session.reached().offers.offer(session, offer, store_session.now(), client_address())


def _key(name: str, photo: Photo) -> str:
    """A widget's key: an entry for one photo is not kept for the next."""
    return f"contribute_{name}_{photo.digest[:16]}"
