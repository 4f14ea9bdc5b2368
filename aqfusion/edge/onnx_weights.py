"""ONNX graphs that need no other file: the weights of a model are put into its backbone's graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

# A session looks for names that begin with "network." in the weights file: these are none.
_INSIDE = "inside."


def with_weights(graph: bytes, weights: Mapping[str, NDArray[Any]]) -> bytes:
    """The graph with its weights inside, as they are stored: halves stay halves.

    Half precision is turned into single by the graph itself, once, when it is loaded, so what is
    computed is what the app computes; `KeyError` where a weight is missing.
    """
    model = onnx.load_from_string(graph)
    external = [t for t in model.graph.initializer if t.data_location == TensorProto.EXTERNAL]
    casts = []
    for tensor in external:
        name, values = tensor.name, weights[tensor.name]
        inside = _INSIDE + name
        if values.dtype == np.float16:
            half = f"{inside}.half"
            tensor.CopyFrom(numpy_helper.from_array(values, half))
            casts.append(helper.make_node("Cast", [half], [inside], to=TensorProto.FLOAT))
        else:
            tensor.CopyFrom(numpy_helper.from_array(values, inside))
        for node in model.graph.node:
            for place, used in enumerate(node.input):
                if used == name:
                    node.input[place] = inside
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString(deterministic=True))
