"""Start a retraining, watch it, end it: a process of its own, which any page shows as it is."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.registry.registry import Registry
from aqfusion.registry.version import title
from aqfusion.retraining import process
from aqfusion.retraining.process import JobProgress
from aqfusion.retraining.readiness import Readiness, readiness
from aqfusion.ui.labels import flash, store_session
from aqfusion.ui.markup import plain, plain_list, public_text
from aqfusion.ui.registry.registry_session import as_now, moment, registry

PLACE = "models_run"
_EVERY = 2.0  # seconds
_REASONS = 3  # why the gate refused
_STATES: dict[str, tuple[Callable[..., object], str]] = {
    "done": (st.success, ":material/check_circle:"),
    "refused": (st.warning, ":material/block:"),
    "cancelled": (st.info, ":material/cancel:"),
    "failed": (st.error, ":material/error:"),
    "out of time": (st.error, ":material/timer_off:"),
    "killed": (st.error, ":material/error:"),
}


def render_retraining(actor: Actor) -> None:
    """Draw the card; while a run goes on it looks after it by itself."""
    st.subheader("Retrain", anchor=False)
    flash.render_flash(PLACE)
    now = process.status(registry().home)
    if now is not None and now.state == "running":
        st.fragment(_watch, run_every=_EVERY)(actor)
        return
    st.markdown(
        "The model is retrained on all settled labels, which takes about a minute, and compared "
        "with the current version. It passes only if the results on a hold-out set without "
        "corrections do not get worse, overall and at each place, and if it predicts held-out "
        "corrections better."
    )
    promote = st.toggle("Deploy if it passes", value=True, key="models_run_promote")
    enough, says = _enough(actor)
    if st.button(
        "Retrain",
        key="models_run",
        type="primary",
        icon=":material/model_training:",
        disabled=not enough,
    ):
        _start(actor, promote)
    if enough:
        st.caption(plain(says))
    else:
        st.info(plain(says), icon=":material/info:")
    if now is not None:
        _ended(now)
        _log()


def outcome(now: JobProgress) -> str:
    """The outcome of a run in a sentence; the gate's reasons are in the version.

    >>> outcome(JobProgress("done", "2026-11-02T09:00:00+00:00", "2026-11-02T09:01:05+00:00", 1,
    ...     "Eva", "", "version 3 was kept", "v0003-0123456789ab", True))
    'Retraining of 2026-11-02 09:00 UTC by Eva, done after 65 s: version 3 was kept.'
    """
    took = round(_seconds(now.started, now.updated))
    ending = "" if now.state == "refused" else f": {now.said.removesuffix('.')}" if now.said else ""
    return (
        f"Retraining of {moment(now.started)} UTC by {now.by}, {now.state} after {took} s{ending}."
    )


def _enough(actor: Actor) -> tuple[bool, str]:
    """Whether there are enough labels to validate a retraining, and a sentence on their number."""
    store, version_registry = store_session.store(), registry()
    try:
        last = store.annotation_records.last_event(actor)
        version = version_registry.current().version
        counts = _counted(
            store, version_registry, version_registry.model, version, store.database.where, last
        )
    except InputError as error:  # a model without features, a damaged version
        return False, f"The model cannot be retrained: {public_text(error)}"
    if not counts.ready:
        return False, f"There are too few new labels to retrain: {counts.reason}"
    groups = f"{counts.groups:,} group{'' if counts.groups == 1 else 's'}"
    return True, f"There are {counts.new:,} new labels in {groups}, enough to retrain."


@st.cache_data(ttl=60, max_entries=2, show_spinner="Counting the new labels ...")
def _counted(
    _store: LabelStore, _of: Registry, model: str, version: str | None, where: str, last: int
) -> Readiness:
    """The counts of the database at `where`, which stay until the next event."""
    return readiness(_store, _of)


def _start(actor: Actor, promote: bool) -> None:
    with st.spinner("Starting ..."):
        flash.run_with_flash(PLACE, lambda: _started(actor, promote))
    st.rerun()


def _started(actor: Actor, promote: bool) -> None:
    options = ("--promote", "auto" if promote else "never")
    process.start(registry().home, as_now(actor), options)


def _watch(actor: Actor) -> None:
    now = process.status(registry().home)
    if now is None or now.state != "running":
        st.rerun()
    seconds = _seconds(now.started, datetime.now(UTC).isoformat())
    with st.status(f"Running for {seconds:.0f} s, started by {plain(now.by)}", expanded=True):
        st.markdown(plain(now.step or "starting"))
    st.caption("Retraining continues if you leave this page.")
    st.button(
        "Stop retraining",
        key="models_run_end",
        icon=":material/stop:",
        on_click=_end,
        args=(actor,),
    )
    _log()


def _end(actor: Actor) -> None:
    def work() -> str:
        ended = process.cancel(registry().home, as_now(actor))
        return "retraining is being stopped" if ended else "retraining had already ended"

    flash.run_with_flash(PLACE, work)


def _ended(now: JobProgress) -> None:
    draw, icon = _STATES[now.state]
    draw(plain(outcome(now)), icon=icon)
    if now.version and not now.promoted:
        _kept(now.version)


def _kept(name: str) -> None:
    """Why a version was not promoted, in short."""
    st.markdown(f"{plain(title(name).capitalize())} is stored but not deployed: see Versions.")
    reasons: list[str] = []
    with suppress(InputError):  # pruned, or damaged: the Versions tab has the reason
        reasons = list(registry().read(name).manifest["gate"]["reasons"])
    st.markdown(plain_list(reasons, _REASONS))


def _log() -> None:
    with st.expander("Log", key="models_run_log"):
        try:
            text = process.log(registry().home)
        except (InputError, OSError) as error:
            text = (
                public_text(error)
                if isinstance(error, InputError)
                else error.strerror or "The log cannot be read."
            )
        st.code(text or "The log is empty.", language=None, height=240)


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
