"""The card "Three backbones, one input" in Streamlit's own test runner."""

import re
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aqfusion.air.aqi import standard
from aqfusion.air.readings import Reading
from aqfusion.explain import model_comparison, saliency_process
from aqfusion.explain.photo_overlays import overlay
from aqfusion.explain.saliency import saliency_map
from aqfusion.images.photo import Photo
from aqfusion.model.photo_screening import PhotoScreening
from aqfusion.model.predictor import Predictor, load_model
from aqfusion.ui.explain import model_comparison_view
from aqfusion.ui.markup import data_url
from tests.planted import sky
from tests.planted_models import ship

SECONDS = 60


def card() -> None:
    """A page with a slider, a switch for the photo, and the card."""
    import streamlit as st

    from aqfusion.air.readings import Reading
    from aqfusion.images.photo import Photo
    from aqfusion.ui.deferred_parts import DeferredParts
    from aqfusion.ui.explain import model_comparison_view
    from tests.planted import sky

    pm25 = st.slider("pm25", 0.0, 500.0, 80.0, key="pm25")
    photo = (
        Photo.from_image(sky(200, seed=1, size=120))
        if st.toggle("photo", True, key="photo")
        else None
    )
    known = st.session_state.get("reading", True)
    parts = DeferredParts()
    reading = Reading(pm25=pm25) if known else Reading()
    model_comparison_view.render_model_comparison(photo, reading, parts=parts)
    parts.finish()


@pytest.fixture(scope="module")
def assets(tmp_path_factory, checkpoint_folder):
    return ship(tmp_path_factory.mktemp("assets"), checkpoint_folder)


@pytest.fixture
def page(assets, monkeypatch):
    monkeypatch.setattr("aqfusion.model.predictor.ASSETS", assets)
    monkeypatch.setattr(model_comparison, "ASSETS", assets)
    st.cache_resource.clear()
    yield AppTest.from_function(card, default_timeout=SECONDS).run()
    st.cache_resource.clear()  # planted models bear the names of shipped ones


def cards(page: AppTest) -> list[str]:
    assert not page.exception
    parts = [element.proto.body for element in page.get("html")]
    return [part for part in parts if "aq-contender" in part]


def summary(page: AppTest) -> str:
    return text(page.get("html")[0].proto.body)


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_every_model_has_a_column_and_a_broken_one_says_why(page, assets):
    mobilenet, resnet, efficientnet = cards(page)
    assert page.subheader[0].value == "Three backbones, one input"
    assert mobilenet.count("data:image/webp;base64,") == 1
    size = (assets / "models" / "resnet18" / "model.safetensors").stat().st_size / 1e6
    said = text(resnet)
    assert said.startswith("ResNet18 ")
    assert f"Size {size:.1f} MB Time for the photo" in said
    assert text(efficientnet).startswith("EfficientNet-B0 This model cannot be used: ")
    assert "sha256 must be" in efficientnet


def test_it_shows_what_the_models_say_and_how_far_they_agree(page):
    page.toggle(key="photo").set_value(False).run()
    mobilenet = text(cards(page)[0])
    fused = load_model("mobilenetv2_100").predict(Reading(pm25=80)).fused
    assert f"{fused.aqi} {fused.category.name} {fused.low} to {fused.high}" in mobilenet
    assert "No photo" in mobilenet
    assert "Weight of the photo 0 %" in mobilenet
    assert re.fullmatch(r"(They differ by|All models predict) .+\.", summary(page))


def test_a_moved_slider_predicts_anew_but_looks_at_nothing_again(page, monkeypatch):
    before = cards(page)
    monkeypatch.setattr(Predictor, "embed", pytest.fail)
    monkeypatch.setattr(saliency_process, "saliency_map", pytest.fail)
    page.slider(key="pm25").set_value(400.0).run()
    after = cards(page)
    assert [re.findall(r'src="[^"]+"', one) for one in after] == [
        re.findall(r'src="[^"]+"', one) for one in before
    ]
    assert number(after[0]) != number(before[0])


