"""A browser tab without a browser: Streamlit's websocket, cookies and uploads, from Python.

    with AppClient("http://127.0.0.1:8501") as tab:
        tab.open("predict")                                # until the server has finished the run
        tab.change("sensor_pm25_value", 80.0)              # a slider, by the key in the page's code
        tab.upload("photo_upload", "sky.jpg", content)     # PUT, then the run that reads the file
        tab.goto("label")                                  # as a click in the navigation
        tab.sign_in("Asha", "1234")                        # the form, and the cookie afterwards
        item = tab.component("label_item")                 # the data of a component, as its script
        tab.trigger("label_item", "answer", {"request": item["request"], "category": 2})
        tab.errors                                         # exceptions and st.error sentences

Every call returns the seconds until the server's `script_finished`, and raises `AppClientError`
when the server refuses, leaves, or does not answer within `timeout` seconds. Cookies stay in
`tab.cookies` (a sticky one of a proxy too), so `AppClient(address, cookies=tab.cookies)` is the
next tab of the same browser, and `session=tab.session` a tab that reconnects after a lost line.
`source` is the local address that connections come from: on Linux each visitor may have its own,
from 127.0.0.2 on, where the server counts by address. `ssl` is for a server whose certificate is
its own. One thread uses a tab at a time; a hundred tabs take a hundred threads.
"""

import http.client
import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from aqfusion.load_test.shown_page import AppClientError, ShownPage, state_of

__all__ = ["AppClient", "AppClientError"]

_XSRF = "_streamlit_xsrf"
_LARGEST_MESSAGE = 64 * 2**20
_FETCHED_CODE = re.compile(r"fetch\((?P<path>\"[^\"]+\").*?code: (?P<code>\"[^\"]*\")", re.DOTALL)


