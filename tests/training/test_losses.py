"""The objectives on planted embeddings: same session pulls, another pushes."""

import pytest
import torch

from aqfusion.training.losses import alignment_loss, distribution_loss, mean_loss

SESSION = torch.tensor([0, 0, 1, 2])
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
    assert alignment_loss(APART, APART, SESSION) < alignment_loss(APART, swapped, SESSION) - 1


def test_frames_of_one_session_do_not_repel():
    """Strangers cost less when they are apart, frames of one session when they are together."""
    apart, strangers = torch.eye(8)[[0, 5, 1, 2]], torch.arange(4)
    assert alignment_loss(APART, APART, SESSION) < alignment_loss(apart, apart, SESSION)
    assert alignment_loss(APART, APART, strangers) > alignment_loss(apart, apart, strangers)


def test_neither_order_nor_length_nor_side_matters():
    generator = torch.Generator().manual_seed(0)
    image, sensors = torch.randn(2, 4, 8, generator=generator)
    loss = alignment_loss(image, sensors, SESSION)
    order = torch.tensor([3, 1, 0, 2])
    assert alignment_loss(image[order], sensors[order], SESSION[order]).item() == pytest.approx(
        loss.item()
    )
    assert alignment_loss(5 * image, 0.1 * sensors, SESSION).item() == pytest.approx(loss.item())
    assert alignment_loss(sensors, image, SESSION).item() == pytest.approx(loss.item())
    assert alignment_loss(image, sensors, SESSION + 7).item() == pytest.approx(loss.item())


def test_descent_brings_the_embeddings_of_a_session_together():
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(4, 8, generator=generator, requires_grad=True)
    for _ in range(100):
        (slope,) = torch.autograd.grad(alignment_loss(image, APART, SESSION), image)
        image = (image - 0.5 * slope).detach().requires_grad_()
    nearest = torch.nn.functional.normalize(image, dim=1) @ APART.T
    assert SESSION[nearest.argmax(1)].tolist() == SESSION.tolist()
