"""A damaged file is refused with its address and a rule, or read as documented: nothing else."""

import copy
import json
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqfusion.air.aqi import STANDARDS, load_standard
from aqfusion.air.pollutants import load_pollutants
from aqfusion.errors import InputError
from aqfusion.explain.saved_report import read_report
from aqfusion.io.json_models import (
    Count,
    Flag,
    Names,
    Number,
    OrAbsent,
    ReadAs,
    Share,
    TableError,
    Text,
    Whole,
    check,
    check_format,
    parse_table,
    read_table,
)
from aqfusion.metrics import read_metrics
from aqfusion.model.config import config_of, read_json
from aqfusion.settings import ASSETS, ROOT
from aqfusion.sites.site_file import read_site
from tests.planted_metrics import planted_metrics

WORDS_OF_PYDANTIC = ("Input should", "pydantic", "validation error", "https://", "Field required")
VALUES = (
    *(None, True, False, -1, 0, 2.5, 10**400, 1e308, -1e308, "", "x", "1", "\ud800", "9" * 5000),
    *(float("nan"), float("inf"), [], {}, [None], {"x": None}, [[[None]]]),
)


def table_at(*steps):
    """Read one of the files that the program ships, as JSON's values."""
    path = ASSETS.joinpath(*steps)
    return lambda: json.loads(path.read_text(encoding="utf-8"))


def old(name):
    """Read a file that an earlier version of the program wrote."""
    return lambda: json.loads((ROOT / "tests" / "fixtures" / "v0" / name).read_bytes())


# Per name a valid table, and what reads a file that holds it.
READERS = {
    "metrics.json": (planted_metrics, read_metrics),
    "config.json": (
        table_at("models", "mobilenetv2_100", "config.json"),
        lambda path: config_of(Path(path.name), read_json(path)),
    ),
    "report.json": (old("report.json"), read_report),
    "us.json": (table_at("standards", STANDARDS["us"]), load_standard),
    "pollutants.json": (table_at("standards", "pollutants.json"), load_pollutants),
    "site.json": (old("site.json"), read_site),
}


@cache
def content_of(name):
    return READERS[name][0]()


def paths(value, path=()):
    """The way to every value of a table; of a list's entries the first and the last."""
    steps = (
        value
        if isinstance(value, dict)
        else {0, len(value) - 1}
        if isinstance(value, list) and value
        else ()
    )
    for step in sorted(steps):
        yield (*path, step)
        yield from paths(value[step], (*path, step))


@cache
def paths_of(name):
    return tuple(paths(content_of(name)))


def damaged(table, path, change, value):
    """A copy in which one value is dropped, replaced or has a neighbour that nobody expects."""
    table = copy.deepcopy(table)
    holder = table
    for step in path[:-1]:
        holder = holder[step]
    if change == "drop":
        del holder[path[-1]]
    elif change == "replace" or isinstance(holder, list):
        holder[path[-1]] = value
    else:
        holder["nobody's key"] = value
    return table


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_damage_is_a_sentence_with_an_address_or_is_read(name, tmp_path_factory, data):
    table = content_of(name)
    path = data.draw(st.sampled_from(paths_of(name)))
    change = data.draw(st.sampled_from(("drop", "replace", "add")))
    value = data.draw(st.sampled_from(VALUES))
    file = tmp_path_factory.mktemp("damaged") / name
    file.write_text(json.dumps(damaged(table, path, change, value)), encoding="utf-8")
    try:
        READERS[name][1](file)
    except InputError as error:
        sentence = str(error)
        assert sentence.startswith(name)
        assert not any(word in sentence for word in WORDS_OF_PYDANTIC)
        assert len(sentence) < 500
        sentence.encode()
        if change == "replace" and len(path) > 1 and " JSON" not in sentence:
            assert str(next(step for step in path if isinstance(step, str))) in sentence


@dataclass(frozen=True)
class Inner:
    """An object in a list."""

    share: Share
    note: OrAbsent[Text]


