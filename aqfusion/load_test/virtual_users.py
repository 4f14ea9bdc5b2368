"""Virtual users: visitors and annotators who act with the think times of people, from a seed."""

import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from PIL import Image, ImageEnhance

from aqfusion.load_test.app_client import AppClient, AppClientError
from aqfusion.load_test.measurements import AnswerLedger, LoadRecorder

UPLOAD = ":material/upload: Upload"
SAMPLES = ":material/photo_library: Samples"
_POLLUTANTS = ("pm25", "pm10", "o3", "co", "so2", "no2")
_VISITOR_THINKS, _ANNOTATOR_THINKS = 5.0, 3.0  # median seconds between two actions
_SHORTEST, _LONGEST = 0.5, 20.0


@dataclass(frozen=True)
class LoadTarget:
    """The server under load, what is recorded of it, and when to stop."""

    address: str
    recorder: LoadRecorder
    stop: Event
    scenes: tuple[Path, ...]
    hurry: float = 1.0  # think times are divided by it


class VirtualUser:
    """What visitors and annotators have in common: think, act, record, and come back."""

    thinks = _VISITOR_THINKS

    def __init__(self, target: LoadTarget, number: int, source: str | None) -> None:
        """`number` seeds what this user does; `source` is the address that they come from."""
        self.name = f"{type(self).__name__.lower()} {number}"
        self.cookies: dict[str, str] = {}
        self._target, self._source = target, source
        self._random = random.Random(f"{self.name}")
        self._session = ""

    def run(self) -> None:
        """Visit again and again until the end; an error ends a visit and nothing else."""
        self.think(self._random.random())  # not all at once
        while not self._target.stop.is_set():
            try:
                self.visit()
            except AppClientError as error:
                self._session = ""
                if not self._target.stop.is_set():
                    self._target.recorder.error(self.name, "visit", str(error))
            self.think(2.0)

    def visit(self) -> None:
        """One visit, from opening the page to leaving."""
        raise NotImplementedError

    def think(self, longer: float = 1.0) -> None:
        """Wait as a person does before the next action."""
        seconds = self.thinks * longer * self._random.lognormvariate(0, 0.5)
        self._target.stop.wait(min(_LONGEST, max(_SHORTEST, seconds)) / self._target.hurry)

    @contextmanager
    def tab(self) -> Iterator[AppClient]:
        """A tab of this user's browser; its errors are recorded when it is closed."""
        session, self._session = self._session, ""
        tab = AppClient(self._target.address, self.cookies, session, source=self._source)
        with tab:
            yield tab
        if self._random.random() < 0.2:  # the line breaks, and the next visit goes on from here
            self._session = tab.session

    def act(self, tab: AppClient, action: str, work: Callable[[], float]) -> None:
        """Do something, and record how long it took and what went wrong."""
        seconds = work()
        self._target.recorder.time(action, seconds)
        for sentence in tab.errors:
            self._target.recorder.error(self.name, action, sentence)
        tab.errors.clear()
        self.think()

    @property
    def stopped(self) -> bool:
        """Whether the load test is over."""
        return self._target.stop.is_set()


