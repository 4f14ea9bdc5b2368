"""Uploads before Streamlit takes them: asked for by a page, counted while they stream, bounded.

Streamlit 1.67 takes a PUT of any file to the upload address of any open session, and keeps it until
minutes after the session is gone.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aqfusion.server.client_address import address_of
from aqfusion.server.upload_ledger import MEGABYTE, FileStore, UploadLedger, UploadRefusal

_PATH = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")
BrowserCheck = Callable[[Scope, str], bool]  # whether a request is of a session's own browser
_IDLE_SECONDS = 30.0  # without a byte of the body
_DRAINED, _DRAIN_SECONDS = 64 * MEGABYTE, 20.0


class UploadLimits:
    """Lets those uploads through that the ledger admits."""

    def __init__(
        self,
        app: ASGIApp,
        ledger: UploadLedger,
        files: Callable[[], FileStore],
        is_browser: BrowserCheck,
    ) -> None:
        """Stand before `app`; `files` gives Streamlit's manager once the server runs."""
        self._app, self._ledger, self._files = app, ledger, files
        self._is_browser = is_browser

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass all but uploads on untouched."""
        match = _PATH.search(scope["path"]) if scope["type"] == "http" else None
        if match is None or scope["method"] not in {"PUT", "DELETE"}:
            await self._app(scope, receive, send)
            return
        session, file_id = match.groups()
        answer = _Answer(send)
        if not self._is_browser(scope, session):  # ids stand in logs of proxies, and prove nothing
            refusal = UploadRefusal(403, "This page is open in another browser. Reload it.")
            await _refuse(refusal, scope, _Body(receive), answer)
            return
        if scope["method"] == "PUT":
            await self._put(session, file_id, scope, receive, answer)
            return
        await self._app(scope, receive, answer)
        if answer.is_done:
            self._ledger.forget(session, file_id)

    async def _put(
        self, session: str, file_id: str, scope: Scope, receive: Receive, answer: "_Answer"
    ) -> None:
        body = _Body(receive)

        async def counted() -> Message:
            message = await body.next()
            self._ledger.received(session, file_id, body.size)
            return message

        try:
            self._ledger.begin(session, file_id, address_of(scope), _declared(scope))
        except UploadRefusal as refusal:
            await _refuse(refusal, scope, body, answer)
            return
        try:
            await self._app(scope, counted, answer)
        except UploadRefusal as refusal:
            await _refuse(refusal, scope, body, answer)
        finally:
            if not answer.is_done:
                self._ledger.forget(session, file_id)
            elif not self._ledger.holds(session, file_id):  # the page was left meanwhile
                self._files().remove_file(session, file_id)


class _Answer:
    """The response on its way out, and whether Streamlit did what was asked."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    @property
    def is_done(self) -> bool:
        return self.status == 204

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class _Body:
    """The request's body as it comes; one that stops coming is refused."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.size, self.more = 0, True

    async def next(self) -> Message:
        if not self.more:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), _IDLE_SECONDS)
        except TimeoutError as error:
            raise UploadRefusal(408, "The file stopped coming. Try again.") from error
        self.size += len(message.get("body", b""))
        self.more = message["type"] == "http.request" and message.get("more_body", False)
        return message


def _declared(scope: Scope) -> int | None:
    text = Headers(scope=scope).get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


async def _refuse(refusal: UploadRefusal, scope: Scope, body: _Body, answer: _Answer) -> None:
    """Answer; a body that is not too long is read and thrown away first.

    A browser that still sends when the connection closes reports no status, only "Network Error".
    """
    if answer.status:
        return
    if (_declared(scope) or 0) <= _DRAINED:
        with contextlib.suppress(TimeoutError, UploadRefusal):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while body.more and body.size <= _DRAINED:
                    await body.next()
    headers = {"Connection": "close", "Cache-Control": "no-store"}
    await PlainTextResponse(refusal.sentence, refusal.status, headers)(scope, body.next, answer)
