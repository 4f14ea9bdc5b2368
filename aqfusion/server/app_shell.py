"""The HTML document of every page, with what the page will need: our style, the widgets' code.

Streamlit sends one document for all pages and draws into it what the script says later. Style that
came with the script would move everything that was drawn before it; a widget whose code is fetched
when it is first drawn stands as an empty box until then.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

from aqfusion.settings import ASSETS

__all__ = ["COMMON", "WIDGETS", "AppShell", "widget_code"]

_STYLES = (ASSETS / "style.css", ASSETS / "review" / "review.css")
_FOREVER = {"Cache-Control": "public, immutable, max-age=31536000"}  # its name has its hash
# Never that of charts: its five megabytes would come before what begins the page.
COMMON = ("Html", "Button", "ButtonGroup", "Selectbox", "Checkbox")
WIDGETS = {
    "": ("Slider", "NumberInput", "Radio", "ImageList"),
    "predict": ("Slider", "NumberInput", "Radio", "ImageList"),
    "explain": ("Slider", "ImageList"),
    "places": ("TextInput", "NumberInput", "FileUploader"),
    "stations": ("Slider", "ComponentInstance"),
    "label": ("TextInput", "BidiComponent"),
    "review": ("TextInput", "NumberInput", "Pagination"),
    "models": ("TextInput",),
    "admin": ("TextInput",),
}
_OF_CACHES = {b"accept-encoding", b"if-none-match", b"if-modified-since"}


class AppShell:
    """Answers the address of the style, and names style and code in the head of the document."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        """Stand before `app`, which is served below the path `base`, "" or "/name"."""
        self._app, self._base = app, base
        self._style = b"\n".join(path.read_bytes() for path in _STYLES)
        self._name = f"style-{hashlib.sha256(self._style).hexdigest()[:16]}.css"
        # Behind what Streamlit puts into the head while it runs, which would else win.
        self._foot = f'<link rel="stylesheet" href="./{self._name}"></body>'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let all through that is no document."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path == f"{self._base}/{self._name}":
            await Response(self._style, 200, _FOREVER, "text/css")(scope, receive, send)
            return
        is_page = scope["type"] == "http" and scope["method"] == "GET"
        if not is_page or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return
        # As it lies on the disk, whole: what is added must neither be packed nor compared.
        kept = [(name, value) for name, value in scope["headers"] if name not in _OF_CACHES]
        page = path.removeprefix(self._base).strip("/")
        answer = _Document(send, self._head(page), self._foot)
        await self._app({**scope, "headers": kept}, receive, answer.send)

    def _head(self, page: str) -> bytes:
        code = "".join(
            f'<link rel="modulepreload" crossorigin href="./{file}">'
            for file in widget_code((*COMMON, *WIDGETS.get(page, ())))
        )
        return f'<link rel="preload" as="style" href="./{self._name}">{code}</head>'.encode()


class _Document:
    """An answer on its way: a document gets what belongs into it, all else is unchanged."""

    def __init__(self, send: Send, head: bytes, foot: bytes) -> None:
        self._send, self._head, self._foot = send, head, foot
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Hold a document back until it is whole."""
        if message["type"] == "http.response.start" and _is_document(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = self._body.replace(b"</head>", self._head, 1).replace(b"</body>", self._foot, 1)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(body))
        for name in ("etag", "last-modified"):
            del headers[name]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_document(start: Message) -> bool:
    headers = Headers(scope=start)
    is_html = headers.get("content-type", "").startswith("text/html")
    return bool(start["status"] == 200 and is_html and "content-encoding" not in headers)


@cache
def widget_code(names: Sequence[str]) -> tuple[str, ...]:
    """The files of these widgets with what they import, none that the document names already.

    Empty where this Streamlit has no list of its files or another one: nothing is lost then but
    time.
    """
    static = Path(file_util.get_static_dir())
    try:
        manifest = json.loads((static / "manifest.json").read_text(encoding="utf-8"))
        document = (static / "index.html").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ()
    entries = {
        Path(key).stem: key for key, entry in manifest.items() if entry.get("isDynamicEntry")
    }
    files = {
        file: None
        for name in names
        for file in _files(entries.get(name, ""), manifest, set())
        if file not in document
    }
    return tuple(files)


def _files(key: str, manifest: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    if key in seen or key not in manifest:
        return
    seen.add(key)
    yield manifest[key]["file"]
    for other in manifest[key].get("imports", ()):
        yield from _files(other, manifest, seen)
