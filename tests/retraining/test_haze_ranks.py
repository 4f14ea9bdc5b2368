"""Haze scores after a retraining: the same where nothing changed, moved where all moved."""

import itertools

import numpy as np
import pytest
import torch

from aqfusion.model.checkpoint import FEATURES
from aqfusion.model.haze_score import haze_score
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.network.image_features import backbone_hash
from aqfusion.network.training_features import load_features
from aqfusion.retraining import site_updates
from aqfusion.retraining.site_updates import carried_over
from tests.planted_retrain import planted_model

RANKS = tuple(float(5 * number) for number in range(101))
FRAMES = np.linspace(50.0, 350.0, 61)


def carried(monkeypatch, before, after):
    told = {"before": before, "after": after}
    monkeypatch.setattr(site_updates, "_suggested", lambda network, _: told[network])
    return carried_over(RANKS, ("before", None), ("after", None))


def test_where_photos_are_told_as_before_the_ranks_stay(monkeypatch):
    assert carried(monkeypatch, FRAMES, FRAMES) == pytest.approx(RANKS, abs=1e-9)


def test_a_photo_that_is_told_higher_as_all_are_keeps_its_score(monkeypatch):
    ranks = carried(monkeypatch, FRAMES, FRAMES * 1.2 + 10)
    for aqi in (60.0, 150.0, 210.0, 340.0):
        assert haze_score(aqi * 1.2 + 10, ranks).score == haze_score(aqi, RANKS).score
    assert all(low <= high for low, high in itertools.pairwise(ranks))
    assert min(ranks) >= 0
    assert max(ranks) <= 500


def test_ranks_keep_rising_where_a_network_tells_all_photos_alike(monkeypatch):
    ranks = carried(monkeypatch, FRAMES, np.full(61, 100.0))
    assert all(low <= high for low, high in itertools.pairwise(ranks))


def test_a_network_is_asked_as_the_haze_score_asks_it(tmp_path):
    folder = planted_model(tmp_path / "planted")
    checkpoint = load_checkpoint(folder)
    features = load_features(folder / FEATURES, backbone_hash(checkpoint))
    told = site_updates._suggested(checkpoint.network, features)
    assert told.shape == (len(features.owner),)
    torch.manual_seed(3)
    torch.nn.init.normal_(checkpoint.network.head.weight.data, std=0.2)
    assert not np.allclose(site_updates._suggested(checkpoint.network, features), told)
