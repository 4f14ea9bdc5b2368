"""OpenCV, loaded with the first photo that needs it: 50 ms and 30 MB that few visitors need."""

import threading
from importlib.util import find_spec
from typing import Any

__all__ = ["INSTALLED", "load"]

# Asked once: while one thread loads OpenCV, its module has no specification for others to find.
INSTALLED = find_spec("cv2") is not None
_loading = threading.Lock()


def load() -> Any:
    """Return the module; it puts itself in its place while it loads, so threads wait for that."""
    with _loading:
        import cv2
    return cv2
