"""A real server and a real Chromium without internet; what is outside localhost is recorded."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aqfusion.settings import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
RESULT = ".st-key-result_aqi .aq-number"
START_SECONDS = 90
# Each width and each colour scheme once.
SCREENS = [
    pytest.param(
        {"viewport": {"width": 1440, "height": 1000}, "color_scheme": "light"}, id="wide-light"
    ),
    pytest.param(
        {"viewport": {"width": 375, "height": 812}, "color_scheme": "dark"}, id="phone-dark"
    ),
]
# The same for what takes long: on a phone by `make long`.
SCREENS_OF_LONG = [
    SCREENS[0],
    pytest.param(*SCREENS[1].values, id=SCREENS[1].id, marks=pytest.mark.long),
]
_FLAGS = (
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, started as README says, without data folder or settings."""
    with serve(tmp_path_factory.mktemp("home"), "-m", "streamlit") as address:
        yield address


@contextmanager
def serve(home: Path, *program: str) -> Iterator[str]:
    """Run the app by `python PROGRAM run app.py`; a traceback in its log is a failure."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AQFUSION_")}
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *program, "run", "app.py", *_options(port)],
            cwd=ROOT,
            env={**environment, "AQFUSION_HOME": str(home)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", process, home / "server.log")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert "Traceback" not in (home / "server.log").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, or Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for found in map(shutil.which, names) if found), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A fresh browser context that can reach the server and nothing else."""

    page: Page
    address: str
    outside: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # by the Content Security Policy

    def open(self, path: str = "/predict", until: str = RESULT) -> None:
        """Go to a page and wait for its prediction, or for what `until` selects."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector(until, timeout=START_SECONDS * 1000)
        self.settle()

    def settle(self) -> None:
        """Wait until the server has answered and the page stands still."""
        self.page.wait_for_timeout(250)
        self.page.wait_for_selector("[data-test-script-state='notRunning']")
        # Streamlit fetches the code of a widget when the first of its kind is drawn: until then
        # a skeleton holds its place, and the moment after that it shows its default.
        self.page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
        self.page.wait_for_timeout(450)

    def aqi(self) -> int:
        """The number that the page shows."""
        return int(self.page.locator(RESULT).inner_text())

    def aqi_other_than(self, before: int) -> int:
        """Wait until the number is no longer `before`, and return it."""
        expect(self.page.locator(RESULT)).not_to_have_text(str(before), timeout=20_000)
        return self.aqi()

    def press(self, name: str) -> None:
        """Click the button of that name."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def keep_screenshot(self, name: str) -> Path:
        """Save the whole page below build/screenshots."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size
        assert size is not None
        height = self.page.evaluate("document.querySelector('.stMain').scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": height + 60})
        self.page.wait_for_timeout(400)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)
        return path


@pytest.fixture
def visitor(request: pytest.FixtureRequest, chromium: Browser, server: str) -> Iterator[Visitor]:
    """A visitor; `indirect` parameters may give viewport and colour scheme."""
    options = getattr(request, "param", {})
    context = chromium.new_context(
        viewport=options.get("viewport", {"width": 1440, "height": 1000}),
        color_scheme=options.get("color_scheme", "light"),
        has_touch=options.get("has_touch", False),
        permissions=["camera"],
    )
    guest = Visitor(context.new_page(), server)

    def guard(route):
        if route.request.url.startswith((server, "data:", "blob:")):
            route.continue_()
        else:
            guest.outside.append(route.request.url)
            route.abort()

    def note(message):
        if "Content Security Policy" in message.text:
            guest.refused.append(message.text)

    context.on("console", note)
    context.route("**/*", guard)
    yield guest
    context.close()
    assert guest.refused == []


def _options(port: int) -> tuple[str, ...]:
    """A free port, and no window on the screen of whoever runs the tests."""
    return f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")
