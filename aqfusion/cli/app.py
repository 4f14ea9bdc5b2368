"""`app`: open the web app, from the repository or from an installed package, in any folder."""

import errno
import os
import re
import socket
import sys
from importlib import metadata

import click

from aqfusion.cli.options import UsageError, WholeNumber
from aqfusion.errors import InputError
from aqfusion.settings import ROOT

_PORT = 8501  # Streamlit's own


class AppStartError(InputError):
    """The app cannot be started here and now; the sentence says what helps."""


@click.command()
@click.option(
    "--port",
    type=WholeNumber(1, 65535),
    metavar="N",
    help="port of the app (default: 8501, or the next one that is free)",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    help="address to listen on; localhost admits only this machine (default: all addresses)",
)
def app(port: int | None, host: str | None) -> None:
    """Open the web app in the browser; Ctrl+C ends it."""
    options = []
    if port is not None or host is not None:
        _check_address(host, port or _PORT, port is not None)
    if port is not None:
        options.append(f"--server.port={port}")
    if host is not None:
        options.append(f"--server.address={host}")
    missing = missing_packages()
    if missing:
        raise AppStartError(
            "the app needs packages that are not installed. Run: pip install " + " ".join(missing)
        )
    sys.stdout.flush()
    sys.stderr.flush()
    # -P: a folder in which somebody starts it may have an aqfusion or a streamlit of its own.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(ROOT / "app.py"), *options]
    os.execv(command[0], command)


def missing_packages() -> list[str]:
    """Requirements of which no version is installed, as `requirements.txt` writes them."""
    try:
        lines = metadata.requires("aqfusion") or []
    except metadata.PackageNotFoundError:  # run from the repository
        lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if (name := _package_name(line)) and not _is_installed(name)]


def _package_name(requirement: str) -> str | None:
    name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)  # no comment, no empty line
    return name.group() if name else None


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _check_address(host: str | None, port: int, port_was_given: bool) -> None:
    """Bind once, so that a port that is taken costs a sentence and not a server's log."""
    try:
        where = socket.getaddrinfo(
            host or "0.0.0.0", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = where[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            probe.bind(address)
    except (socket.gaierror, ValueError) as error:  # UnicodeError and a null byte are ValueErrors
        raise _not_of_this_machine(host) from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise _not_of_this_machine(host) from error
        if error.errno == errno.EACCES:
            raise AppStartError(
                f"This user may not use port {port}. Choose one from 1024 with --port"
            ) from error
        if error.errno == errno.EADDRINUSE and port_was_given:
            raise AppStartError(
                f"Port {port} is in use. End the program that uses it or choose another with --port"
            ) from error
        if error.errno != errno.EADDRINUSE:
            raise


def _not_of_this_machine(host: str | None) -> UsageError:
    return UsageError(f"--host must be an address of this machine, got {host!r}")
