"""CSV for spreadsheets: text stays text, numbers stay numbers."""

import pytest

from aqfusion.csv_cells import csv_text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_looks_like_a_formula_is_kept_from_being_one(start):
    assert csv_text([(f"{start}1+1",)]).strip("\r\n").strip('"') == f"'{start}1+1"


def test_numbers_stay_and_absent_is_empty():
    assert csv_text([(-1.5, 0, None, "a-b")]) == "-1.5,0,,a-b\r\n"
