"""A client of Streamlit's websocket that moves a slider faster than the server answers.

Like the real one it sends the state of every mounted widget with each rerun.
"""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE_S = 120
WIDGETS = ("slider", "checkbox", "number_input")


@dataclass
class Visitor:
    """What a client knows: widgets with their values, sliders, what went wrong."""

    page: str
    state: dict[str, tuple[str, float | bool]] = field(default_factory=dict)
    sliders: dict[str, tuple[float, float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    runs: int = 0
    script: str = ""
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def rerun(self) -> bytes:
        """The message that asks for a run with the widgets as they are."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self.script
        message.rerun_script.page_name = "" if self.script else self.page
        for key, (kind, value) in self.state.items():
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = key
            if kind == "slider":
                widget.double_array_value.data.append(value)
            elif kind == "checkbox":
                widget.bool_value = bool(value)
            else:
                widget.double_value = value
        return message.SerializeToString()

    def hear(self, data: bytes) -> None:
        """Take in what the server says."""
        message = ForwardMsg()
        message.ParseFromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.script = message.new_session.page_script_hash
            self.runs += 1
        elif kind == "session_status_changed":
            running = message.session_status_changed.script_is_running
            self.idle.clear() if running else self.idle.set()
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            name = element.WhichOneof("type")
            if name == "exception":
                self.errors.append(element.exception.message)
            elif name in WIDGETS:
                self._mounted(name, getattr(element, name))

    def _mounted(self, name: str, widget) -> None:
        if name == "slider":
            if len(widget.default) != 1 or widget.options:
                return
            self.sliders[widget.id] = (widget.min, widget.max)
            first, given = widget.default[0], widget.value[0] if widget.value else None
        else:
            first, given = widget.default, widget.value
        self.state.setdefault(widget.id, (name, first))
        if widget.set_value:
            self.state[widget.id] = (name, given)


async def visit(port: int, page: str, moves: int, pause_s: float, seed: int) -> Visitor:
    """Open a page, move its first slider `moves` times without waiting, and let it come to rest."""
    visitor, generator = Visitor(page), random.Random(seed)
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with websockets.connect(address, max_size=None, subprotocols=["streamlit"]) as socket:

        async def listen() -> None:
            async for data in socket:
                visitor.hear(data)

        listening = asyncio.create_task(listen())
        await socket.send(visitor.rerun())
        await _rest(visitor)
        for _ in range(moves):
            for key, (low, high) in list(visitor.sliders.items())[:1]:
                visitor.state[key] = ("slider", float(round(generator.uniform(low, high))))
            visitor.idle.clear()
            await socket.send(visitor.rerun())
            await asyncio.sleep(pause_s)
        await _rest(visitor)
        listening.cancel()
    return visitor


async def _rest(visitor: Visitor) -> None:
    """Wait until no run is under way; one that follows at once counts as the same."""
    for _ in range(3):
        await asyncio.wait_for(visitor.idle.wait(), PATIENCE_S)
        await asyncio.sleep(0.2)


def visits(port: int, page: str, visitors: int, moves: int, pause_s: float) -> list[Visitor]:
    """Several visitors at once, in a loop of their own: Playwright keeps one running in a test."""

    async def all_of_them() -> list[Visitor]:
        return await asyncio.gather(
            *(visit(port, page, moves, pause_s, seed) for seed in range(visitors))
        )

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(all_of_them())).result()
