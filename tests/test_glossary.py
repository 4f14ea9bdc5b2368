"""`docs/glossary.md`: each term once and in order, each name in the file it is said to be in."""

import re
from collections import Counter
from itertools import chain

from aqfusion.settings import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS, STORED = TEXT.split("## Stored names")


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


def test_every_name_stands_in_its_file():
    names = [
        (path, name)
        for path, after in re.findall(r"\]\(([^)]+\.py)\)((?:,? `[\w.]+`)*)", TERMS)
        for name in re.findall(r"\w+", after)
    ]
    assert len(names) > 80
    texts = {path: (ROOT / "docs" / path).read_text(encoding="utf-8") for path, _ in names}
    assert [each for each in names if not re.search(rf"\b{each[1]}\b", texts[each[0]])] == []
