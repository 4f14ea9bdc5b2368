"""Tables: what a person reads, and what a spreadsheet gets."""

import csv
import io

import pytest

from aqfusion.metric_values import Estimate
from aqfusion.ui.table import Column, Table


def rows(table):
    return list(csv.reader(io.StringIO(table.csv().removeprefix("\ufeff"))))


def test_estimate_fills_three_columns_and_absent_is_empty():
    table = Table(
        (Column("method"), Column("RMSE", ".1f"), Column("n")),
        (("a", Estimate(1.25, 1, 2), 3), ("b", None, None), ("c", "not computed yet")),
    )
    assert rows(table) == [
        ["method", "RMSE", "RMSE low", "RMSE high", "n"],
        ["a", "1.25", "1", "2", "3"],
        ["b", "", "", "", ""],
        ["c", "not computed yet", "", "", ""],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_is_no_formula_but_a_number_stays_one(start):
    table = Table((Column(f"{start}head"), Column("n")), ((f"{start}1+1", -1.5),))
    assert rows(table) == [[f"'{start}head", "n"], [f"'{start}1+1", "-1.5"]]


def test_comma_quote_and_line_end_survive():
    assert rows(Table((Column("a"),), (('x,"y"\nz',),)))[1] == ['x,"y"\nz']


def test_html_escapes_and_spans():
    html = Table(
        (Column("a"), Column("b", ".0%"), Column("c")), (("<b>", 0.5, None), ("x", "not yet"))
    ).html('"label"')
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert 'aria-label="&quot;label&quot;"' in html
    assert "<td>50\u00a0%</td>" in html
    assert '<td colspan="2" class="aq-muted aq-span">not yet</td>' in html