class Visitor(VirtualUser):
    """Tries sliders, samples and own photos, reads the explanation and other pages, and leaves."""

    def visit(self) -> None:
        """Between 4 and 10 actions."""
        with self.tab() as tab:
            self.act(tab, "open predict", lambda: tab.open("predict"))
            for _ in range(self._random.randint(4, 10)):
                if self.stopped:
                    return
                actions = (self._move, self._switch, self._sample, self._upload, self._read)
                self._random.choices(actions, (8, 2, 2, 3, 4))[0](tab)

    def _move(self, tab: AppClient) -> None:
        key, value = self._random.choice(_POLLUTANTS), self._random.randint(0, 45)
        self.act(tab, "move slider", lambda: tab.change(f"sensor_{key}_value", float(value)))

    def _switch(self, tab: AppClient) -> None:
        key, on = self._random.choice(_POLLUTANTS), self._random.random() < 0.5
        self.act(tab, "switch reading", lambda: tab.change(f"sensor_{key}_on", on))

    def _sample(self, tab: AppClient) -> None:
        if not tab.has("photo_sample"):
            self.act(tab, "choose samples", lambda: tab.change("photo_source", SAMPLES))
        titles = tab.options("photo_sample")
        self.act(
            tab, "take sample", lambda: tab.change("photo_sample", self._random.choice(titles))
        )

    def _upload(self, tab: AppClient) -> None:
        if not tab.has("photo_upload"):
            self.act(tab, "choose upload", lambda: tab.change("photo_source", UPLOAD))
        content = photo(self._random, self._target.scenes)
        self.act(tab, "upload photo", lambda: tab.upload("photo_upload", "sky.jpg", content))

    def _read(self, tab: AppClient) -> None:
        page = self._random.choice(("explain", "explain", "stations", "evaluation"))
        self.act(tab, f"open {page}", lambda: tab.goto(page))
        self.act(tab, "back to predict", lambda: tab.goto("predict"))


class Annotator(VirtualUser):
    """Signs in by PIN, answers items, takes an answer back now and then, and comes back."""

    thinks = _ANNOTATOR_THINKS

    def __init__(
        self,
        target: LoadTarget,
        number: int,
        source: str | None,
        account: tuple[str, str],
        ledger: AnswerLedger,
    ) -> None:
        """`account` is name and PIN."""
        super().__init__(target, number, source)
        self._account, self._ledger = account, ledger

    def visit(self) -> None:
        """Between 15 and 60 answers; sometimes in another browser, signed in anew."""
        if self._random.random() < 0.3:
            self.cookies.clear()
            self._session = ""
        with self.tab() as tab:
            self.act(tab, "open label", lambda: tab.open("label"))
            if not tab.has("account_out"):
                self.act(tab, "sign in", lambda: tab.sign_in(*self._account))
            for _ in range(self._random.randint(15, 60)):
                item = tab.component("label_item")
                if self.stopped or not self._answer(tab, item):
                    return
                if self._random.random() < 0.06:
                    self._undo(tab)

    def _answer(self, tab: AppClient, item: dict[str, Any]) -> bool:
        """Answer the item; false where the queue is empty."""
        request = item["request"]
        if item["item"] is None:
            self._target.recorder.note("the queue of an annotator was empty")
            self.act(tab, "open predict", lambda: tab.goto("predict"))
            return False
        answer = {"request": request, "category": self._random.randrange(6)}
        self._ledger.send(request)
        self.act(tab, "answer", lambda: tab.trigger("label_item", "answer", answer))
        message = tab.component("label_item")["message"]
        if message["kind"] == "saved":
            self._ledger.acknowledge(request)
        else:
            self._target.recorder.note(f"answer: {message['text']}")
        return True

    def _undo(self, tab: AppClient) -> None:
        command = {"name": "undo", "request": tab.component("label_item")["request"]}
        self.act(tab, "undo", lambda: tab.trigger("label_item", "command", command))
        message = tab.component("label_item")["message"]
        if message["kind"] == "undone":
            self._ledger.undo()
        else:
            self._target.recorder.note(f"undo: {message['text']}")


def photo(generator: random.Random, scenes: tuple[Path, ...]) -> bytes:
    """A scene from another angle and in another light, so that no two uploads are the same."""
    with Image.open(generator.choice(scenes)) as scene:
        left, top = generator.randrange(60), generator.randrange(40)
        view = scene.convert("RGB").crop(
            (left, top, scene.width - 60 + left, scene.height - 40 + top)
        )
    stream = io.BytesIO()
    ImageEnhance.Brightness(view).enhance(generator.uniform(0.85, 1.15)).save(stream, "JPEG")
    return stream.getvalue()
