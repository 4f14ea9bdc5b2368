"""Export of the store, in a format of one's choice, as one file to download."""

import zipfile
from pathlib import Path

import streamlit as st

from aqfusion.io.temporary_files import TemporaryFolder
from aqfusion.labels.exports.export import Exported, export
from aqfusion.permissions import Actor
from aqfusion.ui.labels import download, flash, store_session
from aqfusion.ui.labels.download import ReadyFile
from aqfusion.ui.markup import plain_list

PLACE, READY = "labels_export", "labels_export_ready"
_FORMATS = {
    "csv": "Spreadsheet tables: items, and all answers",
    "events": "Event log: every answer and decision, as a table",
    "jsonl": "Everything, with photos, to import into an empty store",
    "training": "Training folder: settled labels, as the train command reads them",
    "label-studio": "Label Studio tasks, with photos",
}
_OUT = {"csv": "labels.csv", "events": "events.csv", "jsonl": "labels.jsonl"}
_MOST_TOLD = 10


def render_export(actor: Actor) -> None:
    """Draw the choice of a format, and the file once it is ready."""
    st.subheader("Export", anchor=False)
    chosen = st.selectbox(
        "Format", list(_FORMATS), format_func=_FORMATS.__getitem__, key="labels_export_format"
    )
    flash.render_flash(PLACE)
    ready = download.kept(READY)
    buttons, report = st.container(horizontal=True), st.container()
    if buttons.button("Prepare the export", key="labels_export", icon=":material/table_view:"):
        download.discard(READY)
        with report:
            ready = _prepared(actor, chosen)
    if ready is not None:
        with buttons:
            name = f"aqfusion-{ready.path.stem}-{store_session.now():%Y-%m-%d}.zip"
            download.offer(READY, actor, ready, name)


def _prepared(actor: Actor, chosen: str) -> ReadyFile | None:
    """Write the export and pack it; an error is shown."""
    ready = ReadyFile(f"{chosen}.zip", "admin" if chosen == "jsonl" else "expert")
    line = st.empty()

    def work(path: Path) -> Exported:
        with st.spinner("Writing ..."), TemporaryFolder() as folder:
            out = folder / _OUT.get(chosen, chosen)
            done = export(store_session.store(), actor, chosen, out, flash.flash_pending(line))
            _pack(folder, path)
        return done

    try:
        done = download.prepared(READY, PLACE, ready, work)
    finally:
        line.empty()
    if done is None:
        return None
    _report(done)
    return ready


def _pack(folder: Path, archive: Path) -> None:
    """Put all that was written into one ZIP; photos are pressed already."""
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                way = zipfile.ZIP_STORED if path.suffix == ".jpg" else zipfile.ZIP_DEFLATED
                packed.write(path, path.relative_to(folder), compress_type=way)


def _report(done: Exported) -> None:
    sentences = list(done.left_out)
    if done.missing:
        sentences.append(f"Photos missing: {len(done.missing):,}")
    if not sentences:
        st.success(f"{done.count:,} entries written.", icon=":material/check_circle:")
        return
    listed = plain_list(sentences, _MOST_TOLD)
    st.warning(f"{done.count:,} entries written. Left out:\n{listed}", icon=":material/warning:")
