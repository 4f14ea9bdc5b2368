"""A log line is one line with known fields; it names nobody and holds no key to anything."""

import io
import json
import logging
import threading
import time
import uuid

import pytest
import streamlit.logger
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from aqfusion.server import logs
from aqfusion.server.logs import LogFormatter, RequestPseudonym
from aqfusion.settings import SettingsError, load_server_settings

FIELDS = ["time", "level", "logger", "message", "request", "session"]
SESSION = "3e348826-3ebe-4a6d-8e90-a8863dc7c288"


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def restored(monkeypatch):
    names = ("", "streamlit", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio")
    before = [
        (logger, [*logger.handlers], logger.propagate, logger.level)
        for logger in map(logging.getLogger, names)
    ]
    monkeypatch.setattr(streamlit.logger, "setup_formatter", streamlit.logger.setup_formatter)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    logging.captureWarnings(False)
    for logger, handlers, propagate, level in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def line(message: str, *args: object, kind: str = "json", error: BaseException | None = None):
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("aqfusion.x", logging.WARNING, "x.py", 1, message, args, info)
    record.name_of_somebody = "Asha"  # what a library hangs on a record stays out of the line
    return LogFormatter(kind).format(record)


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_has_these_fields_and_no_others():
    content = json.loads(line("%s of %s", 1, 2))
    assert list(content) == FIELDS
    assert (content["level"], content["logger"], content["message"]) == (
        "WARNING",
        "aqfusion.x",
        "1 of 2",
    )
    assert content["time"].endswith("+00:00")


@pytest.mark.parametrize("kind", ["json", "text"])
@pytest.mark.parametrize(
    ("message", "secret"),
    [
        (f"PUT /_stcore/upload_file/{SESSION}/x failed", SESSION),
        (f"PUT /_stcore/upload_file/{SESSION.upper()}/x failed", SESSION.upper()),
        ("GET /predict?pm25=12&place=home is odd", "pm25"),
        ("from https://host/label?item=3#x", "item=3"),
        ("postgresql://aq:letmein@db/labels does not answer", "letmein"),
    ],
)
def test_no_session_id_query_or_password_gets_in(kind, message, secret):
    written = line(message, kind=kind)
    assert secret not in written
    assert "\n" not in written


def test_one_session_has_one_pseudonym_and_another_process_another(monkeypatch):
    first, again = line(f"of {SESSION}"), line(f"again {SESSION}")
    assert logs.pseudonym(SESSION) in first
    assert logs.pseudonym(SESSION) in again
    monkeypatch.setattr(logs, "_KEY", b"another")
    assert logs.pseudonym(SESSION) not in first


def test_nobody_writes_a_line_of_their_own():
    forged = "x\n2026-01-01 ERROR root: all is lost\r\x1b[2J\u2028\u202e"
    text = line("upload %s", forged, kind="text")
    assert text.splitlines() == [text]
    assert text.isprintable()
    assert json.loads(line("upload %s", forged))["message"] == f"upload {forged}"
    assert len(line("upload %s", forged).splitlines()) == 1


@pytest.mark.parametrize("kind", ["json", "text"])
def test_an_exception_is_its_kind_and_place_and_not_what_somebody_typed(kind):
    try:
        try:
            raise KeyError("Asha 123456")
        except KeyError as before:
            raise ValueError("name must be short, got 'Asha'") from before
    except ValueError as caught:
        written = line("Failed", kind=kind, error=caught)
    assert "Asha" not in written
    assert "123456" not in written
    assert "Traceback: ValueError at tests/server/test_logs.py:" in written
    assert "after KeyError at tests/server/test_logs.py:" in written
    assert len(written.splitlines()) == 1


def test_an_errno_is_told_without_the_path():
    written = line("Failed", error=raised(OSError(28, "No space left", "/srv/photos/asha.jpg")))
    assert "OSError (errno 28)" in written
    assert "asha" not in written


def test_a_wrong_log_call_still_gives_a_line():
    assert json.loads(line("%d of %d", "x"))["message"] == "%d of %d"


@pytest.mark.parametrize("filler", ["x", "/", "a://", "-0", "?", "@", " "])
def test_a_long_message_is_cut_at_once(filler):
    start = time.monotonic()
    written = line(filler * 25_000 + SESSION)
    assert len(written) < 5_000
    assert time.monotonic() - start < 0.5
    at_the_cut = line("x" * (4_000 - 20) + " " + SESSION)
    assert SESSION[:8] not in at_the_cut


def test_the_terminal_of_whoever_started_it_shows_exceptions_whole(restored):
    screen = Screen()
    logs.install("text", screen)
    logging.getLogger("aqfusion.y").error("Failed", exc_info=raised(ValueError("what it says")))
    assert "ValueError: what it says" in screen.getvalue()
    file = io.StringIO()
    logs.install("text", file)
    logging.getLogger("aqfusion.y").error("Failed", exc_info=raised(ValueError("what it says")))
    assert "what it says" not in file.getvalue()


def test_lines_of_streamlit_uvicorn_and_threads_look_the_same(restored):
    out = io.StringIO()
    logs.install("json", out)
    streamlit.logger.get_logger(f"streamlit.made_later_{uuid.uuid4().hex}").warning("later")
    logging.getLogger("streamlit").warning("now")
    logging.getLogger("uvicorn.error").info("127.0.0.1:5 connected")
    logging.getLogger("uvicorn.access").info("127.0.0.1:5 GET /?a=b")
    logging.getLogger("uvicorn.error").error("broken")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    written = [json.loads(text) for text in out.getvalue().splitlines()]
    assert [content["message"] for content in written] == [
        "later",
        "now",
        "broken",
        "A thread ended with an error",
    ]
    assert all(list(content)[:6] == FIELDS for content in written)


def test_lines_of_one_request_share_a_name_that_no_other_has(restored):
    out = io.StringIO()
    logs.install("json", out)

    def work(_request):  # in a thread of the pool
        logging.getLogger("aqfusion.y").warning("one")
        logging.getLogger("aqfusion.y").warning("two")
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/", work)], middleware=[Middleware(RequestPseudonym)])
    for _ in range(2):
        TestClient(app).get("/", headers={"X-Request-ID": "mine"})
    names = [json.loads(text)["request"] for text in out.getvalue().splitlines()]
    assert names[0] == names[1] != names[2] == names[3]
    assert "mine" not in names
    assert None not in names


def test_the_setting_has_two_values(tmp_path):
    none = tmp_path / "none"
    assert load_server_settings({}, none).log == "text"
    assert load_server_settings({"AQFUSION_LOG": "JSON"}, none).log == "json"
    with pytest.raises(SettingsError, match="AQFUSION_LOG must be json or text, got 'xml'"):
        load_server_settings({"AQFUSION_LOG": "xml"}, none)
