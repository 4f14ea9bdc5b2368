"""Tensors in a file cache, as `aqfusion.model.array_cache` keeps arrays."""

from pathlib import Path

import torch
from torch import Tensor

from aqfusion.model import array_cache

__all__ = ["keep", "kept"]


def keep(path: Path, key: str, tensors: dict[str, Tensor]) -> None:
    """Write the file, not waiting for the disk."""
    array_cache.keep(path, key, {name: tensor.numpy() for name, tensor in tensors.items()})


def kept(path: Path, key: str) -> dict[str, Tensor] | None:
    """The tensors of this key; `None` where there is nothing, or anything else."""
    arrays = array_cache.kept(path, key)
    if arrays is None:
        return None
    return {name: torch.from_numpy(values.copy()) for name, values in arrays.items()}
