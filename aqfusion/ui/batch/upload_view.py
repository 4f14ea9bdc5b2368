"""What a visitor gives to the Batch page: photos, a ZIP, a table, or the example."""

from functools import partial

import streamlit as st

from aqfusion.bulk.uploaded_files import UploadedBatch, UploadedFile, list_files
from aqfusion.errors import InputError
from aqfusion.fair_queue import HEAVY
from aqfusion.model.predictor import Predictor
from aqfusion.settings import ASSETS, load_server_settings, load_settings
from aqfusion.synthetic_scenes.catalog import scenes
from aqfusion.ui import heavy_work, photo_input
from aqfusion.ui.markup import plain_list, show_error
from aqfusion.ui.sites import site_choice

_KEY, EXAMPLE = "batch_upload", "batch_example"
_MOST_NOTES = 8
_EXAMPLE_READINGS = {"haze": 62, "severe-smog": 310}  # µg/m³ of PM2.5
_HELP = (
    "**Photos**: JPEG, PNG, WebP, HEIC or AVIF, at most 25 MB each; one by one, or in a ZIP of at "
    "most 50 MB.\n\n"
    "**A table** (CSV or .xlsx), with photos or without: one row is one prediction. Its columns "
    "are `photo` with the file's name, `pm25`, `pm10`, `o3`, `co`, `so2`, `no2` and `time`; each "
    "may be absent. Readings are in µg/m³, CO in mg/m³; another unit is stated in the title, as in "
    "`o3 (ppb)`.\n\n"
    "For more photos use the terminal: "
    "`python -m aqfusion predict --folder FOLDER --out results.csv`"
)


def choose(model: Predictor) -> UploadedBatch | None:
    """Draw the choice; what was given, or `None` while there is nothing that can be used."""
    most = load_settings().batch_photos
    together = load_server_settings().uploads_mb // 2  # what the server lets one address hold
    files = st.file_uploader(
        f"Up to {most:d} photos of the sky and the horizon, by day; a ZIP of them; a table of "
        f"readings. Together at most {together:d} MB",
        type=None,  # what is no photo is listed with its reason
        accept_multiple_files=True,
        max_upload_size=photo_input.LARGEST_UPLOAD_MB,
        key=_KEY,
        on_change=_forget_example,
    )
    with st.container(horizontal=True, vertical_alignment="center", key="batch_help"):
        if not files and not st.session_state.get(EXAMPLE):
            st.button(
                "Try an example",
                key="batch_try",
                icon=":material/photo_library:",
                on_click=_take_example,
            )
        st.caption(
            "Nothing is stored: the photos are gone once you leave this page, the results once "
            "you close it."
        )
    with st.expander("What the files must look like", key="batch_form"):
        st.markdown(_HELP)
    site_choice.choose(model, "Where were these taken?")
    given = [UploadedFile(file.name, file.getvalue) for file in files]
    if not given and st.session_state.get(EXAMPLE):
        given = _example()
    if not given:
        return None
    site = site_choice.current(model)
    local = site.zone if site else None
    try:
        with heavy_work.shown_wait():
            batch = HEAVY.run(lambda: list_files(given, most, local))
    except InputError as error:
        show_error(error, icon=":material/broken_image:")
        return None
    if batch.notes:
        st.info(plain_list(batch.notes, _MOST_NOTES), icon=":material/info:")
    return batch


def _example() -> list[UploadedFile]:
    """The rendered scenes, and a table with readings of two of them."""
    rendered = scenes()
    files = [
        UploadedFile(scene.file, partial((ASSETS / "scenes" / scene.file).read_bytes))
        for scene in rendered
    ]
    rows = "".join(
        f"{scene.file},{_EXAMPLE_READINGS[scene.id]}\n"
        for scene in rendered
        if scene.id in _EXAMPLE_READINGS
    )
    table = f"photo,pm25 (µg/m³)\n{rows}".encode()
    return [*files, UploadedFile("readings.csv", lambda: table)]


def _take_example() -> None:
    st.session_state[EXAMPLE] = True


def _forget_example() -> None:
    st.session_state.pop(EXAMPLE, None)
