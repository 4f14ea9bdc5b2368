"""The pages of the app, the bar that leads to them, and the foot of each page."""

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager

from aqfusion.registry.version import number_of, title
from aqfusion.server import metrics
from aqfusion.ui import heavy_work
from aqfusion.ui.markup import plain

if TYPE_CHECKING:
    from aqfusion.model.predictor import Predictor

DISCLAIMER = (
    "AQFusion is a research demonstration. Its numbers are estimates: not an official index, "
    "and not medical advice. For decisions about your health, follow your local authority."
)


def run() -> None:
    """Draw the bar and run the page that the address names."""
    page = st.navigation(_pages(), position="top")
    with heavy_work.shown_busy("page"), metrics.page_run(page.url_path or "start"):
        page.run()


def ensure() -> None:
    """Bring a page that was reached without `app.py` under the bar.

    On a fresh server Streamlit serves the first visit to a file in `pages/` by itself, by its
    older scheme and without `app.py`. Declaring the pages once ends that for good; the rerun then
    goes through `app.py` to the same address.
    """
    if PagesManager.uses_pages_directory:
        st.navigation(_pages(), position="top")
        st.rerun()


def _pages() -> list[StreamlitPage]:
    # No icons: Streamlit fetches a page's icon from the internet to use it as favicon.
    predict = st.Page("pages/predict.py", title="Predict", url_path="predict")
    batch = st.Page("pages/batch.py", title="Batch", url_path="batch")
    explain = st.Page("pages/explain.py", title="Explain", url_path="explain")
    places = st.Page("pages/places.py", title="My places", url_path="places")
    stations = st.Page("pages/stations.py", title="Stations", url_path="stations")
    label = st.Page("pages/label.py", title="Label", url_path="label")
    review = st.Page("pages/review.py", title="Review", url_path="review")
    models = st.Page("pages/models.py", title="Models", url_path="models")
    evaluation = st.Page("pages/evaluation.py", title="Evaluation", url_path="evaluation")
    admin = st.Page("pages/admin.py", title="Admin", url_path="admin")

    def start() -> None:
        """Lead from the bare address to the first page, which Streamlit cannot serve at both."""
        st.switch_page(predict, query_params=st.query_params.to_dict())

    return [
        st.Page(start, default=True, visibility="hidden"),
        predict,
        explain,
        batch,
        places,
        stations,
        label,
        review,
        models,
        evaluation,
        admin,
    ]


def end(model: "Predictor | None" = None) -> None:
    """Close the page with the notes of every page and the name of the model."""
    st.caption(f"{_answered_by(model)} {DISCLAIMER}" if model else DISCLAIMER)


def _answered_by(model: "Predictor") -> str:
    backbone = model.checkpoint.config.architecture.backbone
    version = f", retrained: {title(model.name)}" if number_of(model.name) else ""
    return f"Model: {plain(backbone)}{plain(version)}."
