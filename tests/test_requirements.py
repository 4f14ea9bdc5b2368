"""requirements.lock has one version of every package, and those that the ranges allow."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from aqfusion.settings import ROOT


def requirements(file: str) -> list[Requirement]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#- "]


def pinned() -> dict[str, str]:
    """Version of each package in the lock file; every line of it is a pin."""
    pins = {}
    for line in requirements("requirements.lock"):
        (pin,) = line.specifier
        assert pin.operator == "=="
        assert line.url is None
        pins[canonicalize_name(line.name)] = pin.version
    return pins


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_file_satisfies_every_requirement(file):
    pins = pinned()
    unmet = [
        str(wanted)
        for wanted in requirements(file)
        if pins.get(canonicalize_name(wanted.name)) not in wanted.specifier
    ]
    assert unmet == [], "make lock"


def test_the_lock_file_names_no_host_and_no_path():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.findall(r".*(?:/|@|--).*", text) == []