@dataclass(frozen=True)
class Strict:
    """An object that knows all its keys."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012
    flag: Flag


def _even(number):
    if number % 2:
        raise ValueError("must be even")
    if number > 100:
        raise InputError(f"number of pieces must be <= 100, got {number}")
    return number


@dataclass(frozen=True)
class Outer:
    """One field of each type."""

    count: Count
    whole: Whole
    number: Number
    rows: tuple[Inner, ...]
    by_kind: Annotated[dict[str, Number], Names(("a", "b"))]
    even: Annotated[int, ReadAs(Whole, _even)] = 0
    strict: Strict | None = None


VALID = {
    "count": 1,
    "whole": -1,
    "number": 0.1,
    "rows": [{"share": 1}, {"share": 0.5, "note": "x"}],
    "by_kind": {"b": 1, "a": 2, "c": "ignored"},
    "unknown": "ignored",
}


def test_a_table_is_read_as_it_is_written():
    rows = (Inner(1.0, None), Inner(0.5, "x"))
    assert check(Outer, VALID, "o.json") == Outer(1, -1, 0.1, rows, {"a": 2.0, "b": 1.0})
    strict = check(Outer, VALID | {"strict": {"flag": True}, "even": 4}, "o.json")
    assert (strict.strict, strict.even) == (Strict(True), 4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"count": -1}, "count must be a whole number >= 0, got -1"),
        ({"count": 1.0}, "count must be a whole number >= 0, got 1.0"),
        ({"count": True}, "count must be a whole number >= 0, got true"),
        ({"count": "1"}, 'count must be a whole number >= 0, got "1"'),
        ({"number": float("inf")}, "number must be a number, got Infinity"),
        ({"number": 10**400}, f"number must be a number, got {'1' + '0' * 76}..."),
        ({"number": None}, "number must be a number, got null"),
        ({"rows": {}}, "rows must be a list, got {}"),
        ({"rows": "ab"}, 'rows must be a list, got "ab"'),
        ({"rows": [{"share": 1}, 7]}, "rows[1] must be an object, got 7"),
        ({"rows": [{}]}, "rows[0] must have 'share', got {}"),
        ({"rows": [{"share": 2}]}, "rows[0].share must be a number from 0 to 1, got 2"),
        (
            {"rows": [{"share": 0, "note": " "}]},
            'rows[0].note must be a text that is not empty, got " "',
        ),
        ({"by_kind": {"a": 1}}, "by_kind must have 'b', got {\"a\": 1}"),
        ({"by_kind": {"a": 1, "b": "2"}}, 'by_kind.b must be a number, got "2"'),
        ({"even": 3}, "even must be even, got 3"),
        ({"even": 102}, "even: number of pieces must be <= 100, got 102"),
        ({"strict": {"flag": 1}}, "strict.flag must be true or false, got 1"),
        ({"strict": {"flag": True, "flog": 1}}, 'strict must have no unknown names, got "flog"'),
    ],
)
def test_a_fault_names_address_rule_and_value(changes, sentence):
    with pytest.raises(TableError) as refused:
        check(Outer, VALID | changes, "o.json")
    assert str(refused.value) == f"o.json: {sentence}"


def test_a_part_is_told_with_its_place_in_the_file():
    with pytest.raises(TableError, match=r"^o\.json: rows\[3\]\.share must be a number from"):
        check(Inner, {"share": 2}, "o.json", "rows[3]")
    with pytest.raises(TableError, match=r"^o\.json: the table must be an object, got \[\]"):
        check(Inner, [], "o.json")


def test_a_format_is_one_of_those_that_are_read():
    assert check_format({"format": 2}, "f.json", 1, 2) == 2
    with pytest.raises(TableError, match=r"^f\.json: format must be 1 or 2, got 3$"):
        check_format({"format": 3}, "f.json", 1, 2)
    with pytest.raises(TableError, match=r"^f\.json: the table must have 'format', got \{\}$"):
        check_format({}, "f.json", 1)


def test_numbers_keep_each_digit_where_that_is_asked():
    text = b"[0.1000000000000000055511151231257827, 12.10]"
    exact = [Decimal("0.1000000000000000055511151231257827"), Decimal("12.10")]
    assert parse_table(text, "n", Decimal) == exact
    assert parse_table(text, "n") == [0.1, 12.1]


def test_what_cannot_be_read_is_told_without_its_folder(tmp_path):
    with pytest.raises(TableError, match=r"^none\.json must be a readable file: No such file"):
        read_table(tmp_path / "none.json")
    with pytest.raises(TableError, match=r"^n must be a readable JSON table: a number too long$"):
        parse_table(b"1e99999999999999999999", "n", Decimal)


def test_the_command_line_starts_without_pydantic():
    program = "import sys, aqfusion.cli, aqfusion.metrics; print('pydantic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
