"""The index of similar photos on disk: loaded only complete, and only by the key it was made for.

The key stands for model and photos. A seal over it and all the content is part of the file, so
that one comparison finds damage, another model, another folder and another version alike.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from aqfusion.files import replace_file

_SEAL = "seal"


@dataclass(frozen=True, eq=False)
class Kept:
    """Numbers of the frames (N,) that could be read, their embeddings (N, 128) and digests."""

    frames: Tensor
    embeddings: Tensor
    digests: tuple[str, ...]


def keep(path: Path, key: str, content: Kept) -> None:
    """Write the file whole or not at all."""
    digests = bytearray().join(bytes.fromhex(digest) for digest in content.digests)
    tensors = {
        "frames": content.frames,
        "embeddings": content.embeddings.contiguous(),
        "digests": torch.tensor(list(digests), dtype=torch.uint8).reshape(-1, 32),
    }
    seal = torch.tensor(_seal(key, tensors), dtype=torch.uint8)
    replace_file(path, save({**tensors, _SEAL: seal}))


def kept(path: Path, key: str) -> Kept | None:
    """The index saved under this key; `None` where there is none, or another."""
    try:
        tensors = load(path.read_bytes())
        seal = tensors.pop(_SEAL).tolist()
        if seal != _seal(key, tensors):
            return None
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError):
        return None
    digests = tuple(bytes(row).hex() for row in tensors["digests"].tolist())
    return Kept(tensors["frames"], tensors["embeddings"], digests)


def _seal(key: str, tensors: dict[str, Tensor]) -> list[int]:
    return list(hashlib.sha256(key.encode() + save(tensors)).digest())
