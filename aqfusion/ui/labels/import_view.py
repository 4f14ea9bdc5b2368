"""Photos from the admin's own machine, with a table that tells of them or without."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from aqfusion.csv_table.errors import fault_report
from aqfusion.errors import InputError
from aqfusion.io.temporary_files import TemporaryFolder
from aqfusion.labels.imports.item_import import Imported, SourceError, Terms, import_items
from aqfusion.labels.imports.photo_sources import Upload, list_uploads
from aqfusion.permissions import Actor
from aqfusion.ui import photo_input
from aqfusion.ui.labels import flash, scoring_view, store_session
from aqfusion.ui.markup import plain_list, public_text

PLACE = "admin_import"
_DONE, _ROUND = "admin_import_done", "admin_import_round"
_MOST_FILES = 1000
_MOST_TOLD = 10


def render_import(actor: Actor) -> None:
    """Draw the form, and what came of the last import."""
    st.subheader("Import", anchor=False)
    st.markdown(
        "Upload photos to be labelled and, if you have one, a CSV file that describes them. Its "
        "columns are `photo` with the file names, then `pm25` and the other readings, `place`, "
        "`time`, `aqi` for a label that may be wrong, and `gold` for a known AQI (a gold item). "
        "Import whole folders and exports in the terminal: "
        "`python -m aqfusion labels import FOLDER_OR_FILE`."
    )
    state = st.session_state
    # A key of its own for each import: otherwise the files would stay, and come in again.
    with st.form("admin_import_form", border=False, enter_to_submit=False):
        files = st.file_uploader(
            "Photos, and at most one CSV file",
            type=None,  # what is no photo is listed with its reason
            accept_multiple_files=True,
            max_upload_size=photo_input.LARGEST_UPLOAD_MB,
            key=f"admin_import_files_{state.setdefault(_ROUND, 0)}",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            overlap = st.number_input(
                "Answers per item", 1, 20, 1, key="admin_import_overlap", width=200
            )
            licence = st.text_input(
                "Licence, if the table names none", key="admin_import_licence", width=320
            )
        frozen = st.toggle(
            "Keep them for testing: no training uses them", key="admin_import_frozen"
        )
        sent = st.form_submit_button("Import the photos", type="primary", icon=":material/upload:")
    if sent:
        split = "frozen" if frozen else "train"
        _bring_in(actor, files, int(overlap), split, licence.strip() or None)
    flash.render_flash(PLACE)
    done = state.get(_DONE)
    if done is not None:
        _report(done)
    scoring_view.render_scoring(actor)


def _bring_in(
    actor: Actor, files: Sequence[Any], overlap: int, split: str, licence: str | None
) -> None:
    st.session_state.pop(_DONE, None)
    line = st.empty()
    try:
        if len(files) > _MOST_FILES:
            rule = f"import must have at most {_MOST_FILES} files in the browser"
            raise SourceError(f"{rule}, got {len(files)}. Import more in the terminal")
        with st.spinner("Reading the photos ..."), TemporaryFolder() as folder:
            uploads = [_kept(folder, n, file) for n, file in enumerate(files)]
            listing, terms = (
                list_uploads(uploads, store_session.now()),
                Terms(overlap, split, licence),
            )
            done = import_items(
                store_session.store(),
                actor,
                listing,
                terms,
                store_session.now(),
                flash.flash_pending(line),
            )
    except InputError as error:
        flash.set_flash(PLACE, public_text(error), good=False)
        return
    finally:
        line.empty()
    st.session_state[_DONE] = done
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    if done.new:
        scoring_view.after_import(actor)
    st.rerun()


def _kept(folder: Path, number: int, file: Any) -> Upload:
    """Write an upload to disk; the client's name is part of no path."""
    path = folder / str(number)
    path.write_bytes(file.getbuffer())
    return Upload(file.name, path)


def _report(done: Imported) -> None:
    text = f"New items: {done.new:,}. Already in the store: {done.known:,}."
    if done.duplicates:
        text += f" Near-duplicates, which nobody is asked about: {done.duplicates:,}."
    if done.notes:
        st.info(plain_list(done.notes, _MOST_TOLD), icon=":material/info:")
    if not done.faults:
        st.success(text, icon=":material/check_circle:")
        return
    listed = plain_list(done.faults, _MOST_TOLD)
    if done.lost:
        text += f" Photos or rows not imported: {done.lost:,}."
    if done.cells_left_out:
        text += f" Cells left out of imported rows: {done.cells_left_out:,}."
    st.warning(f"{text}\n{listed}", icon=":material/warning:")
    st.download_button(
        "All faults as CSV",
        fault_report(done.faults),
        "aqfusion-import-faults.csv",
        "text/csv",
        key="admin_import_faults",
        on_click="ignore",
    )
