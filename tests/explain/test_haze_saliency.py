"""Which height of the frame the haze branch speaks of, planted in its statistics."""

import numpy as np
import pytest
import torch

from aqfusion import Photo, load_model
from aqfusion.explain.haze_saliency import HEIGHTS, haze_evidence
from aqfusion.model.haze_features import BAND_OF_STATISTIC, COARSE_BANDS, STATISTICS, haze_features
from aqfusion.model.pixels import stack
from aqfusion.model.predictor import Embedding, Predictor
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
    differs = (haze_features(plain) != haze_features(other))[0]
    assert set(BAND_OF_STATISTIC[differs].tolist()) == {COARSE_BANDS - 1}
    assert BAND_OF_STATISTIC.shape == (STATISTICS,)
    assert torch.bincount(BAND_OF_STATISTIC).tolist() == [27] * COARSE_BANDS


def test_a_height_that_is_as_in_training_adds_nothing_and_another_does(predictor):
    photo = Photo.from_image(sky(300, seed=1, size=96))
    encoder = predictor.checkpoint.network.image_encoder
    shown = haze_features(stack([photo], predictor.checkpoint.config.image_size))[0]
    odd = 2
    encoder.haze.mean.copy_(torch.where(odd == BAND_OF_STATISTIC, shown + 3.0, shown))
    found = haze_evidence(predictor, photo)
    assert len(found) == len(HEIGHTS) == COARSE_BANDS
    assert found[odd] != 0
    assert np.delete(found, odd).tolist() == [0, 0, 0]


def test_a_model_that_ranks_haze_is_asked_for_the_haze_and_not_for_a_place(checkpoint_folder):
    checkpoint = with_sites(load_model(checkpoint_folder).checkpoint)
    predictor = Predictor("planted", checkpoint)
    photo = Photo.from_image(sky(300, seed=1, size=96))
    encoder = checkpoint.network.image_encoder
    shown = haze_features(stack([photo], checkpoint.config.image_size))[0]
    encoder.haze.mean.copy_(torch.where(BAND_OF_STATISTIC == 1, shown + 3.0, shown))
    found = haze_evidence(predictor, photo)
    suggested = predictor.haze(predictor.embed(photo)).suggested
    with torch.no_grad():
        images = stack([photo], checkpoint.config.image_size)
        plain = encoder.combine_branches(encoder.pooled_features(images), encoder.haze.mean[None])
    assert found[1] == pytest.approx(suggested - predictor.haze(Embedding(plain, None)).suggested)
    assert haze_evidence(predictor.at(site_of(20, 30, 40)), photo) == found
