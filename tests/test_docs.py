"""What is written for people who work on this names files that exist."""

import re

import pytest

from aqfusion.settings import ROOT

DECISIONS = ROOT / "docs" / "decisions"
TEXTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(DECISIONS.glob("*.md")),
]
FORMS = [
    *(ROOT / ".github").rglob("*.yml"),
    ROOT / ".pre-commit-config.yaml",
    ROOT / "pyproject.toml",
]
# What tells of the code of today; formats and experiments name people's files and old ones.
TODAY = {"CONTRIBUTING.md", "architecture.md", "running.md", "evaluation.md", "performance.md"}
GUIDES = [path for path in TEXTS if path.name in TODAY or path.parent == DECISIONS]


def name(path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", GUIDES, ids=name)
def test_files_that_are_named_are_there(path):
    named = re.findall(r"`([\w./-]+(?:\.py|\.json|/))`", path.read_text(encoding="utf-8"))
    places = (
        ROOT,
        ROOT / "aqfusion",
        ROOT / "assets/models/resnet18",
    )
    elsewhere = {"aqfusion/bundled/", "predict.py"}  # in a wheel, in an exported folder
    assert [
        one
        for one in named
        if one not in elsewhere and not any((place / one).exists() for place in places)
    ] == []


def test_every_decision_is_listed_with_its_title():
    listed = re.findall(
        r"^\| \[(\d+)\]\((\S+)\) \| (.+) \|$", (DECISIONS / "README.md").read_text("utf-8"), re.M
    )
    written = [path for path in sorted(DECISIONS.glob("*.md")) if path.name != "README.md"]
    assert [(f"{int(path.name[:4])}", path.name) for path in written] == [
        (number, file) for number, file, _ in listed
    ]
    for number, file, title in listed:
        assert (DECISIONS / file).read_text("utf-8").startswith(f"# {number}. {title}\n")


@pytest.mark.parametrize("path", [*FORMS, *GUIDES], ids=name)
def test_no_machine_or_registry_is_named(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"/home/|/work/|/opt/|/root/|pypi\.|index-url|://\d", text) == []
