"""What is kept in the process is made once, released once, and not emptied by a browser."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from aqfusion.ui.process_cache import process_cache


def test_many_who_ask_at_once_get_one_value():
    calls, gate = [], threading.Barrier(8)

    @process_cache()
    def made(name):
        calls.append(name)
        return object()

    def ask(_):
        gate.wait()
        return made("a")

    with ThreadPoolExecutor(8) as pool:
        values = set(pool.map(ask, range(8)))
    assert (len(values), calls) == (1, ["a"])


def test_what_is_oldest_is_released():
    released = []
    made = process_cache(most=2, release=released.append)(lambda name: name.upper())
    assert [made(name) for name in "abac"] == ["A", "B", "A", "C"]
    assert released == ["B"]
    made.clear()
    assert released == ["B", "A", "C"]


def test_a_failure_is_not_kept():
    answers = iter([ValueError("busy"), "open"])

    @process_cache()
    def opened():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ValueError, match="busy"):
        opened()
    assert opened() == "open"


def test_emptying_streamlits_caches_leaves_it():
    made = process_cache()(object)
    before = made()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert made() is before
