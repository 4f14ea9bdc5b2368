"""Tensors in a file cache that are read only undamaged, and only by the key of their writing."""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from aqfusion.io.atomic_files import replace_file

__all__ = ["keep", "kept"]

_SEAL = "seal"


def keep(path: Path, key: str, tensors: dict[str, Tensor]) -> None:
    """Write the file, not waiting for the disk: what a crash leaves of it is not taken back."""
    seal = torch.tensor(list(_seal(key, tensors)), dtype=torch.uint8)
    replace_file(path, save({**tensors, _SEAL: seal}), sync=False)


def kept(path: Path, key: str) -> dict[str, Tensor] | None:
    """The tensors of this key; `None` where there is nothing, or anything else."""
    try:
        tensors = load(path.read_bytes())
        same = bytes(tensors.pop(_SEAL).tolist()) == _seal(key, tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError):
        return None
    return tensors if same else None


def _seal(key: str, tensors: dict[str, Tensor]) -> bytes:
    return hashlib.sha256(f"{key}\n".encode() + save(tensors)).digest()
