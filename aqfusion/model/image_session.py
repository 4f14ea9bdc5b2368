"""The image encoder in ONNX Runtime: a backbone's graph with the weights of a model.

A graph is part of the program and lies in `assets/graphs`; it names its weights, which come from
`model.safetensors`. So a model folder needs no graph, and none that lies in it is ever read.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from aqfusion.model.config import ModelError
from aqfusion.settings import ASSETS

Floats32 = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Weights = Mapping[str, NDArray[Any]]

PIXELS, BATCH, SIDE = "pixels", "B", "S"  # names in the graph: input, and sizes of it
OUTPUTS = ("embedding", "features", "haze_statistics", "screen_figures")
WEIGHTS_OF = "model.safetensors"
AT_ONCE = 4  # photos: more have activations that are mapped anew at every layer, which is slower
_MOST_THREADS = 2  # of one photo: a visitor in the queue gains more from a processor of its own
_shared_by = 1  # how many photos are looked at in one moment
_HANDED_OVER = onnxruntime.OrtValue.ortvalue_from_numpy


@dataclass(frozen=True, eq=False)
class ImageFigures:
    """Of B photos: embeddings (B, 128), backbone features (B, D), haze statistics (B, 108).

    `screen_figures` (B, 13) are what the photo screen judges by.
    """

    embedding: Floats32
    features: Floats32
    haze_statistics: Floats32
    screen_figures: Floats32


class ImageSession:
    """A loaded image encoder; threads may share it."""

    def __init__(self, backbone: str, weights: Weights, side: int) -> None:
        """Take the weights by their names in the weights file; `ModelError` where they don't fit.

        `side` is that of the photos in pixels.
        """
        graph = read_graph(backbone)
        self.weight_names = weight_names(graph)
        options = session_options()
        options.add_free_dimension_override_by_name(SIDE, side)
        needed = self.weight_names
        if missing := [name for name in needed if name not in weights]:
            rule = f"weights must have all that the graph of {backbone} names"
            raise ModelError(f"{rule}, got none of {missing[0]}", public=rule)
        named = {name: as_float32(weights[name]) for name in needed}
        options.add_external_initializers([*named], [_HANDED_OVER(v) for v in named.values()])
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its own kinds have no common base of theirs
            rule = f"weights must fit the graph of {backbone}"
            raise ModelError(f"{rule}, got {str(error)[:300]}", public=rule) from error

    def __call__(self, images: Pixels) -> ImageFigures:
        """Look at uint8 photos (B, 3, S, S)."""
        parts = [
            self._session.run(OUTPUTS, {PIXELS: images[start : start + AT_ONCE]})
            for start in range(0, len(images), AT_ONCE)
        ]
        return ImageFigures(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def session_options() -> Any:
    """Options for many visitors on few processors: few threads, none that spins while it waits."""
    options = onnxruntime.SessionOptions()
    share = (os.cpu_count() or 1) // _shared_by
    options.intra_op_num_threads = max(1, min(_MOST_THREADS, share))
    options.inter_op_num_threads = 1
    # An arena keeps what the largest batch took for ever, and is no faster here.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3  # errors only: warnings are for who writes graphs
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def share_processors(jobs: int) -> None:
    """Let sessions that are loaded from now on take their share where `jobs` compute at once.

    Threads that wait for each other cost more than they bring: beside two uploads on two
    processors, a prediction took six times as long with two threads as with one.
    """
    global _shared_by
    _shared_by = jobs


def graph_file(backbone: str) -> Path:
    """Where the graph of a backbone lies."""
    return ASSETS / "graphs" / f"{backbone}.onnx"


def read_graph(backbone: str) -> bytes:
    """The graph of a backbone; without its file `ModelError`."""
    path = graph_file(backbone)
    try:
        return path.read_bytes()
    except OSError as error:
        rule = f"{path.name} must lie in assets/graphs, which AQFusion comes with"
        raise ModelError(f"{rule}, got {error.strerror}", public=rule) from error


def as_float32(values: NDArray[Any]) -> NDArray[Any]:
    """Stored half precision as what is computed with; anything else as it is."""
    return values.astype(np.float32) if values.dtype == np.float16 else values


def weight_names(graph: bytes) -> list[str]:
    """The names of all tensors in a graph that come from the weights file.

    A tensor's name is a field of its own there, 8, behind its length: no reader of ONNX is needed.
    """
    names = (
        graph[field.end() : field.end() + field[1][0]].decode()
        for field in re.finditer(rb"\x42([\x01-\x7f])(?=network\.)", graph)
    )
    return sorted(set(names))
