"""Weights of a model by name, as the file has them, taken with the shape that they must have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.model.config import ModelError

_COUNTS = "num_batches_tracked"  # of batch normalisation: of use to a training alone


@dataclass(frozen=True, eq=False)
class StoredWeights:
    """Arrays by name, floats as float16; what was asked for is remembered."""

    arrays: Mapping[str, NDArray[Any]]
    taken: set[str] = field(default_factory=set)

    def array(self, name: str, *shape: int) -> NDArray[Any]:
        """The array of this name and shape, halves as float32; else `ModelError`."""
        values = self.arrays.get(name)
        if values is None:
            raise self.misfit(f"must have {name}, got none")
        if values.shape != shape:
            raise self.misfit(f"must have {name} of shape {shape}, got {values.shape}")
        self.taken.add(name)
        return values.astype(np.float32) if values.dtype == np.float16 else values

    def matrix(self, name: str, columns: int | None = None) -> NDArray[Any]:
        """The matrix of this name with any number of rows."""
        shape: tuple[int, ...] = getattr(self.arrays.get(name), "shape", ())
        if len(shape) != 2:
            raise self.misfit(f"must have a matrix {name}, got {shape or 'none'}")
        return self.array(name, shape[0], shape[1] if columns is None else columns)

    def check_all_taken(self, others: Iterable[str]) -> None:
        """Refuse arrays that nobody asked for, nor `others`: the file is of another program."""
        taken = self.taken.union(others)
        rest = [n for n in self.arrays if n not in taken and not n.endswith(_COUNTS)]
        if rest:
            raise self.misfit(f"must have nothing but the network's parts, got {min(rest)}")

    @staticmethod
    def misfit(what: str) -> ModelError:
        """The error of a file that does not fit its config."""
        return ModelError(f"weights {what}")
