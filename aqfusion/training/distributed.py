"""Several processes that train one network, as `torchrun` starts them; alone, nothing is different.

Each takes its share of every batch, and gradients are averaged (gloo, on processors). What is drawn
and decided is the first one's, so that all of them hold the same weights after every step.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn

__all__ = [
    "average_gradients",
    "average_running",
    "broadcast",
    "rank",
    "ranks",
    "shard",
    "together",
]


@contextmanager
def together() -> Iterator[None]:
    """Meet the others that `torchrun` started, and leave them at the end; alone, nothing."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    distributed.init_process_group("gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def ranks() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if _met() else 1


def rank() -> int:
    """Which of them this one is; the first, 0, is the one that writes."""
    return distributed.get_rank() if _met() else 0


def shard(batch: Tensor) -> Tensor:
    """This process's part of a batch (B, ...)."""
    return batch[rank() :: ranks()]


def broadcast(value: Any) -> Any:
    """The first one's value, for all."""
    if not _met():
        return value
    values = [value]
    distributed.broadcast_object_list(values)
    return values[0]


def average_gradients(network: nn.Module, weight: float) -> None:
    """Weighted means of all ones' gradients; `weight` is this one's share of the batch."""
    if not _met():
        return
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.grad = (
            torch.zeros_like(parameter) if parameter.grad is None else parameter.grad * weight
        )
    _sum([parameter.grad for parameter in trained if parameter.grad is not None])


def average_running(network: nn.Module) -> None:
    """Means of all ones' running statistics, which batch normalisation keeps beside the weights."""
    if not _met():
        return
    running = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
    for buffer in running:
        buffer.div_(ranks())
    _sum(running)


def _sum(tensors: list[Tensor]) -> None:
    """Sum tensors over all, in place, in one message."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    distributed.all_reduce(flat)
    for tensor, part in zip(
        tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True
    ):
        tensor.copy_(part.view_as(tensor))


def _met() -> bool:
    return distributed.is_available() and distributed.is_initialized()
