"""A throw-away PostgreSQL: found, started on a socket of its own, and gone with the tests."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_USER = "nobody"  # the server refuses to run as root


def programs() -> Path | None:
    """Return the folder of initdb and postgres; `None` where there is none."""
    initdb = shutil.which("initdb")
    if initdb:
        return Path(initdb).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


@contextmanager
def server(folder: Path) -> Iterator[Path]:
    """Run a server whose socket lies in the yielded folder; the user is postgres, without PIN."""
    # Its path is short enough for a socket, and others may go there: pytest's is neither.
    home = Path(tempfile.mkdtemp(prefix="aqfusion-pg-", dir="/tmp"))
    as_other = _as_other(home)
    data = home / "data"
    started = None
    try:
        settings = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        made = subprocess.run(
            [*as_other, folder / "initdb", "-D", data, *settings],
            capture_output=True, text=True, cwd=home, check=False,
        )  # fmt: skip
        if made.returncode:
            raise OSError(made.stderr.strip().splitlines()[-1])
        quick = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB")
        with (home / "log").open("wb") as log:
            started = subprocess.Popen(
                [
                    *(*as_other, folder / "postgres", "-D", data, "-k", home, "-h", ""),
                    *(word for setting in quick for word in ("-c", setting)),
                ],
                stdout=log, stderr=log, cwd=home,
            )  # fmt: skip
        _wait(home, started)
        yield home
    finally:
        if started is not None:
            started.send_signal(signal.SIGQUIT)
            started.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def url_of(socket: Path, database: str) -> str:
    """Return the address of one of the server's databases."""
    return f"postgresql://postgres@/{database}?host={socket}"


def run(socket: Path, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as server:
        server.execute(statement)  # type: ignore[call-overload]


def empty(socket: Path, database: str, tables: Iterable[str]) -> None:
    """Empty tables, append-only ones too: much quicker than a database for each test."""
    with psycopg.connect(f"host={socket} user=postgres dbname={database}") as server:
        server.execute("SET session_replication_role = replica")  # no trigger hears of it
        names = ", ".join(tables)
        server.execute(f"TRUNCATE {names} RESTART IDENTITY")  # type: ignore[arg-type]
        server.execute("INSERT INTO crowds (members) VALUES (' ')")


def _as_other(home: Path) -> tuple[str, ...]:
    if os.getuid() != 0:
        return ()
    shutil.chown(home, _USER)
    home.chmod(0o755)
    return ("setpriv", f"--reuid={_USER}", "--regid=nogroup", "--clear-groups", "--")


def _wait(socket: Path, started: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"host={socket} user=postgres dbname=postgres").close()
            return
        except psycopg.OperationalError:
            if started.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.02)
