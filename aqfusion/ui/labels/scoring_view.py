"""Score the unlabelled items, watch it, end it: a process of its own, which any page shows."""

from contextlib import suppress

import streamlit as st

from aqfusion.active_learning import scoring_process
from aqfusion.background_jobs import JobProgress, RunError
from aqfusion.permissions import Actor
from aqfusion.settings import load_settings
from aqfusion.ui.labels import flash, store_session
from aqfusion.ui.markup import plain

PLACE = "admin_scoring"
_EVERY = 2.0  # seconds
_NOTE_LASTS = 10.0  # seconds


def render_scoring(actor: Actor) -> None:
    """Draw how the scoring stands; while one runs it looks after it by itself."""
    st.markdown(
        "The model's prediction for an item decides its place in the queue: the most informative "
        "items come first. Items are scored automatically after each import."
    )
    flash.render_flash(PLACE)
    now = scoring_process.status(load_settings())
    if now is not None and now.state == "running":
        st.fragment(_watch, run_every=_EVERY)(actor)
        return
    st.markdown(plain(_standing()))
    st.button(
        "Score the unlabelled items",
        key="admin_score",
        icon=":material/sort:",
        on_click=begin,
        args=(actor,),
    )
    if now is not None:
        st.caption(plain(outcome(now)))
        _log()


def begin(actor: Actor) -> None:
    """Start a scoring, in a callback; a refusal is shown where `render_scoring` draws."""
    flash.run_with_flash(PLACE, lambda: _started(actor))


def after_import(actor: Actor) -> None:
    """Start a scoring of what has come in; one that runs already scores it as well."""

    def work() -> None:
        with suppress(RunError):
            _started(actor)
            return
        now = scoring_process.status(load_settings())
        if now is None or now.state != "running":
            raise RunError("scoring of the new items did not start. Start it below.")

    flash.run_with_flash(PLACE, work)


def note() -> None:
    """Tell an annotator, in a line, that items are not in the order of their worth yet."""
    settings = load_settings()
    now = scoring_process.status(settings)
    words = None
    if now is not None and now.state == "running":
        words = counted(now)
    else:
        missing = now.failed if now else 0
        left = _unscored(str(scoring_process.scoring_folder(settings))) - missing
        if left > 0:
            words = f"{left:,} item{'' if left == 1 else 's'} not scored yet"
    if words:
        st.caption(f"The order of the queue is not final: {plain(words)}.")


def counted(now: JobProgress) -> str:
    """How far a scoring is.

    >>> counted(JobProgress("running", "", "", 1, done=137, total=364))
    '137 of 364 scored'
    """
    return f"{now.done:,} of {now.total:,} scored" if now.total else now.step or "starting"


def outcome(now: JobProgress) -> str:
    """The result of a scoring, in a sentence.

    >>> outcome(JobProgress("cancelled", "", "", 1, "Ada", said="x", done=32, total=364))
    'The last scoring, started by Ada, was cancelled: 32 of 364 scored. The next one continues.'
    """
    begun = f"The last scoring, started by {now.by},"
    if now.state == "done":
        return f"{begun} is done: {now.said}."
    state = "stopped without a message" if now.state == "killed" else f"was {now.state}"
    if now.state in {"failed", "out of time"}:
        state = "failed" if now.state == "failed" else "ran out of time"
    why = f" ({now.said})" if now.state == "failed" and now.said else ""
    return f"{begun} {state}{why}: {counted(now)}. The next one continues."


def _started(actor: Actor) -> None:
    scoring_process.start(load_settings(), store_session.reached().sign_in.again(actor))


def _standing() -> str:
    counts = store_session.reached().unscored.counts()
    total, left = sum(counts.values()), counts.get(None, 0)
    if not total:
        return "No items are waiting for answers."
    if not left:
        return f"All {total:,} items that wait for answers are scored."
    return f"{left:,} of the {total:,} items that wait for answers are not scored yet."


@st.cache_data(ttl=_NOTE_LASTS, max_entries=2, show_spinner=False)
def _unscored(where: str) -> int:
    """Counted once for all annotators within some seconds."""
    return store_session.reached().unscored.counts().get(None, 0)


def _watch(actor: Actor) -> None:
    now = scoring_process.status(load_settings())
    if now is None or now.state != "running":
        st.rerun()
    share = min(1.0, now.done / now.total) if now.total else 0.0
    st.progress(share, plain(f"{counted(now)}, started by {now.by}"))
    st.caption("Scoring continues if you leave this page.")
    st.button(
        "Stop scoring", key="admin_score_end", icon=":material/stop:", on_click=_end, args=(actor,)
    )


def _end(actor: Actor) -> None:
    def work() -> str:
        admin = store_session.reached().sign_in.again(actor)
        ended = scoring_process.cancel(load_settings(), admin)
        return (
            "Scoring is stopping. Items that are scored stay scored."
            if ended
            else ("Scoring had already ended.")
        )

    flash.run_with_flash(PLACE, work)


def _log() -> None:
    with st.expander("Log", key="admin_score_log"):
        try:
            text = scoring_process.log(load_settings())
        except OSError as error:
            text = error.strerror or "The log cannot be read."
        st.code(text or "nothing yet", language=None, height=240)
