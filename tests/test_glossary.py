"""`docs/glossary.md`: each term once and in order, its places there, its new class names unique."""

import re
from collections import Counter
from itertools import chain

from aqfusion.settings import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS, WORK_ORDER = TEXT.split("## Stored names")


def terms() -> list[list[str]]:
    """The terms of each section, as they stand."""
    return [
        [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines()[3:] if line]
        for section in TERMS.split("\n## ")[1:]
    ]


def test_each_term_stands_once_and_sections_are_sorted():
    assert [name for name, uses in Counter(chain(*terms())).items() if uses > 1] == []
    assert [each for each in terms() if each != sorted(each, key=str.lower)] == []


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert len(links) > 100
    assert [link for link in links if not (ROOT / "docs" / link).is_file()] == []


def test_new_class_names_are_unique():
    classes = WORK_ORDER.split("## Classes")[1].split("## Functions")[0]
    new = [line.split(" | ")[2] for line in classes.splitlines() if line.startswith("| `")]
    assert [name for name, uses in Counter(new).items() if uses > 1] == []
