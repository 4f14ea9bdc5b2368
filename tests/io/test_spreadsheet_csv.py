"""CSV for spreadsheets: text stays text, numbers stay numbers, and what was written comes home."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aqfusion.io.spreadsheet_csv import BYTE_ORDER_MARK, csv_lines, csv_text, undefused

SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫")
# Text of what matters here, as chance would seldom draw it.
TEXT = st.text() | st.text(st.sampled_from([*"=+-@＝＋－＠'\" ;,\t\r\n\xa0\x00\u200b\ufeffax7"]))


def read(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("start", SIGNS)
def test_text_that_looks_like_a_formula_is_kept_from_being_one(start):
    (row,) = read(csv_lines([(f"{start}1+1", f"  {start}1")]))
    assert row == [f"'{start}1+1", f"  '{start}1"]


@pytest.mark.parametrize("start", [sign for sign in SIGNS if sign != "\n"])
@pytest.mark.parametrize("separator", [";", ",", "\t", '"', "\n", "\r"])
def test_a_formula_sign_after_a_separator_is_defused_too(start, separator):
    text = csv_lines([(f"a{separator}{start}1+1", f"a{separator} {start}1+1")])
    assert text.startswith('"')  # it is quoted, whatever separates
    inside = separator.replace('"', '""')
    assert f"{inside}'{start}1+1" in text
    assert f"{inside} '{start}1+1" in text


@pytest.mark.parametrize("sign", [*';,\t"\r\n'])
def test_every_text_with_a_separator_or_a_quote_is_quoted(sign):
    cell = f"a{sign}b"
    quoted = '"' + cell.replace('"', '""') + '"'
    assert csv_lines([(cell, "c")]) == f"{quoted},c\r\n"


def test_numbers_stay_and_absent_is_empty():
    assert csv_lines([(-1.5, 0, None, "a-b", -0.4, 1e-05, -7)]) == "-1.5,0,,a-b,-0.4,1e-05,-7\r\n"


def test_a_file_says_that_it_is_utf_8():
    assert csv_text([("Ozone µg/m³",)]).encode() == b"\xef\xbb\xbfOzone \xc2\xb5g/m\xc2\xb3\r\n"
    assert csv_text([]) == BYTE_ORDER_MARK


def test_a_row_of_one_empty_cell_is_no_blank_line():
    assert csv_lines([(None,), ("",), ("a",), ()]) == '""\r\n""\r\na\r\n\r\n'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-7", "'-7"),
        ("'-7", "''-7"),  # an apostrophe of the text's own
        ("''-7", "'''-7"),
        ("'tis", "'tis"),
        ("'", "'"),
        ("1,2;3", "1,2;3"),
        ('x,"y"\nz', 'x,"y"\nz'),  # lines of a note
        ("2023-02-01T08:30+05:30", "2023-02-01T08:30+05:30"),
        ("' =1", "' =1"),  # begins with an apostrophe: no formula
        ("=1;'=2,+3", "'=1;''=2,'+3"),
    ],
)
def test_what_is_defused_comes_home_as_it_was(text, written):
    assert read(csv_lines([(text,)])) == [[written]]
    assert undefused(written) == text


@given(st.lists(st.lists(TEXT, min_size=1, max_size=4), max_size=4))
@example([["-7", "'-7", "a;=1", '"=1"', "\t=1", "\r\n=1"]])
def test_all_text_comes_home(rows):
    back = [[undefused(cell) for cell in row] for row in read(csv_lines(rows))]
    assert back == rows


@given(
    st.lists(TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False), min_size=1),
    st.sampled_from([",", ";", "\t"]),
)
def test_wherever_a_spreadsheet_splits_no_cell_of_text_begins_with_a_formula_sign(row, separator):
    # Quotes count nowhere here, which is the worst that a reader can do. A number may begin the
    # line, and what follows in its cell is then no formula of anybody's text.
    line = csv_lines([("first", *row)])
    for part in line.replace("\r", "\n").replace("\n", separator).split(separator):
        cell = part.strip().lstrip('"\ufeff\u200b\x00').lstrip()
        if cell.startswith(SIGNS):
            assert separator == "," or is_number(cell.partition(",")[0])
            assert is_number(cell.partition(",")[0])
