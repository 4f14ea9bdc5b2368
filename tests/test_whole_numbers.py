"""Whole numbers in text: plain digits alone, within their bounds."""

import re

import pytest

from aqfusion.errors import InputError
from aqfusion.settings import SettingsError
from aqfusion.text_validation import read_whole_number, whole_number


@pytest.mark.parametrize(
    ("text", "got"),
    [
        *(("x", "'x'"), ("", "''"), ("-1", "'-1'"), ("+1", "'+1'"), ("1.0", "'1.0'")),
        *(("1_0", "'1_0'"), ("²", "'²'"), ("५", "'५'"), ("１", "'１'")),
        *(("\ud835", r"'\ud835'"), ("9" * 5000, f"'{'9' * 39}"), ("501", "501")),
        *((None, "None"), (True, "True"), (b"5", "b'5'")),
    ],
)
def test_all_but_plain_digits_is_refused_in_one_sentence(text, got):
    sentence = f"aqi must be a whole number from 0 to 500, got {got}"
    with pytest.raises(InputError, match=re.escape(sentence)) as refused:
        read_whole_number(text, "aqi", 0, 500)
    str(refused.value).encode()


def test_both_bounds_belong_to_the_range():
    assert [read_whole_number(text, "aqi", 0, 500) for text in ("0", " 500 ", "007")] == [0, 500, 7]


@pytest.mark.parametrize("value", ["5", 5.0, True, None, -1, 501, float("nan")])
def test_a_value_is_whole_by_its_type_and_the_error_is_the_callers(value):
    with pytest.raises(SettingsError, match="aqi must be a whole number from 0 to 500, got "):
        whole_number(value, "aqi", 0, 500, SettingsError)