def test_method_and_target_reach_the_map(page):
    one, photo = model_comparison.contenders()[0], Photo.from_image(sky(200, seed=1, size=120))
    look = model_comparison.predict_with(one.predictor, photo)

    def picture(*asked: str) -> str:
        view = model_comparison_view.ModelView(one, photo, look, *asked)
        return model_comparison_view._state(view, True).picture

    heat = saliency_map(one.predictor, photo, "LayerCAM", "lowers")
    assert picture("LayerCAM", "lowers") == data_url(overlay(photo.image, heat, 0.5), quality=75)
    assert picture("LayerCAM", "lowers") != picture("GradCAM", "raises")


def number(html: str) -> str:
    return re.search(r'aria-label="AQI (\d+)"', html).group(1)


def test_a_model_whose_figures_explode_does_not_take_the_others_with_it(page, monkeypatch):
    predict = Predictor.predict

    def explode(of, *given, **named):
        if of.name == "resnet18":
            raise model_comparison.ModelError(
                "model resnet18 must give finite figures, got <others>"
            )
        return predict(of, *given, **named)

    monkeypatch.setattr(Predictor, "predict", explode)
    page.slider(key="pm25").set_value(90.0).run()
    mobilenet, resnet, _ = cards(page)
    assert number(mobilenet)
    assert "cannot be used: model resnet18 must give finite figures, got &lt;others&gt;" in resnet
    assert "nothing to compare" in summary(page)


def test_no_shipped_model_gets_a_sentence(monkeypatch, tmp_path):
    st.cache_resource.clear()
    monkeypatch.setattr("aqfusion.model.predictor.ASSETS", tmp_path)
    page = AppTest.from_function(card, default_timeout=SECONDS).run()
    assert not page.exception
    assert page.info[0].value == "No model is shipped with this installation."


@pytest.fixture(scope="module")
def result(checkpoint_folder):
    return load_model(checkpoint_folder).predict(Reading(pm25=80))


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((150, 164, 158), "They differ by at most 14 AQI points and predict 2 categories."),
        ((151, 152), "They differ by at most 1 AQI point and predict the same category."),
        ((160, 160), "All models predict the same AQI."),
        ((160,), "Fewer than two models give a prediction here, so there is nothing to compare."),
    ],
)
def test_one_sentence_tells_how_far_they_agree(result, numbers, sentence):
    results = [planted(result, aqi) for aqi in numbers]
    assert model_comparison_view.agreement(results) == sentence


def planted(result, aqi):
    category = standard("us").category_of(aqi)
    return replace(result, fused=replace(result.fused, aqi=aqi, category=category))


def test_a_model_that_refuses_the_photo_and_has_nothing_else_tells_no_number(page, monkeypatch):
    monkeypatch.setattr(PhotoScreening, "reason", lambda *_: "too <dark>")
    st.cache_resource.clear()  # how the photo looked before
    page.session_state["reading"] = False
    page.run()
    mobilenet = cards(page)[0]
    assert "aq-number" not in mobilenet
    assert text(mobilenet).endswith(
        "No AQI is predicted: the model leaves the photo out (too &lt;dark&gt;), and there is "
        "no other input."
    )
    assert "nothing to compare" in summary(page)


def test_a_photo_that_a_guard_refuses_is_told_with_its_reason(page, result):
    one = model_comparison.contenders()[0]
    refused = replace(result, photo_problem="too dark <here>")
    photo = Photo.from_image(sky(200, seed=1, size=120))
    seen = model_comparison_view.ComparisonState(
        model_comparison.predict_with(one.predictor, photo), "data:,"
    )
    told = model_comparison_view.card(one, model_comparison.ModelAgreement(refused, 0.4), seen)
    assert "The photo is left out: too dark &lt;here&gt;." in told
    assert "Prediction from the photo –" in text(told)
    assert "Time for the prediction under 1 ms" in text(told)
