"""The randomisation test: what is made random, and how maps are compared."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from aqfusion.evaluation.saliency_faithfulness import map_similarity, randomise_model
from aqfusion.network.aqfusion_net import AQFusionNet
from tests.conftest import ARCHITECTURE


def test_only_the_cnn_is_random_and_the_same_seed_gives_the_same():
    network = AQFusionNet(ARCHITECTURE).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    others = [randomise_model(network, seed).state_dict() for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    for name, value in before.items():
        one, same, other = (state[name] for state in others)
        assert torch.equal(one, same), name
        if name == "image_encoder.trunk.conv_head.weight":
            assert not torch.equal(one, value)
            assert not torch.equal(one, other)
        elif ".trunk." not in name:
            assert torch.equal(one, value), name


@pytest.mark.parametrize("seed", range(3))
def test_likeness_is_spearman_s_rank_correlation_with_many_equals(seed):
    generator = np.random.default_rng(seed)
    one = generator.random((6, 6)).astype(np.float32)
    other = (one + generator.normal(0, 0.3, (6, 6))).clip(0.4, 1).astype(np.float32)
    assert map_similarity(one, other) == pytest.approx(
        spearmanr(one.ravel(), other.ravel()).statistic
    )


def test_likeness_is_1_for_the_same_order_and_less_for_the_reverse_and_none_for_flat_maps():
    one = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert map_similarity(one, one**3) == pytest.approx(1)
    assert map_similarity(one, -one) == pytest.approx(-1)
    assert map_similarity(one, np.zeros((3, 4), dtype=np.float32)) is None
