"""The page of a tab as Streamlit's messages draw it, and what was set in its widgets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.WidgetStates_pb2 import WidgetState

_ONCE = ("trigger_value", "json_trigger_value")  # a press; it is not sent again


class AppClientError(Exception):
    """The server refused, left, did not answer, or the page is another; the sentence says which."""


@dataclass
class ShownElement:
    """An element of the page: its kind, its message, and the fragment and run that drew it."""

    kind: str
    body: Any
    fragment: str
    run: int

    @property
    def key(self) -> str:
        """The key in the page's code, from an id like `$$ID-hash-key`."""
        return "" if self.kind == "block" else getattr(self.body, "id", "").partition("-")[2][33:]


class ShownPage:
    """Elements by their place, and the states that a browser would send along."""

    def __init__(self) -> None:
        """Begin empty."""
        self._elements: dict[tuple[int, ...], ShownElement] = {}
        self._states: dict[str, WidgetState] = {}
        self._run = 0

    def of_kind(self, kind: str) -> Iterator[ShownElement]:
        """All elements of a kind, from the top of the page."""
        for _, shown in sorted(self._elements.items(), key=lambda pair: pair[0]):
            if shown.kind == kind:
                yield shown

    def drawn_last(self) -> list[ShownElement]:
        """What the last run drew."""
        return [shown for shown in self._elements.values() if shown.run == self._run]

    def has(self, key: str) -> bool:
        """Whether a widget of that key is shown."""
        return any(shown.key == key for shown in self._elements.values())

    def widget(self, key: str) -> ShownElement:
        """The widget of a key; `AppClientError` where there is none."""
        for shown in self._elements.values():
            if shown.key == key:
                return shown
        raise AppClientError(f"widget must be on the page, got the key {key!r}")

    def begin_run(self, states: list[WidgetState]) -> list[WidgetState]:
        """Take what the visitor has set, and return all that the server is told."""
        self._run += 1
        lasting = {state.id: state for state in states if state.WhichOneof("value") not in _ONCE}
        self._states |= lasting
        return [*({**self._states, **{state.id: state for state in states}}).values()]

    def draw(self, path: tuple[int, ...], delta: Delta) -> list[str]:
        """Put an element in its place; returns what it says of errors."""
        body: Any
        if delta.WhichOneof("type") == "add_block":
            kind, body = "block", delta.add_block
        else:
            kind = delta.new_element.WhichOneof("type") or "empty"
            body = getattr(delta.new_element, kind)
        self._elements[path] = ShownElement(kind, body, delta.fragment_id, self._run)
        if getattr(body, "set_value", False):  # the server's value is newer than the visitor's
            self._states.pop(body.id, None)
        if kind == "exception" and not body.is_warning:
            return [f"{body.type}: {body.message}"]
        return [body.body] if kind == "alert" and body.format == Alert.ERROR else []

    def end_run(self, whole: bool) -> None:
        """Take away what the run did not draw, of the whole page or of the fragments that ran."""
        fragments = {s.fragment for s in self._elements.values() if s.run == self._run} - {""}
        self._elements = {
            path: shown
            for path, shown in self._elements.items()
            if shown.run == self._run or not (whole or shown.fragment in fragments)
        }
        ids = {getattr(shown.body, "id", "") for shown in self._elements.values()}
        self._states = {name: state for name, state in self._states.items() if name in ids}


def state_of(shown: ShownElement, value: Any) -> WidgetState:
    """A value as the widget's browser code would send it."""
    state = WidgetState(id=shown.body.id)
    if shown.kind == "slider":
        state.double_array_value.data.append(float(value))
    elif shown.kind == "button_group":
        state.string_array_value.data.append(str(value))
    elif shown.kind == "number_input":
        state.double_value = float(value)
    elif isinstance(value, bool):
        state.bool_value = value
    else:
        state.string_value = str(value)
    return state
