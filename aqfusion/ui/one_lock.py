"""One lock for the state of a browser session, however many of its runs overlap.

Streamlit 1.67 gives every run of a script its own `SafeSessionState`, and with it a lock,
around the one `SessionState` of the visitor. A run that is being replaced ends while the next
begins: the one removes what it did not draw, the other goes over the same dictionary, and the
visitor reads "dictionary changed size during iteration" where the page should be.
"""

import threading
from collections.abc import Callable
from weakref import WeakValueDictionary

from streamlit.runtime.state import SafeSessionState, SessionState

_alone: Callable[..., None] = SafeSessionState.__init__
_making = threading.Lock()
# By identity: a SessionState can be neither hashed nor weakly referenced. A lock lives as long as a
# SafeSessionState that holds it, and with it the SessionState; so no other can have its identity.
_locks: WeakValueDictionary[int, threading.RLock] = WeakValueDictionary()


def _shared(
    self: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]
) -> None:
    _alone(self, state, yield_callback)
    with _making:
        object.__setattr__(self, "_lock", _locks.setdefault(id(state), self._lock))


def install() -> None:
    """Let all runs of a visitor share one lock, from the next run on; again does nothing more."""
    SafeSessionState.__init__ = _shared  # type: ignore[method-assign]
