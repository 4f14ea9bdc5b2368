"""Session state is read by `get`: an interrupted run may have left any key unset."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from aqfusion.settings import ROOT
from aqfusion.ui import inputs, reading_input

FILES = sorted([*ROOT.glob("aqfusion/ui/**/*.py"), *ROOT.glob("pages/*.py")])


def is_session_state(node: ast.expr) -> bool:
    """Whether this is `st.session_state`, or `state`, which the pages call it for short."""
    if isinstance(node, ast.Attribute):
        return node.attr == "session_state"
    return isinstance(node, ast.Name) and node.id == "state"


def bare_reads(source: str) -> Iterator[int]:
    """Lines that read or delete a key that may not be there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and is_session_state(node.value):
            if not isinstance(node.ctx, ast.Store):
                yield node.lineno
        elif isinstance(node, ast.AugAssign):
            target = node.target
            if isinstance(target, ast.Subscript) and is_session_state(target.value):
                yield node.lineno


def test_a_bare_read_is_found():
    source = "state['a'] = 1\nx = state['a']\nst.session_state['n'] += 1\ndel st.session_state['n']"
    assert sorted(bare_reads(source)) == [2, 3, 4]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_relies_on_a_key_of_another_run(path: Path):
    assert list(bare_reads(path.read_text(encoding="utf-8"))) == []


class Interrupting(dict):
    """Session state that ends the run at its nth use."""

    def __init__(self, values, after):
        super().__init__(values)
        self.left = after

    def _used(self):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def __setitem__(self, key, value):
        self._used()
        super().__setitem__(key, value)

    def get(self, key, default=None):
        self._used()
        return super().get(key, default)

    def setdefault(self, key, default=None):
        self._used()
        return super().setdefault(key, default)


def test_a_run_that_was_interrupted_anywhere_leaves_no_page_without_its_keys(monkeypatch):
    whole: dict[str, object] = {}
    monkeypatch.setattr("streamlit.session_state", whole)
    inputs.prepare()
    for after in range(200):
        broken = Interrupting({}, after)
        monkeypatch.setattr("streamlit.session_state", broken)
        try:
            inputs.prepare()
            break  # it was never interrupted
        except KeyboardInterrupt:
            pass
        rest = dict(broken)
        monkeypatch.setattr("streamlit.session_state", rest)
        inputs.prepare()
        assert rest == whole
        for action in (
            reading_input._units_changed,
            reading_input.current,
            reading_input.own_reading,
        ):
            monkeypatch.setattr("streamlit.session_state", dict(broken))
            action()
    assert 20 < after < 199


def test_what_a_visitor_set_outlives_an_interrupted_run(monkeypatch):
    state: dict[str, object] = {}
    monkeypatch.setattr("streamlit.session_state", state)
    inputs.prepare()
    state["sensor_pm25_value"] = state["sensor_pm25_number"] = 199.0
    state["sensor_pm25_on"] = True
    inputs.keep()
    del state["sensor_pm25_value"], state["sensor_pm25_on"]
    inputs.keep()
    assert (state["sensor_pm25_value"], state["sensor_pm25_on"]) == (199.0, True)
