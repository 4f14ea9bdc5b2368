"""Export of a model to a folder that runs with numpy, ONNX Runtime and Pillow alone."""
