"""The backbone in whole numbers of 8 bits, where that costs less than 1 AQI of RMSE.

Static quantisation by ONNX Runtime: weights by channel, activations by the ranges that calibration
pictures show. The first layers see the plain picture, and what they lose nothing behind them can
bring back (Nagel et al. 2021, "A white paper on neural network quantization"), so as few of them
as will do stay in floating point.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from aqfusion.edge.export import ExportedModel, ModelExportError
from aqfusion.edge.quantisation_loss import LabelledPhotos, QuantisationLoss, quantisation_loss
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.model.checkpoint import load_served
from aqfusion.model.image_session import OUTPUTS, PIXELS, Floats32, Pixels, session_options
from aqfusion.model.pixels import pixels
from aqfusion.settings import ASSETS

Report = Callable[[str], None]
MOST_LOSS = 1.0  # AQI of RMSE
FLOAT_LAYERS = (0, 2, 4, 8, 12, 16, 24)  # how many first convolutions stay in floating point
MOST_PICTURES = 64  # to calibrate by: more hardly move a range
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif"}
_QUANTISED = ("Conv", "Add", "MaxPool", "Relu", "Mul", "Sigmoid")
_CLIPPED_AT = 6.0  # ReLU6


@dataclass(frozen=True, eq=False)
class Attempt:
    """A model whose backbone is in int8 behind so many first layers, and what that costs."""

    model: ExportedModel
    float_layers: int
    loss: QuantisationLoss

    @property
    def is_cheap(self) -> bool:
        """Whether it costs less than the most that is allowed."""
        return self.loss.rmse_loss < MOST_LOSS


def quantised(
    model: ExportedModel, calibration: Path | None, data: Path, report: Report
) -> ExportedModel:
    """The model with its backbone in int8; `ModelExportError` where that costs too much."""
    losses = []
    for attempt in attempts(model, calibration, data, report):
        if attempt.is_cheap:
            return attempt.model
        losses.append(attempt.loss)
    least = min(losses, key=lambda loss: loss.rmse_loss)
    raise ModelExportError(
        f"int8 must cost less than {MOST_LOSS:g} AQI of RMSE, got {least.rmse_loss:.2f} at best "
        f"({least.rmse_float:.1f} to {least.rmse_int8:.1f}). Export without --int8, or calibrate "
        "on photos of the camera's own kind with --calibration"
    )


def attempts(
    model: ExportedModel, calibration: Path | None, data: Path, report: Report
) -> Iterator[Attempt]:
    """Quantise with more and more layers in floating point, and measure each."""
    served = load_served(model.folder)
    size = served.config.image_size
    pictures, source = calibration_pictures(calibration, size)
    labelled = LabelledPhotos.of_folder(data, size, report)
    before = _features(model.graph, labelled.pixels)
    with tempfile.TemporaryDirectory() as work:
        prepared = _prepared(model.graph, Path(work))
        for layers in FLOAT_LAYERS:
            graph = _quantised(prepared, pictures, layers, Path(work))
            after = _features(graph, labelled.pixels)
            loss = quantisation_loss(served, labelled, before, after)
            report(f"int8 behind {layers} layers in floating point: {loss.sentence}")
            about = _about(loss, layers, source, len(pictures))
            yield Attempt(replace(model, graph=graph, about=about), layers, loss)


def _about(loss: QuantisationLoss, layers: int, source: str, pictures: int) -> dict[str, Any]:
    kept = f"; its first {layers} convolutions float32" if layers else ""
    return {
        "precision": f"backbone int8{kept}. {loss.sentence}",
        "int8": {
            **loss.as_json(),
            "float_layers": layers,
            "calibration": source,
            "pictures": pictures,
        },
    }


def calibration_pictures(folder: Path | None, size: int) -> tuple[Pixels, str]:
    """Pictures (N, 3, S, S) of a folder, or the rendered scenes whole and in halves; their source.

    A folder without a usable photo raises `ModelExportError`.
    """
    if folder is None:
        scenes = [Photo.open(path) for path in sorted((ASSETS / "scenes").glob("*.jpg"))]
        halves = [part for scene in scenes for part in _with_halves(scene)]
        return np.stack([pixels(photo, size) for photo in halves]), "rendered scenes"
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS]
    step = max(1, len(files) // MOST_PICTURES)
    photos = list(_readable(files[::step]))[:MOST_PICTURES]
    if not photos:
        raise ModelExportError(f"--calibration must be a folder with photos, got {folder}")
    return np.stack([pixels(photo, size) for photo in photos]), f"{len(photos)} photos of a folder"


def _with_halves(photo: Photo) -> list[Photo]:
    width, height = photo.image.size
    boxes = ((0, 0, width, height), (0, 0, width // 2, height), (width // 2, 0, width, height))
    return [Photo.from_image(photo.image.crop(box)) for box in boxes]


def _readable(files: list[Path]) -> Iterator[Photo]:
    for file in files:
        try:
            yield Photo.open(file)
        except PhotoError:
            continue


def _features(graph: bytes, photos: Pixels) -> tuple[Floats32, Floats32]:
    session = onnxruntime.InferenceSession(
        graph, session_options(), providers=["CPUExecutionProvider"]
    )
    parts = [session.run(OUTPUTS[1:3], {PIXELS: photo[None]}) for photo in photos]
    features, haze = (np.concatenate(column) for column in zip(*parts, strict=True))
    return features, haze


class _CalibrationPictures(CalibrationDataReader):  # type: ignore[misc]
    """Hands the calibration pictures out one by one."""

    def __init__(self, pictures: Pixels) -> None:
        self._rest = iter(pictures)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The next picture as the graph's input; `None` at the end."""
        picture = next(self._rest, None)
        return None if picture is None else {PIXELS: picture[None]}


