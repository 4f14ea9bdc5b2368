"""A batch on the page: the button, progress that can be cancelled, the table and its downloads."""

from functools import partial
from io import BytesIO

import streamlit as st

from aqfusion.bulk.bulk_item import BulkSetup, Row, portions
from aqfusion.bulk.bulk_prediction import BulkSummary
from aqfusion.bulk.result_files import write_results
from aqfusion.bulk.uploaded_files import UploadedBatch
from aqfusion.model.predictor import Predictor
from aqfusion.ui import heavy_work
from aqfusion.ui.batch import batch_run
from aqfusion.ui.batch.batch_run import BatchRun
from aqfusion.ui.markup import plain, plain_list

_MOST_ERRORS = 10
_DOWNLOADS = (
    (".csv", "CSV", "text/csv"),
    (".jsonl", "JSON Lines", "application/jsonl"),
    (".parquet", "Parquet", "application/vnd.apache.parquet"),
)


@st.fragment
@heavy_work.shown_busy("batch")
def render_batch(model: Predictor, batch: UploadedBatch | None) -> None:
    """Draw the button, then the run, then its results; `model` is at the site of all photos."""
    if batch is None and batch_run.current(None) is None:
        st.caption("There is nothing to predict yet: upload files above, or try the example.")
        return
    trust = st.toggle("Use photos even if they look unsuitable", key="batch_trust")
    setup = BulkSetup("", model.checkpoint.sha256, model.site, None, trust)
    key = None if batch is None else _key(setup, batch)
    run = batch_run.current(key)
    place = st.empty()  # of the button, and then of the progress in its stead
    if batch is not None and key is not None and (run is None or run.can_resume):
        with place.container():
            _start_button(key, batch, run)
    if run is None:
        return
    if batch is not None and not run.is_complete and not run.is_cancelled:
        with place.container():
            _compute(run, model, setup, batch)
        place.empty()
    if run.rows:
        _results(run)


def _key(setup: BulkSetup, batch: UploadedBatch) -> str:
    return "-".join(portion.key for portion in portions(setup, batch.items))


def _start_button(key: str, batch: UploadedBatch, run: BatchRun | None) -> None:
    if run is not None:
        left = len(run.items) - len(run.rows)
        st.button(f"Go on with the {left:d} left", key="batch_resume", on_click=run.resume)
        return
    photos, rows = batch.photos, len(batch.items) - batch.photos
    parts = [_counted(photos, "photo")] * bool(photos) + [_counted(rows, "row")] * bool(rows)
    st.button(
        f"Predict {' and '.join(parts)}",
        key="batch_start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=batch_run.begin,
        args=(key, batch.items),
    )


def _compute(run: BatchRun, model: Predictor, setup: BulkSetup, batch: UploadedBatch) -> None:
    """Work until all is done; a click on this page, or another page, ends it between two turns."""
    total = len(run.items)
    bar = st.progress(0.0, "Begins ...")
    st.button("Cancel", key="batch_cancel", icon=":material/stop:", on_click=run.cancel)
    turn = st.empty()
    while not run.is_complete:
        done = len(run.rows)
        bar.progress(done / total, f"{done:d} of {total:d} done")
        with turn.container(), heavy_work.shown_wait():
            run.step(model, setup, batch)


def _results(run: BatchRun) -> None:
    summary = BulkSummary()
    summary.add(run.rows)
    good = summary.rows - summary.without_prediction
    text = f"{good:d} of {len(run.items):d} have a prediction."
    if not run.is_complete:
        text += f" The run was ended after {len(run.rows):d}."
    if summary.without_prediction:
        listed = [f"{where}: {reason}" for where, reason in summary.errors]
        faults = plain_list(listed[:_MOST_ERRORS], _MOST_ERRORS)
        more = summary.without_prediction - len(listed[:_MOST_ERRORS])
        faults += f"\n- and {more:d} more" if more > 0 else ""
        st.warning(f"{text} Without a prediction:\n{faults}", icon=":material/rule:")
    else:
        st.success(text, icon=":material/check_circle:")
    _table(run)
    with st.container(horizontal=True, key="batch_downloads"):
        for ending, title, mime in _DOWNLOADS:
            st.download_button(
                f"Results as {title}",
                partial(_file, ending, run.rows),
                f"aqfusion-batch{ending}",
                mime,
                key=f"batch_download_{ending[1:]}",
                on_click="ignore",
                icon=":material/download:",
            )
        st.button(
            "Remove the results", key="batch_forget", type="tertiary", on_click=batch_run.forget
        )


def _table(run: BatchRun) -> None:
    rows = run.rows
    columns: dict[str, list[object]] = {}
    if any(run.thumbnails):
        columns["Photo"] = list(run.thumbnails)
    columns |= {
        "AQI": [row["aqi"] for row in rows],
        "90 % interval": [_interval(row) for row in rows],
        "Category": [row["category"] for row in rows],
        "Name": [row["file"] or f"Row in line {row['line']}" for row in rows],
        "Rests on": [", ".join(row["modalities"] or ()) for row in rows],
    }
    if any(row["problem"] or row["error"] for row in rows):
        columns["Problem"] = [row["error"] or row["problem"] for row in rows]
    st.dataframe(
        columns,
        hide_index=True,
        row_height=56 if "Photo" in columns else None,
        column_config={
            "Photo": st.column_config.ImageColumn(width="small"),
            "Name": st.column_config.TextColumn(width="medium"),
            "AQI": st.column_config.NumberColumn(width="small"),
            "Problem": st.column_config.TextColumn(width="large"),
        },
        key="batch_table",
        alt=f"Predictions of {len(rows)} items",
    )


def _interval(row: Row) -> str | None:
    return None if row["aqi"] is None else f"{row['low']} to {row['high']}"


def _file(ending: str, rows: list[Row]) -> bytes:
    stream = BytesIO()
    write_results(ending, [rows], stream)
    return stream.getvalue()


def _counted(count: int, noun: str) -> str:
    return plain(f"{count:,} {noun}{'' if count == 1 else 's'}")
