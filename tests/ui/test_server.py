"""Runs of one visitor share the lock of the visitor's state; visitors do not share theirs."""

import gc
import threading
import tomllib
import weakref

import pytest
from streamlit.runtime.state import SafeSessionState, SessionState

from aqfusion.settings import ROOT
from aqfusion.ui import server


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    monkeypatch.setattr(SafeSessionState, "__init__", SafeSessionState.__init__)
    server.install()


def over(state):
    return SafeSessionState(state, lambda: None)


def waits(holder, other):
    """Whether `other` has to wait as long as `holder` is at the state."""
    reached = threading.Event()

    def read():
        reached.set() if "name" not in other else None

    with holder.query_params():
        thread = threading.Thread(target=read)
        thread.start()
        waited = not reached.wait(0.2)
    thread.join(5)
    assert reached.is_set()
    return waited


def test_two_runs_of_one_visitor_wait_for_each_other():
    state = SessionState()
    assert waits(over(state), over(state))


def test_two_visitors_do_not():
    assert not waits(over(SessionState()), over(SessionState()))


class Interrupted(dict):
    """A dictionary that another thread is let at between its keys."""

    def __init__(self, values, interruption):
        super().__init__(values)
        self.interruption = interruption

    def __iter__(self):
        for number, key in enumerate(super().__iter__()):
            if number == 1 and self.interruption.ident is None:
                self.interruption.start()
                self.interruption.join(0.2)
            yield key


def test_a_run_that_ends_while_the_next_begins_breaks_neither():
    state = SessionState()
    ending, beginning = over(state), over(state)
    removal = threading.Thread(target=ending.__delitem__, args=["key 7"])
    state._old_state = Interrupted({f"key {number}": number for number in range(9)}, removal)
    beginning.on_script_will_rerun(None)
    removal.join(5)
    assert set(state._old_state.keys()) == {f"key {number}" for number in range(9) if number != 7}


class Circle:
    """Refers to itself: the collector alone frees it."""

    def __init__(self):
        self.itself = self


def test_garbage_is_collected_now_and_then_and_not_at_the_end_of_every_run():
    with (ROOT / ".streamlit" / "config.toml").open("rb") as file:
        assert tomllib.load(file)["runner"]["postScriptGC"] is False
    gc.disable()  # else it may collect by itself
    try:
        alive = weakref.ref(Circle())
        assert alive() is not None
        server._collect()
    finally:
        gc.enable()
    assert alive() is None
