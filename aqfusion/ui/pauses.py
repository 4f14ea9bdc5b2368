"""Keep the server's pauses short.

Streamlit collects all garbage at the end of every run. With the libraries of this app in memory
that holds the whole process for a quarter of a second, while the last of the page still waits to be
sent. What a library made when it was imported never becomes garbage, so it need not be scanned.
"""

import gc
import sys
from threading import Lock

_lock = Lock()
_modules = 0


def shorten() -> None:
    """Take what has been imported since the last time out of the collector's way."""
    global _modules
    with _lock:
        if len(sys.modules) == _modules:
            return
        _modules = len(sys.modules)
    gc.collect()  # what is garbage now would stay for good
    gc.freeze()
