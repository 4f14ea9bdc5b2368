"""The objectives on planted embeddings: same session pulls, another pushes."""

import math

import pytest
import torch

from aqfusion.model.losses import alignment_loss, distribution_loss, mean_loss

SESSION = torch.tensor([0, 0, 1, 2])
SAME = (SESSION[:, None] == SESSION).float()  # (4, 4): which frames are of one sky
APART = torch.eye(8)[SESSION]  # (4, 8): one direction per session


def test_distribution_loss_is_least_at_the_target():
    target = torch.tensor([[0.1, 0.7, 0.2]])
    at_target = distribution_loss(target.log(), target)
    assert at_target.item() == pytest.approx(-(target * target.log()).sum().item())
    assert distribution_loss(torch.tensor([[0.0, 0.0, 0.0]]), target) > at_target


def test_a_near_miss_costs_less_than_a_far_one():
    target = torch.tensor([[0.2, 0.6, 0.2, 0.0001]])
    near, far = torch.eye(4)[None, 2] * 5, torch.eye(4)[None, 3] * 5
    assert distribution_loss(near, target) < distribution_loss(far, target)


def test_mean_loss_is_squared_and_counts_in_fifties():
    one_bin = 100 * torch.eye(50)[[10, 10]]  # centre 105.5
    assert mean_loss(one_bin[:1], torch.tensor([105.5])).item() == pytest.approx(0, abs=1e-6)
    assert mean_loss(one_bin, torch.tensor([155.5, 5.5])).item() == pytest.approx((1 + 4) / 2)


def test_aligned_sessions_cost_less_than_swapped_ones():
    swapped = APART[[2, 3, 0, 1]]
    assert alignment_loss(APART, APART, SAME) < alignment_loss(APART, swapped, SAME) - 1


def test_frames_of_one_session_do_not_repel():
    """Strangers cost less when they are apart, frames of one session when they are together."""
    apart, strangers = torch.eye(8)[[0, 5, 1, 2]], torch.eye(4)
    assert alignment_loss(APART, APART, SAME) < alignment_loss(apart, apart, SAME)
    assert alignment_loss(APART, APART, strangers) > alignment_loss(apart, apart, strangers)


def test_neither_order_nor_length_nor_side_matters():
    generator = torch.Generator().manual_seed(0)
    image, sensors = torch.randn(2, 4, 8, generator=generator)
    loss = alignment_loss(image, sensors, SAME)
    order = torch.tensor([3, 1, 0, 2])
    reordered = alignment_loss(image[order], sensors[order], SAME[order][:, order])
    assert reordered.item() == pytest.approx(loss.item())
    assert alignment_loss(5 * image, 0.1 * sensors, SAME).item() == pytest.approx(loss.item())
    assert alignment_loss(sensors, image, SAME).item() == pytest.approx(loss.item())
    assert alignment_loss(image, sensors, 7 * SAME).item() == pytest.approx(loss.item())


def test_a_mixed_image_belongs_to_both_its_skies_by_their_shares():
    """Three parts of the first sky and one of the second: best is the embedding between."""
    belongs = torch.tensor([[0.75, 0.25, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    sensors = torch.eye(8)[:3]

    def loss(share: float) -> float:
        image = sensors.clone()
        image[0] = share * sensors[0] + (1 - share) * sensors[1]
        return alignment_loss(image, sensors, belongs).item()

    assert loss(0.6) < loss(1.0) < loss(0.0)


def test_alignment_of_a_mixed_image_by_hand():
    """Each embedding is its own direction: similarity 5 on the diagonal, 0 beside it."""
    belongs, apart = torch.tensor([[0.75, 0.25], [0.0, 1.0]]), torch.eye(8)[:2]
    sure = math.log(1 + math.exp(-5))
    to_sensors = sure + (0.25 * 5 + 0) / 2
    to_image = sure + (0 + 0.2 * 5) / 2  # the second readings belong to both, 1 to 4
    expected = (to_sensors + to_image) / 2
    assert alignment_loss(apart, apart, belongs).item() == pytest.approx(expected, abs=1e-5)


def test_descent_brings_the_embeddings_of_a_session_together():
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(4, 8, generator=generator, requires_grad=True)
    for _ in range(100):
        (slope,) = torch.autograd.grad(alignment_loss(image, APART, SAME), image)
        image = (image - 0.5 * slope).detach().requires_grad_()
    nearest = torch.nn.functional.normalize(image, dim=1) @ APART.T
    assert SESSION[nearest.argmax(1)].tolist() == SESSION.tolist()
