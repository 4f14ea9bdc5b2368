"""Tensors in a file cache that are read only undamaged, and only by the key of their writing."""

import hashlib
import uuid
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

__all__ = ["keep", "kept"]

_SEAL = "seal"


def keep(path: Path, key: str, tensors: dict[str, Tensor]) -> None:
    """Write the file, not waiting for the disk: what a crash leaves of it is not taken back."""
    seal = torch.tensor(list(_seal(key, tensors)), dtype=torch.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    temporary.write_bytes(save({**tensors, _SEAL: seal}))
    temporary.replace(path)


def kept(path: Path, key: str) -> dict[str, Tensor] | None:
    """The tensors of this key; `None` where there is nothing, or anything else."""
    try:
        tensors = load(path.read_bytes())
        same = bytes(tensors.pop(_SEAL).tolist()) == _seal(key, tensors)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError):
        return None
    return tensors if same else None


def _seal(key: str, tensors: dict[str, Tensor]) -> bytes:
    return hashlib.sha256(f"{key}\n".encode() + save(tensors)).digest()
