"""`aqfusion app` and `python -m aqfusion`: one sentence for whatever keeps them from starting."""

import os
import socket
import subprocess
import sys
from importlib import metadata

import pytest

import aqfusion
from aqfusion.cli import app, main
from aqfusion.settings import ROOT


@pytest.fixture
def started(monkeypatch) -> list[list[str]]:
    """The commands that the process would have become."""
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: commands.append(command))
    return commands


def refusal(capsys, *arguments: str) -> str:
    assert main(["app", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_the_process_becomes_streamlit_with_the_project_s_script(started):
    assert main(["app"]) == 0
    assert started == [[sys.executable, "-P", "-m", "streamlit", "run", str(ROOT / "app.py")]]


def test_port_and_host_are_handed_on(started):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    assert main(["app", "--port", str(port), "--host", "127.0.0.1"]) == 0
    assert started[0][-2:] == [f"--server.port={port}", "--server.address=127.0.0.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", None])
def test_a_port_that_is_in_use_is_named(capsys, started, host):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        err = refusal(capsys, "--port", port, *(["--host", host] if host else []))
    assert err == (
        f"Port {port} is in use. End the program that uses it or choose another with --port\n"
    )
    assert started == []


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty", "8501.5", "9" * 5000])
def test_a_port_that_is_none_is_named(capsys, started, port):
    err = refusal(capsys, f"--port={port}")
    assert err == f"--port must be a whole number from 1 to 65535, got {port!r}\n"


# 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "a..b", "x\0y", "localhost:8501"])
def test_an_address_of_another_machine_is_named(capsys, started, host):
    err = refusal(capsys, f"--host={host}")
    assert err == f"--host must be an address of this machine, got {host!r}\n"


def test_packages_that_are_missing_are_named(capsys, started, monkeypatch):
    known = metadata.version

    def version(name: str) -> str:
        if name in {"plotly", "streamlit"}:
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(app.metadata, "version", version)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    plotly, streamlit = (
        next(line for line in lines if line.startswith(name)) for name in ("plotly", "streamlit[")
    )
    assert refusal(capsys) == (
        f"the app needs packages that are not installed. Run: pip install {streamlit} {plotly}\n"
    )


def test_every_requirement_is_installed_here():
    assert app.missing_packages() == []


def test_a_python_without_any_package_gets_a_sentence():
    done = subprocess.run(
        [sys.executable, "-S", "-m", "aqfusion", "app"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "the package click is not installed; pip install brings it with AQFusion\n"
    )


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"aqfusion {aqfusion.__version__}\n"


def test_help_starts_without_what_takes_seconds():
    program = (
        "import sys; from aqfusion.cli.main import program; "
        "program.get_help(program.make_context('aqfusion', [], resilient_parsing=True)); "
        "print({'torch', 'streamlit', 'numpy', 'PIL', 'pandas'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
