"""Predictions from any mix of inputs, and the laws that every one of them keeps."""

import io
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aqfusion import Photo, load_model
from aqfusion.air.aqi import standard
from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.model.config import ModelError
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import NothingKnownError, PhotoRefusedError, Predictor, Result
from aqfusion.network.checkpoint import load_checkpoint, served, trained
from aqfusion.network.photo_screen import PhotoScreen
from tests.planted import sky

READING = Reading(pm25=180, pm10=260, o3=20, co=2.0, so2=9, no2=45)
PHOTO = Photo.from_image(sky(300, seed=1))
NAMES = [category.name for category in standard("us").categories]


@pytest.fixture(scope="module")
def predictor(checkpoint_folder: Path) -> Predictor:
    return load_model(checkpoint_folder)


def predictions(result: Result) -> list[Prediction]:
    return [p for p in (result.fused, result.image_only, result.sensors_only) if p is not None]


def assert_lawful(prediction: Prediction) -> None:
    assert 0 <= prediction.low <= prediction.aqi <= prediction.high <= 500
    assert prediction.category == standard("us").category_of(prediction.aqi)
    assert list(prediction.probabilities) == NAMES
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert min(prediction.probabilities.values()) >= 0


def test_every_subset_of_readings_with_and_without_a_photo_is_lawful(predictor):
    embedding = predictor.embed(PHOTO)
    subsets = itertools.chain.from_iterable(
        itertools.combinations(POLLUTANTS, count) for count in range(7)
    )
    for subset, photo in itertools.product(subsets, (None, embedding)):
        if not subset and photo is None:
            continue
        result = predictor.predict(READING.masked(subset), photo)
        for prediction in predictions(result):
            assert_lawful(prediction)
        assert result.readings_used == subset
        assert (result.image_only is None, result.sensors_only is None) == (
            photo is None,
            not subset,
        )


def test_modalities_are_those_given(predictor):
    assert predictor.predict(READING, PHOTO).modalities == ("image", "sensors")
    assert predictor.predict(READING).modalities == ("sensors",)
    assert predictor.predict(Reading(), PHOTO).modalities == ("image",)


def test_one_modality_alone_is_its_own_fusion(predictor):
    sensors, image = predictor.predict(READING), predictor.predict(Reading(), PHOTO)
    assert (sensors.fused, sensors.photo_share) == (sensors.sensors_only, 0.0)
    assert (image.fused, image.photo_share) == (image.image_only, 1.0)
    both = predictor.predict(READING, PHOTO)
    assert both.image_only == image.image_only
    assert both.sensors_only == sensors.sensors_only
    assert 0 < both.photo_share < 1


def test_each_kind_of_input_has_its_own_temperature_and_reach(predictor):
    """A temperature for photos alone changes nothing else, and so does a reach."""
    config, embedding = predictor.checkpoint.config, predictor.embed(PHOTO)

    def predicted(**changes: dict[str, float]) -> Result:
        other = replace(trained(predictor.checkpoint), config=replace(config, **changes))
        return Predictor("other", served(other)).predict(READING, embedding)

    before = predicted()
    hot = predicted(temperature={**config.temperature, "image_only": 9.0})
    assert (hot.fused, hot.sensors_only) == (before.fused, before.sensors_only)
    share_of_bins = pytest.approx([0.1, 0.1, 0.1, 0.1, 0.2, 0.4], abs=0.01)  # all bins alike
    assert list(hot.image_only.probabilities.values()) == share_of_bins
    assert list(before.image_only.probabilities.values()) != share_of_bins
    narrow = predicted(reach={**config.reach, "fused": 0.01})
    assert narrow.fused.high - narrow.fused.low < before.fused.high - before.fused.low
    assert narrow.fused.probabilities == before.fused.probabilities
    assert (narrow.image_only, narrow.sensors_only) == (before.image_only, before.sensors_only)


def test_nothing_at_all_is_refused(predictor):
    with pytest.raises(NothingKnownError, match="one reading or a site with days, got none"):
        predictor.predict(Reading())


def test_zero_is_a_reading(predictor):
    assert predictor.predict(Reading(pm25=0)).readings_used == ("pm25",)
    assert predictor.predict(Reading(pm25=0)) != predictor.predict(Reading(pm25=200))


def test_readings_at_their_limits_give_a_lawful_answer(predictor):
    most = Reading(pm25=5000, pm10=10_000)
    for reading in (most, Reading(**dict.fromkeys(POLLUTANTS, 0.0))):
        assert_lawful(predictor.predict(reading).fused)


def test_an_embedding_kept_gives_what_the_photo_gives(predictor):
    embedding = predictor.embed(PHOTO)
    assert embedding.vector.shape == (1, 128)
    assert predictor.predict(READING, embedding) == predictor.predict(READING, PHOTO)


