"""What deploy/ ships is read by the programs that it is for, as far as they are installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from aqfusion.settings import ROOT
from tests.deploy.cluster import HOST, NGINX, certificate, configuration, nginx

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def test_hadolint_finds_nothing_in_the_containerfile():
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        pytest.skip("hadolint is not installed")
    done = run(program, DEPLOY / "Containerfile")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_container_runs_as_nobody_in_particular_with_a_health_check():
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    last = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "/healthz" in last
    assert "-c requirements.lock" in text


def test_all_that_the_containerfile_copies_is_let_through_to_it():
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").split()
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert {f"!{name}".rstrip("/") for name in copied} == {
        name for name in ignored if name.startswith("!")
    }
    assert all((ROOT / name).exists() for name in copied)


@pytest.fixture(scope="module")
def compose():
    return YAML(typ="safe", pure=True).load(DEPLOY / "compose.yaml")


def test_compose_follows_its_specification(compose):
    validator = Draft7Validator(get_builtin_schema("vendor.compose-spec"))
    assert [error.message for error in validator.iter_errors(compose)] == []


def test_every_service_is_held_tight(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert "ports" not in service or name == "nginx", name
    assert set(compose["services"]["db"]["networks"]) == {"back"}
    assert compose["networks"]["back"]["internal"] is True


def test_compose_gives_nginx_all_that_its_template_asks_for(compose):
    template = (DEPLOY / "nginx.conf.template").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)\}", template))
    services = compose["services"]
    given = services["nginx"]["environment"]
    assert asked <= set(given)
    for letter in ("a", "b"):
        service = services[f"app-{letter}"]
        port = service["environment"]["STREAMLIT_SERVER_PORT"]
        address = service["networks"]["front"]["ipv4_address"]
        assert given[f"AQFUSION_APP_{letter.upper()}"] == f"{address}:{port}"
        assert given[f"AQFUSION_PORT_{letter.upper()}"] == port
        assert (
            service["environment"]["AQFUSION_TRUSTED_PROXIES"]
            == (services["nginx"]["networks"]["front"]["ipv4_address"])
        )


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_takes_its_configuration(tmp_path):
    certificate(tmp_path)
    main = configuration(tmp_path, {"a": 18501, "b": 18502}, 18080, 18443)
    done = run(*nginx(main, "-t", "-q"))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"server_name {HOST};" in (tmp_path / "aqfusion.conf").read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_its_units_and_finds_them_closed(tmp_path):
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(
            "/opt/aqfusion/.venv/bin/python", "/bin/true"
        )
        (tmp_path / unit.name.replace("@.", "@8501.")).write_text(text, encoding="utf-8")
    files = sorted(tmp_path.iterdir())
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *files)
    about = [line for line in done.stderr.splitlines() if "aqfusion" in line]
    assert about == []
    for file in files:
        if file.suffix == ".service":
            done = run("systemd-analyze", "security", "--offline=true", "--threshold=20", file)
            assert done.returncode == 0, done.stdout


def test_the_units_run_what_there_is():
    text = "".join(unit.read_text(encoding="utf-8") for unit in UNITS)
    assert "streamlit run /opt/aqfusion/app.py" in text
    for setting in ("ProtectSystem=strict", "NoNewPrivileges=yes", "MemoryMax=", "UMask=0077"):
        assert text.count(setting) == 2
