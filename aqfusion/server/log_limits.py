"""A bound on log lines: one place in the code that a visitor makes repeat itself is cut short.

A stranger who sends what is refused, again and again, would fill the disk and bury what matters.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.server import client_address
from aqfusion.server.token_bucket import TokenBuckets

_OF_ONE, _OF_ONE_PER_SECOND = 10, 1 / 10  # lines of one place for one visitor
_OF_ALL, _OF_ALL_PER_SECOND = 60, 1.0  # lines of one place
_MOST_PLACES = 1000

_Place = tuple[str, int]


class LogLimit(logging.Filter):
    """Leaves out lines beyond a bound, and counts them in the next line of that place."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing left out."""
        super().__init__()
        self._of_one = TokenBuckets(_OF_ONE, _OF_ONE_PER_SECOND, clock)
        self._of_all = TokenBuckets(_OF_ALL, _OF_ALL_PER_SECOND, clock)
        self._left_out: OrderedDict[_Place, int] = OrderedDict()
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is written; what no visitor caused is."""
        visitor = _visitor()
        if not visitor:
            return True
        place = (record.pathname, record.lineno)
        may_pass = self._of_one.take((place, visitor)) and self._of_all.take(place)
        with self._lock:
            if not may_pass:
                self._left_out[place] = self._left_out.pop(place, 0) + 1
                while len(self._left_out) > _MOST_PLACES:
                    self._left_out.popitem(last=False)
                return False
            count = self._left_out.pop(place, 0)
        if count:
            record.msg = f"{record.getMessage()} ({count:,} lines like this were left out)"
            record.args = ()
        return True


def _visitor() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return client_address.CURRENT.get() if context is None else context.session_id


def install() -> None:
    """Bound what the handlers of the root logger write; again does nothing more."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(kept, LogLimit) for kept in handler.filters):
            handler.addFilter(LogLimit())
