"""Arrays in a file cache that are read only undamaged, and only by the key of their writing."""

import hashlib
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from aqfusion.io.atomic_files import replace_file
from aqfusion.model.array_math import Array

__all__ = ["keep", "kept"]

_SEAL = "seal"


def keep(path: Path, key: str, arrays: dict[str, Array]) -> None:
    """Write the file, not waiting for the disk: what a crash leaves of it is not taken back."""
    whole = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    seal = np.frombuffer(_seal(key, whole), np.uint8)
    replace_file(path, save({**whole, _SEAL: seal}), sync=False)


def kept(path: Path, key: str) -> dict[str, Array] | None:
    """The arrays of this key; `None` where there is nothing, or anything else."""
    try:
        arrays = load(path.read_bytes())
        same = arrays.pop(_SEAL).tobytes() == _seal(key, arrays)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None
    return arrays if same else None


def _seal(key: str, arrays: dict[str, Array]) -> bytes:
    return hashlib.sha256(f"{key}\n".encode() + save(arrays)).digest()
