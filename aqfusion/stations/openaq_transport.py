"""How OpenAQ's client reaches its server: bounded in time and size, no redirects, key unspoken.

The client's own transport speaks https only, waits for every byte anew and logs what a server
says; this one takes its place (`OpenAQ(_transport=...)`).
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit

from openaq.core.transport import Headers, Response, Transport

from aqfusion.text_validation import plain_integer

REQUEST_SECONDS = 5.0
MOST_BYTES = 8_000_000  # a thousand stations, the most of one answer, are 1 MB to 3 MB
_LONGEST_WAIT = 3600
_USUAL = 60  # requests a minute, https://docs.openaq.org/using-the-api/rate-limits

USED_UP = "OpenAQ's rate limit is used up"
_LATE = "OpenAQ did not answer in time"

_REFUSED = {
    401: "OpenAQ does not accept the key (401)",
    403: "OpenAQ refuses access with this key (403)",
}


class TransportError(Exception):
    """An answer that did not come: `sentence` says why, without a full stop.

    `wait_seconds` is how long to ask nothing, of this place where it is `here_only`; a `final`
    one would meet the next request of the same fetch too.
    """

    def __init__(
        self,
        sentence: str,
        wait_seconds: int = _USUAL,
        *,
        final: bool = False,
        here_only: bool = False,
    ) -> None:
        """Keep what is to be told and done."""
        super().__init__(sentence)
        self.sentence, self.wait_seconds = sentence, wait_seconds
        self.final, self.here_only = final, here_only


@dataclass(frozen=True)
class _HttpAnswer:
    status: int
    remaining: str | None
    reset: str | None
    body: bytes


class BoundedTransport(Transport):
    """Serves one fetch of some requests, which must all be over at `deadline` (monotonic)."""

    def __init__(self, deadline: float, request_seconds: float = REQUEST_SECONDS) -> None:
        """Start with nothing known of the rate limit."""
        super().__init__(timeout=request_seconds)
        self._deadline, self._request_seconds = deadline, request_seconds
        self.exhausted_seconds: int | None = None  # until the rate limit's reset, once used up

    def send_request(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int | float | bool] | None,
        headers: Headers | Mapping[str, str],
    ) -> Response:
        """Ask and return the answer; whatever goes wrong raises `TransportError`."""
        query = {k: str(v).lower() if isinstance(v, bool) else v for k, v in (params or {}).items()}
        parts = urlsplit(f"{url}?{urlencode(query)}" if query else url)
        seconds = min(self._request_seconds, self._deadline - time.monotonic())
        answer = _asked(method.upper(), parts, dict(headers), seconds)
        remaining = _whole(answer.remaining)
        wait = max(1, min(_whole(answer.reset), _LONGEST_WAIT))
        self.exhausted_seconds = wait if remaining == 0 else None
        _judge(answer.status, wait)
        key = next((v for name, v in headers.items() if name.lower() == "x-api-key"), "")
        body = answer.body.replace(key.encode(), b"(key)") if key else answer.body  # were it echoed
        clean = http.client.HTTPMessage()  # the client trips over odd ones, and takes none for 0
        clean["x-ratelimit-remaining"], clean["x-ratelimit-reset"] = str(remaining), str(wait)
        return Response(answer.status, body, clean)


def _asked(method: str, parts: SplitResult, headers: dict[str, str], seconds: float) -> _HttpAnswer:
    """Ask in a thread of its own: looking up a name and a slow drip of bytes have no timeout."""
    if seconds <= 0:
        raise TransportError(_LATE)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=seconds)
    answer: Future[_HttpAnswer] = Future()
    path = f"{parts.path or '/'}?{parts.query}".rstrip("?")

    def ask() -> None:
        try:
            connection.request(method, path, headers=headers)
            answer.set_result(_read(connection.getresponse()))
        except (OSError, http.client.HTTPException, ValueError, TransportError) as error:
            answer.set_exception(error)
        finally:
            connection.close()

    threading.Thread(target=ask, name="openaq", daemon=True).start()
    try:
        return answer.result(timeout=seconds)
    except TimeoutError as error:  # the wait's, or a socket's
        _hang_up(connection)
        raise TransportError(_LATE) from error
    except ssl.SSLError as error:
        raise TransportError("The identity of the OpenAQ server could not be verified") from error
    except OSError as error:
        raise TransportError("OpenAQ cannot be reached") from error
    except (http.client.HTTPException, ValueError) as error:
        raise TransportError("The answer from OpenAQ was incomplete") from error


def _read(response: http.client.HTTPResponse) -> _HttpAnswer:
    body = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TransportError("The answer from OpenAQ is too long")
    if response.length:  # fewer bytes came than were announced
        raise http.client.IncompleteRead(body, response.length)
    reset = response.getheader("x-ratelimit-reset") or response.getheader("retry-after")
    return _HttpAnswer(response.status, response.getheader("x-ratelimit-remaining"), reset, body)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Wake the thread that still reads; a TLS socket's own shutdown would disturb it instead."""
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _whole(header: str | None) -> int:
    """Read a count of requests or seconds; what is none is taken as a minute's usual 60."""
    number = plain_integer(header)
    return _USUAL if number is None else number


def _judge(status: int, wait: int) -> None:
    if status == 200:
        return
    if status == 429:
        raise TransportError(f"{USED_UP} (429)", wait, final=True)
    if status in _REFUSED:
        raise TransportError(_REFUSED[status], final=True)
    if 300 <= status < 400:  # the key must not follow to another host
        raise TransportError(
            f"OpenAQ redirects to another address ({status}), which is not followed"
        )
    raise TransportError(
        f"OpenAQ {'has an internal error' if status >= 500 else 'refuses'} ({status})"
    )
