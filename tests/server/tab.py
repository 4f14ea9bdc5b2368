"""A tab without a browser: a websocket and requests, as an attacker would write them."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from aqfusion.settings import ROOT

START_SECONDS = 90


@dataclass
class RunningServer:
    """The real server, its process and its log."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def memory(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def request(
        self, method: str, path: str, body: Any = None, source: str = "127.0.0.1", **headers: str
    ):
        """Send a request from a local address; status, headers and body of the response."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(source, 0)
        )
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, names, encode_chunked=names.get("X-Chunked") == "1")
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content


@contextmanager
def running(home: Path, **settings: str) -> Iterator[RunningServer]:
    """Start the app as README says, with settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AQFUSION_")}
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT,
            env={**environment, "AQFUSION_HOME": str(home), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = RunningServer(port, process, home / "server.log")
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                server.request("GET", "/_stcore/health")
                break
            except OSError:
                assert time.monotonic() < end, server.log.read_text(encoding="utf-8")
                time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)


@dataclass
class ForgedTab:
    """One session; `receive` goes on until what is wanted has come."""

    server: RunningServer
    socket: ClientConnection
    session: str = ""
    answers: list[ForwardMsg] = field(default_factory=list)

    def send(self, **message: Any) -> None:
        """Send a message of Streamlit's protocol."""
        self.socket.send(BackMsg(**message).SerializeToString())

    def receive(self, kind: str, seconds: float = 60) -> ForwardMsg:
        """The next answer of that kind."""
        end = time.monotonic() + seconds
        while True:
            data = self.socket.recv(timeout=max(0.01, end - time.monotonic()))
            answer = ForwardMsg.FromString(data)
            self.answers.append(answer)
            if answer.WhichOneof("type") == "new_session":
                self.session = answer.new_session.initialize.session_id
            if answer.WhichOneof("type") == kind:
                return answer

    def open_page(self, page: str) -> None:
        """Let the page be drawn."""
        self.send(rerun_script={"page_name": page})
        while self.receive("script_finished").script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
            pass

    def ask_for_addresses(self, count: int):
        """Ask where files may be put."""
        names = [f"{n}.jpg" for n in range(count)]
        self.send(file_urls_request={"request_id": "r", "file_names": names})
        return self.receive("file_urls_response").file_urls_response

    def browser_cookie(self) -> str:
        """The cookie that the answer to the handshake brought."""
        assert self.socket.response is not None
        (cookie,) = self.socket.response.headers.get_all("Set-Cookie")
        return cookie.split(";")[0]

    def closed_with(self) -> int:
        """The code with which the server closes the tab."""
        try:
            while True:
                self.socket.recv(timeout=20)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0


@contextmanager
def tab(server: RunningServer, source: str = "127.0.0.1", **headers: str) -> Iterator[ForgedTab]:
    """Open a tab from a local address."""
    address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    origin = f"http://127.0.0.1:{server.port}"
    with connect(
        address,
        origin=origin,
        additional_headers=headers,
        max_size=None,
        source_address=(source, 0),
    ) as socket_:
        yield ForgedTab(server, socket_)


def token(server: RunningServer, owner: ForgedTab | None = None) -> dict[str, str]:
    """Headers with which an upload is taken, by the browser of a tab."""
    cookie = server.request("GET", "/_stcore/health")[1]["Set-Cookie"].split(";")[0]
    own = owner.browser_cookie() if owner is not None else ""
    return {"Cookie": f"{cookie}; {own}", "X_Xsrftoken": cookie.split("=", 1)[1].strip('"')}


def multipart(size: int) -> tuple[bytes, str]:
    """A body with a file of so many bytes, and its content type."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.jpg"\r\n\r\n'
    return head + bytes(size) + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
