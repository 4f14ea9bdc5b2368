"""The websocket of each tab: how large and how often messages may be, and which may come.

A `clear_cache` of anybody empties the caches of everybody; `install_skills` writes files beside the
app. No page sends either, so only what pages need goes through. What Streamlit answers shows which
page a session sees and which uploaders are on it: that is what uploads rest on.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from uvicorn.protocols.websockets import websockets_sansio_impl
from websockets.server import ServerProtocol

from aqfusion.server.client_address import address_of
from aqfusion.server.token_bucket import TokenBuckets
from aqfusion.server.upload_ledger import MEGABYTE, FileStore, UploadLedger, UploadRefusal

_log = logging.getLogger(__name__)
LARGEST_MESSAGE = MEGABYTE  # the state of all widgets of a page has some kilobytes
_LARGEST_ANSWER_READ = 64 * 1024  # none that matters here is longer
_AT_ONCE, _PER_SECOND = 60, 15.0  # messages of a tab; a slider that is dragged sends five a second
_OPENED_AT_ONCE, _OPENED_PER_SECOND = 200, 3.0  # tabs of an address: each takes memory for minutes
_KINDS = {"rerun_script", "stop_script", "file_urls_request", "app_heartbeat"}
_OPERATIONS = {"deferred_file", "dataframe_chunk"}
_CAMERA = 50 * MEGABYTE  # of a picture; the widget states no limit of its own
_UNSUPPORTED, _MALFORMED, _TOO_BIG = 1003, 1002, 1009  # close codes, RFC 6455
_WHOLE_PAGE = ForwardMsg.FINISHED_SUCCESSFULLY
_TOO_MANY = "Too many tabs come from your network. Close some and load this page in a minute."


def bound_frames() -> None:
    """Let uvicorn refuse a message that is too large before all of it lies in memory.

    Streamlit gives it the largest message that may be sent, 200 MB, for those that come too.
    """

    def protocol(*, max_size: int, **options: Any) -> ServerProtocol:
        return ServerProtocol(max_size=min(max_size, LARGEST_MESSAGE), **options)

    vars(websockets_sansio_impl)["ServerProtocol"] = protocol


class WebsocketLimits:
    """Stands between a tab and Streamlit, and keeps the upload ledger up to date."""

    def __init__(
        self,
        app: ASGIApp,
        ledger: UploadLedger,
        files: Callable[[], FileStore],
        most_connections: int,
    ) -> None:
        """Let each address have `most_connections` tabs at one time."""
        self._app, self._ledger, self._files = app, ledger, files
        self._most_connections = most_connections
        self._open: Counter[str] = Counter()
        self._buckets = TokenBuckets(_OPENED_AT_ONCE, _OPENED_PER_SECOND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass requests on untouched; count a websocket as long as it is open."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
        has_too_many = self._open[address] >= self._most_connections
        if has_too_many or not self._buckets.take(address):
            _log.warning("A tab of %s was refused: it opens too many.", address)
            await PlainTextResponse(_TOO_MANY, 429)(scope, receive, send)
            return
        self._open[address] += 1
        try:
            tab = _Tab(address, receive, send, self._ledger, self._files)
            await self._app(scope, tab.receive, tab.send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]


@dataclass
class _Tab:
    address: str
    _receive: Receive
    _send: Send
    _ledger: UploadLedger
    _files: Callable[[], FileStore]
    session: str = ""

    def __post_init__(self) -> None:
        self._bucket = TokenBuckets(_AT_ONCE, _PER_SECOND)

    async def receive(self) -> Message:
        """The next message that may pass; a tab that sends too fast is read more slowly."""
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return message
            await asyncio.sleep(self._bucket.wait(""))
            asked, code = _parsed(message.get("bytes"))
            if asked is None:
                _log.warning("A tab of %s was closed for what it sent (%d).", self.address, code)
                await self._send({"type": "websocket.close", "code": code})
                return {"type": "websocket.disconnect", "code": code}
            if await self._may_pass(asked):
                return message

    async def _may_pass(self, asked: BackMsg) -> bool:
        kind: str | None = asked.WhichOneof("type")
        if kind == "file_urls_request":
            return await self._may_upload(asked)
        if kind == "rerun_script" and asked.rerun_script.HasField("widget_states"):
            self._ledger.widgets_hold(self.session, _file_ids(asked), self._files())
        if kind == "backend_operation_request":
            kind = asked.backend_operation_request.WhichOneof("payload")
        if kind in _KINDS | _OPERATIONS:
            return True
        _log.warning("A message of %s was dropped: no page sends %s.", self.address, kind)
        return False

    async def _may_upload(self, asked: BackMsg) -> bool:
        request = asked.file_urls_request
        try:
            self._ledger.check_request(self.session, self.address, len(request.file_names))
        except UploadRefusal as refusal:
            answer = ForwardMsg()  # the uploader shows the sentence
            answer.file_urls_response.response_id = request.request_id
            answer.file_urls_response.error_msg = refusal.sentence
            await self._send({"type": "websocket.send", "bytes": answer.SerializeToString()})
            return False
        return True

    async def send(self, message: Message) -> None:
        """Pass an answer on, and learn from it what the session may upload."""
        data = message.get("bytes")
        if message["type"] == "websocket.send" and data and len(data) < _LARGEST_ANSWER_READ:
            self._learn(ForwardMsg.FromString(data))
        await self._send(message)

    def _learn(self, answer: ForwardMsg) -> None:
        kind = answer.WhichOneof("type")
        if kind == "new_session":
            self.session = answer.new_session.initialize.session_id or self.session
            if not answer.metadata.run.fragment_ids:  # the whole page
                self._ledger.run_began(self.session)
        elif kind == "navigation":
            self._ledger.sees_page(self.session, answer.navigation.page_script_hash, self._files())
        elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
            self._learn_element(answer.delta.new_element)
        elif kind == "script_finished" and answer.script_finished == _WHOLE_PAGE:
            self._ledger.run_ended(self.session)
        elif kind == "file_urls_response":
            urls = answer.file_urls_response.file_urls
            self._ledger.issued(self.session, [url.file_id for url in urls])

    def _learn_element(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "file_uploader":
            megabytes = element.file_uploader.max_upload_size_mb
            self._ledger.drew_uploader(self.session, element.file_uploader.id, megabytes * MEGABYTE)
        elif kind == "camera_input":
            self._ledger.drew_uploader(self.session, element.camera_input.id, _CAMERA)


def _parsed(data: bytes | None) -> tuple[BackMsg | None, int]:
    if data is None:  # text, which Streamlit never sends
        return None, _UNSUPPORTED
    if len(data) > LARGEST_MESSAGE:
        return None, _TOO_BIG
    try:
        return BackMsg.FromString(data), 0
    except DecodeError:
        return None, _MALFORMED


def _file_ids(asked: BackMsg) -> set[str]:
    return {
        info.file_id
        for state in asked.rerun_script.widget_states.widgets
        if state.WhichOneof("value") == "file_uploader_state_value"
        for info in state.file_uploader_state_value.uploaded_file_info
    }
