"""The table of docs/edge.md is made of docs/edge.json."""

import json

from benchmarks.edge import FIGURES, PAGE, with_table


def test_the_page_has_the_table_of_the_figures():
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, json.loads(FIGURES.read_text(encoding="utf-8"))) == page
