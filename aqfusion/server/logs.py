"""Log lines, as JSON or text: time, level, logger, message, pseudonyms of request and session.

The standard library and one formatter: a line has these fields and no others, whatever a library
puts into its records (python-json-logger writes all it finds). No line has a session's id, a query
string, a password in an address, or the text of an exception, which may repeat what somebody typed;
only on the terminal of whoever started the app are exceptions shown whole.
"""

import hmac
import json
import logging
import re
import secrets
import sys
import threading
import traceback
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, TextIO

import streamlit.logger
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx

__all__ = ["LogFormatter", "RequestPseudonym", "install", "pseudonym"]

Format = Literal["json", "text"]
_KEY = secrets.token_bytes(32)  # of this process: nobody can tell later whose lines these were
_request: ContextVar[str | None] = ContextVar("aqfusion_request", default=None)
_LONGEST = 4_000  # characters of a message
_FRAMES = 12
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]{1,30}://)[^\s/@]{1,400}@", re.IGNORECASE)
_QUERY = re.compile(r"\?[^\s'\"]+")
_HALF = re.compile(r"[0-9a-f-]{1,36}\Z", re.IGNORECASE)  # what a cut may leave of an id


def pseudonym(name: str) -> str:
    """A name for log lines that tells nobody what it stands for, the same in this process."""
    return hmac.digest(_KEY, name.encode(), "sha256").hex()[:12]


class RequestPseudonym:
    """Gives all log lines of one request or websocket a name of their own."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass all on; threads that work for the request have the name, too."""
        token = _request.set(uuid.uuid4().hex[:12])
        try:
            await self._app(scope, receive, send)
        finally:
            _request.reset(token)


class LogFormatter(logging.Formatter):
    """Writes a record as one line; `whole` shows exceptions with their texts on lines below it."""

    def __init__(self, kind: Format, whole: bool = False) -> None:
        """Write JSON or text."""
        super().__init__()
        self._kind, self._whole = kind, whole

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; never an exception for a record that cannot be formatted."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a log call with wrong arguments must not end its work
            message = str(record.msg)
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _without_secrets(message),
            "request": _request.get(),
            "session": _session(),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not self._whole:
            fields["exception"] = _summary(error)
        if self._kind == "json":
            return json.dumps(fields)
        line = " ".join(_text(name, value) for name, value in fields.items() if value)
        if error is not None and self._whole:
            line += "\n" + _without_secrets("".join(traceback.format_exception(error)).rstrip())
        return line


def install(kind: Format, stream: TextIO | None = None) -> None:
    """Send the lines of all loggers through one handler; again replaces it."""
    out = stream or sys.stderr
    handler = _Handler(out)
    handler.setFormatter(LogFormatter(kind, whole=kind == "text" and out.isatty()))
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if not isinstance(kept, _Handler)] + [handler]
    streamlit.logger.setup_formatter = _hand_up  # for loggers that it makes later
    for name in [*logging.root.manager.loggerDict]:
        if name.split(".")[0] in {"streamlit", "uvicorn", "websockets", "asyncio"}:
            _hand_up(logging.getLogger(name))
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread


_QUIET = {
    "uvicorn": logging.WARNING,
    "uvicorn.error": logging.WARNING,  # else every connection, with its address
    "uvicorn.access": logging.CRITICAL,  # nginx does it; /metrics counts
    # Our own threads ask for what pages share, which is no fault.
    "streamlit.runtime.scriptrunner_utils.script_run_context": logging.ERROR,
}


class _Handler(logging.StreamHandler[TextIO]):
    """The one handler that all lines go through."""


def _hand_up(logger: logging.Logger) -> None:
    """Let a logger of Streamlit's or uvicorn's hand its lines to the root instead of print them."""
    logger.handlers = []
    logger.propagate = True


def _session() -> str | None:
    context = get_script_run_ctx(suppress_warning=True)
    return None if context is None else pseudonym(context.session_id)


def _without_secrets(text: str) -> str:
    if len(text) > _LONGEST:  # before the expressions, whose time grows with it
        text = _HALF.sub("", text[:_LONGEST]) + "..."
    text = _UUID.sub(lambda match: f"({pseudonym(match.group())})", text)
    return _QUERY.sub("?...", _USERINFO.sub(r"\1...@", text))


def _text(name: str, value: str) -> str:
    if name in {"time", "level", "logger"}:
        return value
    if name == "message":
        return value.translate(_ESCAPES)
    return f"{name}={value.translate(_ESCAPES)}"


# Nobody can begin a line of their own by what they send, or move the cursor of a terminal.
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_ESCAPES |= {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, 0x202A, 0x202B, 0x202D, 0x202E)}


def _summary(error: BaseException) -> str:
    """An exception's kinds and places, innermost first, without what it says."""
    parts, current = [], error
    for _ in range(4):
        frames = traceback.extract_tb(current.__traceback__)[-_FRAMES:]
        places = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        parts.append(f"{_kind(current)} at {' < '.join(reversed(places)) or 'no place'}")
        before = current.__cause__ or current.__context__
        if before is None:
            break
        current = before
    return "Traceback: " + " after ".join(parts)


def _kind(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} (errno {error.errno})"
    return f"{name} (SQLSTATE {state})" if isinstance(state, str) else name


def _short(file: str) -> str:
    return "/".join(Path(file).parts[-3:])


def _log_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or isinstance(args.exc_value, SystemExit):
        return
    error: tuple[type[BaseException], BaseException, TracebackType | None]
    error = (args.exc_type, args.exc_value, args.exc_traceback)
    logging.getLogger(__name__).error("A thread ended with an error", exc_info=error)
