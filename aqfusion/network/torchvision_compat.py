"""Lets torchvision import beside a CPU-only torch whose compiled operators it cannot load.

The torchvision wheel of the package index is built against a CUDA torch. Beside a CPU torch its
shared library does not load, and `import torchvision` then stops at registering shape rules for
operators that nobody declared. timm imports torchvision; nothing here calls those operators.
Declaring their schemas first cures the import, and a call would still fail loudly.
"""

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_library: torch.library.Library | None = None  # the declarations live as long as this object


def declare_missing_operators() -> bool:
    """Declare the operators if torchvision cannot bring its own; return whether that was needed."""
    global _library
    if _library is not None:
        return True
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    else:
        return False
    _library = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS.values():
        _library.define(schema)
    return True