def test_photo_and_reading_change_the_answer(predictor):
    other = Photo.from_image(sky(20, seed=2))
    assert not np.array_equal(predictor.embed(PHOTO).vector, predictor.embed(other).vector)
    assert predictor.predict(READING) != predictor.predict(Reading(pm25=3, pm10=5))


def encoded(mode: str, format: str, **options: object) -> bytes:
    if mode == "I;16":
        image = Image.new("I;16", (64, 48), 40_000)
    else:
        image = sky(200, seed=3, size=64).convert(mode)
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("RGB", "JPEG", exif=exif.tobytes())


@pytest.mark.parametrize(
    "data",
    [
        encoded("I;16", "PNG"),
        encoded("P", "PNG"),
        encoded("1", "PNG"),
        encoded("LA", "PNG"),
        encoded("CMYK", "JPEG"),
        encoded("L", "JPEG"),
        encoded("RGBA", "WEBP"),
        turned(),
    ],
    ids=["16 bit", "palette", "black and white", "alpha", "CMYK", "grey", "WebP", "turned"],
)
def test_every_kind_of_photo_goes_through(predictor, data):
    assert_lawful(predictor.predict(Reading(), Photo.decode(data)).fused)


def test_a_photo_turned_by_its_tag_is_the_upright_one(predictor):
    plain = Photo.decode(encoded("RGB", "JPEG"))
    upright = Photo.from_image(plain.image.transpose(Image.Transpose.ROTATE_270))
    assert np.array_equal(
        predictor.embed(Photo.decode(turned())).vector, predictor.embed(upright).vector
    )


def test_threads_may_share_a_predictor(predictor):
    photos = [Photo.from_image(sky(aqi, seed=aqi)) for aqi in (20, 150, 280, 410)]
    alone = [predictor.predict(READING, photo) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda p: predictor.predict(READING, p), photos * 5)) == alone * 5


def test_a_model_is_found_by_its_folder_and_named_after_it(checkpoint_folder):
    assert load_model(str(checkpoint_folder)).name == "untrained"
    assert load_model(checkpoint_folder).name == "untrained"


@pytest.mark.parametrize("name", ["no-such-model", "~nobody-of-this-name/model", "a\nb"])
def test_an_unknown_model_is_refused_with_the_known_ones(name):
    with pytest.raises(ModelError, match="model must be "):
        load_model(name)


def test_a_program_without_shipped_models_still_loads_a_folder(
    checkpoint_folder, monkeypatch, tmp_path
):
    monkeypatch.setattr("aqfusion.model.predictor.ASSETS", tmp_path)
    assert load_model(checkpoint_folder).name == "untrained"
    with pytest.raises(ModelError, match="model must be a model folder, got 'mobilenetv2_100'"):
        load_model()


def test_weights_that_explode_end_in_a_sentence(checkpoint_folder):
    checkpoint = load_checkpoint(checkpoint_folder)
    checkpoint.network.gate.sharpness.weight[:] = 6e4
    broken = Predictor("untrained", served(checkpoint))
    with pytest.raises(ModelError, match="model untrained must give finite figures"):
        broken.predict(READING)


def refusing(predictor: Predictor) -> Predictor:
    """The same model with a guard that refuses every photo, for being too dark."""
    guard = PhotoScreen(1280)
    guard.threshold.fill_(-1.0)
    return Predictor("refusing", served(replace(trained(predictor.checkpoint), guard=guard)))


def test_a_photo_that_cannot_be_judged_is_left_out_and_said_so(predictor):
    told = refusing(predictor).predict(READING, PHOTO)
    without = predictor.predict(READING)
    assert replace(told, photo_problem=None) == without
    assert isinstance(told.photo_problem, str)
    assert told.modalities == ("sensors",)


def test_a_photo_that_cannot_be_judged_and_nothing_else_gives_no_number(predictor):
    with pytest.raises(NothingKnownError, match="got only a photo that is left out: ") as told:
        refusing(predictor).predict(Reading(), PHOTO)
    assert isinstance(told.value, PhotoRefusedError)
    assert str(told.value).endswith(f": {told.value.problem} (trust_photo uses it anyway)")
    with pytest.raises(PhotoRefusedError):
        refusing(predictor).predict(Reading(), refusing(predictor).embed(PHOTO))
    assert_lawful(refusing(predictor).predict(Reading(), PHOTO, trust_photo=True).fused)


def test_a_photo_that_is_trusted_all_the_same_is_used(predictor):
    told = refusing(predictor).predict(READING, PHOTO, trust_photo=True)
    assert replace(told, photo_problem=None) == predictor.predict(READING, PHOTO)
    assert told.photo_problem is not None
