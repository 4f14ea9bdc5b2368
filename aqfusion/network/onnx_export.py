"""Image encoders as ONNX graphs, whose weights come by name from any model of that backbone.

A graph is of the architecture, as code is: it stands once in `assets/graphs` for all models and
any size of photos, and a model folder stays what it was, numbers alone. The exporter would fold
batch normalisation into numbers of its own, so it gets the weights as inputs; ONNX Runtime folds
them when it loads the graph.
"""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from aqfusion.io.atomic_files import replace_file
from aqfusion.model.architecture import BACKBONES, backbone
from aqfusion.model.image_session import BATCH, OUTPUTS, PIXELS, SIDE, WEIGHTS_OF, graph_file
from aqfusion.network.haze_features import haze_features, statistics
from aqfusion.network.image_encoder import ImageEncoder

_SIDES = (64, 512)  # pixels
_SAME = "SAME_UPPER"  # ONNX's name for padding as TensorFlow does


class ExportedEncoder(nn.Module):
    """What an image session computes of uint8 pixels (B, 3, S, S), in the order of `OUTPUTS`."""

    def __init__(self, encoder: ImageEncoder) -> None:
        super().__init__()
        self.network = nn.ModuleDict({"image_encoder": encoder})  # the names of stored weights

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Embeddings (B, 128), features (B, D), haze statistics (B, 108), figures (B, 13)."""
        encoder: Any = self.network["image_encoder"]
        features, haze = encoder.pooled_features(images), haze_features(images)
        return encoder.combine_branches(features, haze), features, haze, statistics(images)


def image_graph(name: str) -> bytes:
    """Trace the image encoder of a backbone anew, which takes a minute; `WeightsError` if none."""
    same = backbone(name).options.get("pad_type") == "same"
    # Padding that follows the size has no fixed graph; ONNX has it as a property of the layer.
    encoder = ImageEncoder(name, pads_by_size=False)
    traced = _traced(ExportedEncoder(encoder).eval().requires_grad_(False))
    graph = _without_weights(traced)
    for node in graph.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
        if same and node.op_type == "Conv":
            kept = [part for part in node.attribute if part.name not in ("pads", "auto_pad")]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("auto_pad", _SAME)])
    return bytes(graph.SerializeToString(deterministic=True))


def self_contained(graph: bytes, weights: Mapping[str, NDArray[Any]]) -> bytes:
    """The graph with its weights inside, as float32: one file that needs no other."""
    model = onnx.load_from_string(graph)
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            values = weights[tensor.name]
            small = values.astype(np.float32) if values.dtype == np.float16 else values
            tensor.CopyFrom(numpy_helper.from_array(small, tensor.name))
    return bytes(model.SerializeToString(deterministic=True))


def _traced(module: nn.Module) -> Any:
    """The ONNX model of any number and size of photos, as the exporter leaves it."""
    side = torch.export.Dim(SIDE, min=_SIDES[0], max=_SIDES[1])
    sizes = ({0: torch.export.Dim(BATCH), 2: side, 3: side},)
    photos = (torch.zeros(2, 3, 192, 192, dtype=torch.uint8),)
    program = torch.export.export(
        module, photos, dynamic_shapes=sizes, prefer_deferred_runtime_asserts_over_guards=True
    )
    exported: Any = torch.onnx.export(
        program,
        dynamo=True,
        optimize=False,
        input_names=[PIXELS],
        output_names=[*OUTPUTS],
        verbose=False,
    )
    return exported.model_proto


def _without_weights(model: Any) -> Any:
    """Simplify the graph with its weights as inputs, then name them as tensors of another file."""
    from onnxscript import optimizer

    stored = [t for t in model.graph.initializer if t.name.startswith("network.")]
    constants = [t for t in model.graph.initializer if not t.name.startswith("network.")]
    del model.graph.initializer[:]
    model.graph.initializer.extend(constants)
    model.graph.input.extend(
        helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in stored
    )
    model = optimizer.optimize(model)
    used = {name for node in model.graph.node for name in node.input}
    del model.graph.input[1:]
    for tensor in stored:
        if tensor.name in used:
            empty = onnx.TensorProto(
                name=tensor.name,
                data_type=tensor.data_type,
                dims=tensor.dims,
                data_location=onnx.TensorProto.EXTERNAL,
            )
            empty.external_data.add(key="location", value=WEIGHTS_OF)
            model.graph.initializer.append(empty)
    _name_sizes(model)
    for part in (model.graph, model):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    del model.graph.value_info[:]
    return model


def _name_sizes(model: Any) -> None:
    """The exporter numbers the sizes that change; sessions fix the side by its name."""
    pixels = model.graph.input[0].type.tensor_type.shape.dim
    names = {pixels[0].dim_param: BATCH, pixels[2].dim_param: SIDE, pixels[3].dim_param: SIDE}
    for value in (*model.graph.input, *model.graph.output):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param:
                size.dim_param = names[size.dim_param]


def main() -> None:
    """Write `assets/graphs` anew, all or the backbones that are named."""
    for name in sys.argv[1:] or BACKBONES:
        graph = image_graph(name)
        replace_file(graph_file(name), graph)
        sys.stdout.write(f"{graph_file(name)}: {len(graph) / 1e3:.0f} kB\n")


if __name__ == "__main__":
    main()
