"""Which of Streamlit's sessions in this process belongs to which sign-in, and to which tab.

A session's id stands in addresses and log lines, so here it is a name and never proves anything.
"""

import hashlib
from collections import OrderedDict
from threading import Lock

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.labels.leases import Tab

_MOST = 20_000  # sessions that are remembered; the oldest goes first
_lock = Lock()
_sign_ins: OrderedDict[str, int] = OrderedDict()
_tabs: OrderedDict[str, str] = OrderedDict()


def bind(sign_in: int | None) -> None:
    """The session of the script that runs belongs to this sign-in from now on, or to none."""
    session = _session_id()
    if session is None:
        return
    with _lock:
        _sign_ins.pop(session, None)
        if sign_in is not None:
            _sign_ins[session] = sign_in
            while len(_sign_ins) > _MOST:
                _sign_ins.popitem(last=False)


def sign_in_of(session: str) -> int | None:
    """The sign-in that a session belongs to."""
    with _lock:
        return _sign_ins.get(session)


def is_empty() -> bool:
    """Whether nobody has signed in in this process."""
    with _lock:
        return not _sign_ins


def tab() -> Tab:
    """The tab in which the script runs; a reload makes it another one."""
    session = _session_id()
    if session is None:
        return Tab("", _is_open)
    name = hashlib.sha256(session.encode()).hexdigest()[:32]
    with _lock:
        _tabs[name] = session
        _tabs.move_to_end(name)
        while len(_tabs) > _MOST:
            _tabs.popitem(last=False)
    return Tab(name, _is_open)


def _is_open(name: str) -> bool:
    """Whether a tab of this process is connected; those of other processes count as closed."""
    with _lock:
        session = _tabs.get(name)
    return (
        session is not None and _is_served() and runtime.get_instance().is_active_session(session)
    )


def _session_id() -> str | None:
    context = get_script_run_ctx()
    return context.session_id if context is not None and _is_served() else None


def _is_served() -> bool:
    """Whether a server runs here: Streamlit's test runner gives all its pages one session."""
    return runtime.exists() and type(runtime.get_instance()) is runtime.Runtime
