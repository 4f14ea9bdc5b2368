"""The wheel: what is in it, and that it works where no repository is."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path

import pytest

import aqfusion
from aqfusion.settings import ROOT

PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
BUNDLED = "aqfusion/bundled/"
SECONDS = 240  # until the server must answer, on a machine that does much else
# Writes down every file of the repository that Python opens, the virtual environment's excepted.
WITNESS = f"""
import os, sys
repository, environment = {str(ROOT) + os.sep!r}, {str(Path(sys.prefix)) + os.sep!r}
inside = {str(ROOT / ".venv") + os.sep!r}
def witness(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        if path.startswith(repository) and not path.startswith((environment, inside)):
            os.write(log, path.encode() + b"\\n")
log = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(witness)
"""


@dataclass(frozen=True)
class Installed:
    """The wheel in a folder of its own, and another folder to start it in."""

    wheel: Path
    target: Path
    elsewhere: Path

    @property
    def program(self) -> str:
        return str(self.target / "bin" / "aqfusion")

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AQFUSION_", "STREAMLIT_", "PYTHON"))
        }
        return kept | {
            "PYTHONPATH": str(self.target),
            "AQFUSION_HOME": str(self.elsewhere / "home"),
            "WITNESS": str(self.elsewhere / "opened"),
            "STREAMLIT_SERVER_HEADLESS": "true",
        }

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.elsewhere, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def opened(self) -> list[str]:
        return (self.elsewhere / "opened").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("package")
    target, elsewhere = folder / "target", folder / "elsewhere"
    elsewhere.mkdir()
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    subprocess.run([sys.executable, *PIP, *build], check=True)
    (wheel,) = folder.glob("*.whl")
    unpack = ("install", "--no-deps", "--no-index", "--no-compile", "--target", str(target))
    subprocess.run([sys.executable, *PIP, *unpack, str(wheel)], check=True)
    (target / "sitecustomize.py").write_text(WITNESS, encoding="utf-8")
    return Installed(wheel, target, elsewhere)


def files_below(*folders: str) -> set[str]:
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_what_runs_and_nothing_else(installed):
    beside = {"app.py", ".streamlit/config.toml"} | files_below("pages", "assets")
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        licences = {
            name.split(".dist-info/")[1] for name in wheel.namelist() if "/licenses/" in name
        }
    assert names == files_below("aqfusion") | {BUNDLED + name for name in beside}
    assert "aqfusion/py.typed" in names
    assert licences == {
        "licenses/LICENSE",
        "licenses/assets/fonts/OFL.txt",
        "licenses/assets/stations/markercluster/MIT-LICENCE.txt",
    }


def test_version_and_requirements_have_one_source(installed):
    with zipfile.ZipFile(installed.wheel) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(wheel.read(name))
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = {line.lower() for line in lines if line and not line.startswith("#")}
    assert {line.lower() for line in metadata.get_all("Requires-Dist")} == needed
    assert (metadata["Version"], metadata["Requires-Python"]) == (aqfusion.__version__, ">=3.11")


def test_the_witness_notices_what_it_is_for(installed, tmp_path):
    other = replace(installed, elsewhere=tmp_path)
    other.run(sys.executable, "-c", f"open({str(ROOT / 'README.md')!r}).close()")
    assert other.opened() == [str(ROOT / "README.md")]


def test_it_predicts_without_the_repository(installed):
    prediction = json.loads(installed.run(installed.program, "predict", "--pm25=80"))
    assert prediction["low"] <= prediction["aqi"] <= prediction["high"]
    assert prediction["readings"] == ["pm25"]
    assert installed.opened() == []


def test_tables_and_the_label_store_work_without_the_repository(installed):
    table = "name,lat,lon,time,pm25\nRoof,27.70,85.30,2026-11-26 08:00,80\n"
    (installed.elsewhere / "stations.csv").write_text(table, encoding="utf-8")
    stations = json.loads(
        installed.run(installed.program, "stations", "check", "stations.csv", "--json")
    )
    assert (stations["stations"], stations["left_out"]) == (1, [])
    assert json.loads(installed.run(installed.program, "labels", "verify"))["sound"]
    assert json.loads(installed.run(installed.program, "labels", "stats"))["items"] == 0
    assert "_aqfusion_completion" in installed.run(installed.program, "completion", "bash")
    assert installed.opened() == []


def test_a_page_opens_without_the_repository(installed):
    program = """
from streamlit.testing.v1 import AppTest
from aqfusion.settings import ROOT, SECRETS
page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=240).run()
print(ROOT, SECRETS, [error.value for error in page.exception], len(page.get("html")) > 0)
"""
    printed = installed.run(sys.executable, "-c", program)
    assert (
        printed == f"{installed.target / 'aqfusion' / 'bundled'} .streamlit/secrets.toml [] True\n"
    )
    assert installed.opened() == []


def test_the_app_opens_without_the_repository(installed):
    log = installed.elsewhere / "server.log"
    with served(installed.program, installed.elsewhere, installed.environment, log) as address:
        with urllib.request.urlopen(address, timeout=30) as page:
            assert page.status == 200
        with pytest.raises(urllib.error.HTTPError) as refused:  # a route that only app.py adds
            urllib.request.urlopen(f"{address}/sign-in/cookie", data=b"{}", timeout=30)
        assert refused.value.read() == b"This address serves the app's own pages only."
    printed = log.read_text(encoding="utf-8")
    assert "Traceback" not in printed
    assert "usage statistics" not in printed  # as the project's .streamlit/config.toml wants
    assert installed.opened() == []


@contextmanager
def served(program: str, folder: Path, environment: dict[str, str], log: Path) -> Iterator[str]:
    """The address of the app, started in `folder`, once it is well."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [program, "app", f"--port={port}", "--host=127.0.0.1"]
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        address = f"http://127.0.0.1:{port}"
        assert answer(f"{address}/_stcore/health", server, log) == "ok"
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def answer(address: str, server: subprocess.Popen, log: Path) -> str:
    end = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                return response.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))


@pytest.mark.long
def test_pip_install_brings_all_that_it_needs(tmp_path):
    """Into an empty environment, with all dependencies; wants a package index."""
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    wanted = ("download", "--no-deps", "--dest", str(tmp_path), "hatchling")
    if subprocess.run([python, *PIP, *wanted], check=False, capture_output=True).returncode:
        pytest.skip("no package index can be reached")
    subprocess.run([python, *PIP, "install", "--no-compile", str(ROOT)], check=True)
    kept = {n: v for n, v in os.environ.items() if not re.match("AQFUSION_|STREAMLIT_|PYTHON", n)}
    kept |= {"AQFUSION_HOME": str(tmp_path), "STREAMLIT_SERVER_HEADLESS": "true"}
    program = str(python.with_name("aqfusion"))
    done = subprocess.run(
        [program, "predict", "--pm25=80"], cwd=tmp_path, env=kept, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["readings"] == ["pm25"]
    with served(program, tmp_path, kept, tmp_path / "server.log") as address:
        assert urllib.request.urlopen(address, timeout=30).status == 200
