"""The app as a process of its own, for a load test: start, memory, log, end."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aqfusion.errors import InputError
from aqfusion.settings import ROOT

# As aqfusion/server/logs.py writes lines, and as Python does before that is set up.
_FAULT = re.compile(r"\S+ (ERROR|CRITICAL) |Traceback ")
_START_SECONDS = 120
_END_SECONDS = 20
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class ServerStartError(InputError):
    """The server under test did not start."""


@dataclass
class ServerProcess:
    """A server of the app on this machine."""

    address: str
    log: Path
    process: subprocess.Popen[bytes]

    def faults(self) -> tuple[str, ...]:
        """Lines of the log at level ERROR or above, and the first line of each traceback."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return tuple(line for line in lines if _FAULT.match(line))


@contextlib.contextmanager
def app_server(
    home: Path,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    more_options: Sequence[str] = (),
    script: Path = ROOT / "app.py",
) -> Iterator[ServerProcess]:
    """Run the app on the loopback with `home` as its own folder, and no other settings.

    `script` may be another app of Streamlit's, to be compared with.
    """
    port = port or free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("AQFUSION_")}
    options = (f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true")
    log = home / "server.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "streamlit",
                "run",
                str(script),
                *options,
                *more_options,
            ],
            cwd=ROOT,
            env={**own, "AQFUSION_HOME": str(home), **(settings or {})},
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl+C ends the load test, which then ends the server
        )
    server = ServerProcess(f"http://127.0.0.1:{port}", log, process)
    try:
        wait_for_server(server.address, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident_mb(process: int) -> float | None:
    """Resident memory of a process in MB (10^6 bytes), where this system tells it."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * _PAGE / 1e6
    except OSError:
        pass
    done = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return int(done.stdout) * 1024 / 1e6 if done.stdout.strip().isdigit() else None


def processor_seconds(process: int) -> float | None:
    """Seconds that a process and its threads have had a processor, where this system tells it."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except OSError:
        return None
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_server(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers; `ServerStartError` has the last line of its log."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise ServerStartError(f"The server did not start: {' '.join(tail) or 'its log is empty'}")
