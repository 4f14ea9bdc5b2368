"""A cache for what must outlive Streamlit's: a message of any browser can empty those for all."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import update_wrapper
from threading import Lock
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class ProcessCache(Generic[Value]):
    """Calls a function once for the same arguments; what is oldest is released."""

    def __init__(
        self,
        function: Callable[..., Value],
        most: int = 1,
        release: Callable[[Value], None] | None = None,
    ) -> None:
        """Keep the values of `most` arguments."""
        self._function, self._most, self._release = function, most, release
        self._kept: OrderedDict[Hashable, Future[Value]] = OrderedDict()
        self._lock = Lock()
        update_wrapper(self, function)

    def __call__(self, *arguments: Hashable) -> Value:
        """The value, made by the first who asks; a failure is not kept."""
        with self._lock:
            future = self._kept.get(arguments)
            is_first = future is None
            if future is None:
                future = self._kept[arguments] = Future()
            self._kept.move_to_end(arguments)
            dropped = self._surplus()
        self._let_go(dropped)
        if is_first:
            try:
                future.set_result(self._function(*arguments))
            except BaseException as error:
                with self._lock:
                    self._kept.pop(arguments, None)
                future.set_exception(error)
                raise
        return future.result()

    def clear(self) -> None:
        """Release all values."""
        with self._lock:
            dropped = [*self._kept.values()]
            self._kept.clear()
        self._let_go(dropped)

    def _surplus(self) -> list[Future[Value]]:
        surplus = max(0, len(self._kept) - self._most)
        return [self._kept.popitem(last=False)[1] for _ in range(surplus)]

    def _let_go(self, dropped: list[Future[Value]]) -> None:
        for future in dropped:
            if self._release is not None:
                future.add_done_callback(self._release_value)

    def _release_value(self, future: Future[Value]) -> None:
        if self._release is not None and future.exception() is None:
            self._release(future.result())


def process_cache(
    most: int = 1, release: Callable[[Any], None] | None = None
) -> Callable[[Callable[..., Value]], ProcessCache[Value]]:
    """Keep a function's values in this process, outside Streamlit's caches."""

    def keep(function: Callable[..., Value]) -> ProcessCache[Value]:
        return ProcessCache(function, most, release)

    return keep
