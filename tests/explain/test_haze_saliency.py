"""Which height of the frame the haze branch speaks of, planted in its statistics."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aqfusion import Photo, load_model
from aqfusion.explain.haze_saliency import HEIGHTS, haze_evidence
from aqfusion.model.architecture import COARSE_HAZE_BANDS, HAZE_STATISTICS
from aqfusion.model.checkpoint import ServedModel
from aqfusion.model.encoders import BAND_OF_STATISTIC
from aqfusion.model.predictor import Embedding, Predictor
from aqfusion.network.checkpoint import load_checkpoint, served
from aqfusion.network.haze_features import haze_features
from tests.planted import sky
from tests.planted_sites import site_of, with_sites


@pytest.fixture
def predictor(checkpoint_folder):
    return load_model(checkpoint_folder)


def test_every_statistic_has_the_band_it_was_taken_in():
    """Pictures that differ in the lowest quarter alone differ in that band's statistics alone."""
    plain = torch.full((1, 3, 256, 256), 120.0)
    other = plain.clone()
    other[:, :, 208:] = (
        torch.rand((1, 3, 48, 256), generator=torch.Generator().manual_seed(0)) * 255
    )
    differs = (haze_features(plain) != haze_features(other))[0].numpy()
    assert set(BAND_OF_STATISTIC[differs].tolist()) == {COARSE_HAZE_BANDS - 1}
    assert BAND_OF_STATISTIC.shape == (HAZE_STATISTICS,)
    assert np.bincount(BAND_OF_STATISTIC).tolist() == [27] * COARSE_HAZE_BANDS


PHOTO = Photo.from_image(sky(300, seed=1, size=96))
HAZE_MEAN = "network.image_encoder.haze.mean"


def with_usual_haze(model: ServedModel, odd: int) -> Predictor:
    """The model, had all training photos the haze of `PHOTO` but for the band `odd`."""
    predictor = Predictor("planted", model)
    shown = model.session(predictor.pixels(PHOTO)[None]).haze_statistics[0]
    mean = np.where(odd == BAND_OF_STATISTIC, shown + 3, shown)
    arrays = {**model.files.arrays, HAZE_MEAN: mean.astype(np.float32)}
    return Predictor("planted", ServedModel(replace(model.files, arrays=arrays)))


def test_a_height_that_is_as_in_training_adds_nothing_and_another_does(predictor):
    odd = 2
    found = haze_evidence(with_usual_haze(predictor.checkpoint, odd), PHOTO)
    assert len(found) == len(HEIGHTS) == COARSE_HAZE_BANDS
    assert found[odd] != 0
    assert np.delete(found, odd).tolist() == [0, 0, 0]


def test_a_model_that_ranks_haze_is_asked_for_the_haze_and_not_for_a_place(checkpoint_folder):
    predictor = with_usual_haze(served(with_sites(load_checkpoint(checkpoint_folder))), 1)
    found = haze_evidence(predictor, PHOTO)
    suggested = predictor.haze(predictor.embed(PHOTO)).suggested
    model = predictor.checkpoint
    features = model.session(predictor.pixels(PHOTO)[None]).features
    plain = Embedding(model.branches.embed(features, model.branches.mean[None]), None)
    assert found[1] == pytest.approx(suggested - predictor.haze(plain).suggested)
    assert haze_evidence(predictor.at(site_of(20, 30, 40)), PHOTO) == found