@dataclass
class AppClient:
    """One tab; used as a context manager, or between `connect` and `close`."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    session: str = ""
    source: str | None = None
    ssl: SSLContext | None = None
    timeout: float = 60.0
    errors: list[str] = field(default_factory=list)
    page: str = ""

    def __post_init__(self) -> None:
        """Start with an empty page."""
        self._socket: ClientConnection | None = None
        self._open = ExitStack()
        self._pages: dict[str, str] = {}
        self._shown = ShownPage()
        self._fetched: set[str] = set()
        self._query = self._page_hash = ""

    def __enter__(self) -> Self:
        """Connect."""
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave as a tab that is closed."""
        self.close()

    def connect(self) -> None:
        """Shake hands, with the cookies of this browser and the session of a lost line."""
        self.request("GET", "/_stcore/health")  # brings the cookie against forged requests
        parts = urlsplit(self.address)
        scheme = "wss" if parts.scheme == "https" else "ws"
        protocols = ["streamlit", self.cookies.get(_XSRF, "PLACEHOLDER_AUTH_TOKEN")]
        protocols += [self.session] if self.session else []
        more: dict[str, Any] = {"source_address": (self.source, 0)} if self.source else {}
        try:
            line = connect(
                f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/_stcore/stream",
                origin=Origin(self._origin),
                subprotocols=[Subprotocol(name) for name in protocols],
                additional_headers={"Cookie": self._cookie_header()},
                open_timeout=self.timeout,
                close_timeout=2,
                max_size=_LARGEST_MESSAGE,
                ssl=self.ssl if scheme == "wss" else None,
                **more,
            )
            self._socket = self._open.enter_context(line)
        except (OSError, TimeoutError, WebSocketException) as error:
            raise AppClientError(f"The websocket could not be opened: {error}") from error
        response = self._socket.response
        for value in response.headers.get_all("Set-Cookie") if response else ():
            self._keep_cookie(value)

    def close(self) -> None:
        """Close the websocket; the server ends the session in its own time."""
        self._open.close()
        self._socket = None

    def open(self, page: str = "", query: str = "") -> float:
        """Load a page by its address, as a reload does."""
        self._shown = ShownPage()
        self._page_hash, self._query, self.page = "", query, page
        return self._rerun([], page_name=page)

    def goto(self, page: str) -> float:
        """Go to a page by the navigation, in the same session."""
        if page not in self._pages:
            raise AppClientError(f"page must be one of {', '.join(self._pages)}, got {page!r}")
        self._page_hash, self._query, self.page = self._pages[page], "", page
        return self._rerun([])

    def change(self, key: str, value: object) -> float:
        """Set a widget: a slider's or field's number, text, a switch, an option's words."""
        shown = self._shown.widget(key)
        return self._rerun([state_of(shown, value)], shown.fragment)

    def press(self, key: str) -> float:
        """Press a button."""
        shown = self._shown.widget(key)
        return self._rerun([WidgetState(id=shown.body.id, trigger_value=True)], shown.fragment)

    def submit(self, form: str, fields: Mapping[str, object]) -> float:
        """Fill in the fields of a form and press its button."""
        states = [state_of(self._shown.widget(name), value) for name, value in fields.items()]
        for shown in self._shown.of_kind("button"):
            if shown.body.form_id == form:
                button = WidgetState(id=shown.body.id, trigger_value=True)
                return self._rerun([*states, button], shown.fragment)
        raise AppClientError(f"form must be on page {self.page!r}, got {form!r}")

    def trigger(self, key: str, event: str, value: object) -> float:
        """Let a component's script tell the server something."""
        shown = self._shown.widget(key)
        content = json.dumps([{"event": event, "value": value}])
        name = f"$$STREAMLIT_INTERNAL_KEY_{shown.body.id}__events"
        return self._rerun([WidgetState(id=name, json_trigger_value=content)], shown.fragment)

    def upload(self, key: str, name: str, content: bytes) -> float:
        """Choose a file: ask for its address, PUT it there, and let the page read it."""
        shown = self._shown.widget(key)
        started = time.monotonic()
        asked = BackMsg()
        asked.file_urls_request.request_id = uuid.uuid4().hex
        asked.file_urls_request.file_names.append(name)
        asked.file_urls_request.session_id = self.session
        self._send(asked)
        reply = next(
            message.file_urls_response
            for message in self._messages()
            if message.WhichOneof("type") == "file_urls_response"
        )
        if reply.error_msg:
            raise AppClientError(f"The upload was refused: {reply.error_msg}")
        urls = reply.file_urls[0]
        border = uuid.uuid4().hex
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{border}--\r\n".encode()
        kind = f"multipart/form-data; boundary={border}"
        headers = {"Content-Type": kind, "X-Xsrftoken": self.cookies.get(_XSRF, "")}
        status, reason, _ = self.request("PUT", urls.upload_url, body, headers)
        if status != 204:
            raise AppClientError(f"The upload was refused: {status} {reason}")
        state = WidgetState(id=shown.body.id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(content), urls.file_id
        info.file_urls.CopyFrom(urls)
        self._rerun([state], shown.fragment)
        return time.monotonic() - started

    def sign_in(self, name: str, pin: str) -> float:
        """Fill in the form of the entrance and fetch the cookie, as the page's script does."""
        seconds = self.submit("account_form", {"account_name": name, "account_pin": pin})
        if not self.has("account_out"):
            reason = "; ".join(self.alerts()) or "no reason was given"
            raise AppClientError(f"The sign-in was refused: {reason}")
        return seconds

    def has(self, key: str) -> bool:
        """Whether a widget of that key is on the page."""
        return self._shown.has(key)

    def drawn(self) -> list[str]:
        """The keys of what the last run drew, and the kinds of elements that have none."""
        drawn = self._shown.drawn_last()
        return [shown.key or shown.kind for shown in drawn if shown.kind != "block"]

    def options(self, key: str) -> list[str]:
        """The options of a choice, in their words."""
        return [str(option) for option in self._shown.widget(key).body.options]

    def component(self, key: str) -> dict[str, Any]:
        """The data that a component of the page was given."""
        body = self._shown.widget(key).body
        content: dict[str, Any] = json.loads(body.json or body.mixed.json)
        return content

    def alerts(self) -> list[str]:
        """The messages on the page, of every colour."""
        return [shown.body.body for shown in self._shown.of_kind("alert")]

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, str, bytes]:
        """Send a request of this browser: status, reason and content of the answer."""
        parts = urlsplit(self.address)
        source = (self.source, 0) if self.source else None
        line: http.client.HTTPConnection
        if parts.scheme == "https":
            line = http.client.HTTPSConnection(
                parts.netloc, timeout=self.timeout, context=self.ssl, source_address=source
            )
        else:
            line = http.client.HTTPConnection(
                parts.netloc, timeout=self.timeout, source_address=source
            )
        own = {"Origin": self._origin, "Cookie": self._cookie_header(), **headers}
        try:
            with closing(line):
                line.request(method, parts.path.rstrip("/") + path, body, own)
                response = line.getresponse()
                content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise AppClientError(f"{method} {path.partition('?')[0]} failed: {error}") from error
        for value in response.headers.get_all("Set-Cookie") or ():
            self._keep_cookie(value)
        return response.status, response.reason, content

    def _rerun(self, states: list[WidgetState], fragment: str = "", page_name: str = "") -> float:
        """Ask for a run and read until it has finished."""
        started = time.monotonic()
        message = BackMsg()
        client = message.rerun_script
        client.query_string, client.page_script_hash = self._query, self._page_hash
        client.page_name, client.fragment_id = page_name, fragment
        client.widget_states.widgets.extend(self._shown.begin_run(states))
        client.context_info.timezone = "UTC"
        client.context_info.locale = "en-US"
        client.context_info.url = f"{self.address}/{self.page}"
        self._send(message)
        for _ in self._messages(finished=True):
            pass
        self._fetch_code()
        self._fetch_pictures()
        return time.monotonic() - started

    def _send(self, message: BackMsg) -> None:
        if self._socket is None:
            raise AppClientError("The websocket is not open. Connect first.")
        try:
            self._socket.send(message.SerializeToString())
        except (OSError, WebSocketException) as error:
            raise AppClientError(f"The server closed the websocket: {error}") from error

    def _messages(self, finished: bool = False) -> Iterator[ForwardMsg]:
        """What the server sends, in order; with `finished` until the end of a run."""
        assert self._socket is not None
        until = time.monotonic() + self.timeout
        while True:
            try:
                data = self._socket.recv(max(0.0, until - time.monotonic()), decode=False)
            except TimeoutError as error:
                raise AppClientError(f"No answer within {self.timeout:g} seconds") from error
            except (OSError, WebSocketException) as error:
                raise AppClientError(f"The server closed the websocket: {error}") from error
            message = ForwardMsg.FromString(data)
            status = self._take(message)
            yield message
            if finished and status in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):
                self._shown.end_run(status == ForwardMsg.FINISHED_SUCCESSFULLY)
                return

    def _take(self, message: ForwardMsg) -> int | None:
        """Bring the page up to date; returns the status of a run that has ended."""
        kind = message.WhichOneof("type")
        if kind == "delta":
            self.errors += self._shown.draw(tuple(message.metadata.delta_path), message.delta)
        elif kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
            self._page_hash = message.new_session.page_script_hash or self._page_hash
        elif kind == "navigation":
            pages = message.navigation.app_pages
            self._pages = {page.url_pathname: page.page_script_hash for page in pages}
            self._page_hash = message.navigation.page_script_hash or self._page_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "session_event":
            failed = message.session_event.script_compilation_exception
            self.errors += [failed.message] if failed.message else []
        elif kind == "script_finished":
            return int(message.script_finished)
        return None

    def _fetch_code(self) -> None:
        """Run the one script of ours that fetches something: the sign-in cookie."""
        for shown in self._shown.of_kind("html"):
            fetch = _FETCHED_CODE.search(shown.body.body)
            if fetch and shown.body.body not in self._fetched:
                self._fetched.add(shown.body.body)
                content = json.dumps({"code": json.loads(fetch["code"])}).encode()
                headers = {"Content-Type": "application/json"}
                self.request("POST", json.loads(fetch["path"]), content, headers)

    def _fetch_pictures(self) -> None:
        """Load the pictures of the page that this tab does not have yet."""
        for shown in self._shown.of_kind("imgs"):
            for image in shown.body.imgs:
                if image.url.startswith("/") and image.url not in self._fetched:
                    self._fetched.add(image.url)
                    status, reason, _ = self.request("GET", image.url)
                    if status != 200:
                        self.errors.append(f"a picture could not be loaded: {status} {reason}")

    @property
    def _origin(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep_cookie(self, header: str) -> None:
        try:
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        except CookieError:  # of a proxy that is careless; a browser lets it fall too
            return
