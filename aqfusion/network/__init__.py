"""The network as torch trains it, and the graphs by which ONNX Runtime serves it."""