def _prepared(graph: bytes, work: Path) -> Path:
    """The graph with constants and batch normalisation folded, in a file."""
    plain, prepared = work / "plain.onnx", work / "prepared.onnx"
    plain.write_bytes(graph)
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    return prepared


def _quantised(prepared: Path, pictures: Pixels, float_layers: int, work: Path) -> bytes:
    """The graph with its backbone quantised, all but the first convolutions."""
    model = onnx.load(prepared)
    nodes = _backbone_nodes(model.graph, float_layers)
    out = work / "int8.onnx"
    quiet = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)  # it warns of each tensor that has no shape
    try:
        quantize_static(
            str(prepared),
            str(out),
            _CalibrationPictures(pictures),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=[*_QUANTISED],
            nodes_to_quantize=[node.name for node in nodes],
            extra_options={"TensorQuantOverrides": _clipped(model.graph, nodes)},
        )
    finally:
        logging.getLogger().setLevel(quiet)
    return out.read_bytes()


def _backbone_nodes(graph: Any, float_layers: int) -> list[Any]:
    """The backbone's nodes behind the convolutions that stay in floating point."""
    makers = {name: node for node in graph.node for name in node.output}
    waiting, before = [OUTPUTS[1]], set()
    while waiting:
        node = makers.get(waiting.pop())
        if node is not None and node.name not in before:
            before.add(node.name)
            waiting += node.input
    own = [node for node in graph.node if node.name in before]
    convolutions = [place for place, node in enumerate(own) if node.op_type == "Conv"]
    first = convolutions[min(float_layers, len(convolutions) - 1)]
    return [node for node in own[first:] if node.op_type in _QUANTISED]


def _clipped(graph: Any, nodes: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """The range of what goes into a ReLU6 is that of what comes out: the rest is cut off anyway."""
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    limits = {"rmin": np.float32(0), "rmax": np.float32(_CLIPPED_AT)}
    return {
        node.output[0]: [{"quant_type": QuantType.QUInt8, **limits}]
        for node in nodes
        if node.op_type == "Conv"
        and [user.op_type for user in users.get(node.output[0], ())] == ["Clip"]
    }
