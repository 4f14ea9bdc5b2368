"""Reads a safetensors file: by its package, or with numpy alone where that is not installed.

The format is a header in JSON behind its length, and the numbers: an exported folder holds such a
file. https://github.com/huggingface/safetensors#format
"""

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1"}
_LENGTH = 8  # bytes of the header's own length
_LONGEST_HEADER = 10_000_000


def load_tensors(content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays by name; bytes that are no such file raise `ValueError`."""
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load
    except ModuleNotFoundError:
        return plain_load(content)
    try:
        arrays: dict[str, NDArray[Any]] = load(content)
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    return arrays


def plain_load(content: bytes) -> dict[str, NDArray[Any]]:
    """The same with numpy alone."""
    start = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    if len(content) < _LENGTH or start > min(len(content), _LONGEST_HEADER):
        raise ValueError("the header is longer than the file")
    try:
        header = json.loads(content[_LENGTH:start])
        header.pop("__metadata__", None)
        return {name: _array(content, start, **entry) for name, entry in header.items()}
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f"the header is damaged: {error}") from error


def _array(
    content: bytes, start: int, dtype: str, shape: list[int], data_offsets: list[int]
) -> NDArray[Any]:
    kind, (first, end) = np.dtype(_TYPES[dtype]), data_offsets
    count = math.prod(shape)
    if min(first, count) < 0 or end - first != count * kind.itemsize or start + end > len(content):
        raise ValueError("an array lies outside of the file")
    return np.frombuffer(content, kind, count, start + first).reshape(shape)
