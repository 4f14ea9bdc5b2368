"""The Batch page in a real browser: files come up, a run is cancelled, results come down."""

import io
import zipfile

import pytest

from aqfusion.settings import ASSETS

pytestmark = pytest.mark.browser
START, CANCEL = ".st-key-batch_start button", ".st-key-batch_cancel button"
RESULTS = ".st-key-card_batch_results"


def packed(*names: str) -> tuple[str, str, bytes]:
    """A ZIP of one scene under many names."""
    scene, stream = (ASSETS / "scenes" / "haze.jpg").read_bytes(), io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, scene)
    return "photos.zip", "application/zip", stream.getvalue()


def send(visitor, *files):
    payload = [{"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files]
    visitor.page.locator(".st-key-batch_upload input[type=file]").set_input_files(payload)
    visitor.page.wait_for_selector(START)
    visitor.settle()


def test_a_zip_and_a_bad_file_become_a_table_to_download(visitor):
    visitor.open("/batch", ".st-key-batch_try")
    send(visitor, packed("day/a.jpg"), ("=b.jpg", "image/jpeg", b"no photo"))
    visitor.page.click(START)
    visitor.page.wait_for_selector(f"{RESULTS} [data-testid=stDataFrame]")
    visitor.settle()
    assert "1 of 2 have a prediction." in visitor.page.locator(RESULTS).inner_text()
    with visitor.page.expect_download() as download:
        visitor.page.click(".st-key-batch_download_csv button")
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["file", "'=b.jpg", "day/a.jpg"]
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visitor.refused == []


def test_cancel_ends_a_run_and_keeps_what_is_done(visitor):
    visitor.open("/batch", ".st-key-batch_try")
    send(visitor, packed(*(f"{number}.jpg" for number in range(200))))
    visitor.page.click(START)
    visitor.page.wait_for_function("document.body.innerText.includes(' of 200 done')")
    visitor.page.click(CANCEL)
    visitor.page.wait_for_selector(".st-key-batch_resume")
    visitor.settle()
    assert "The run was ended after" in visitor.page.locator(RESULTS).inner_text()
    assert visitor.page.locator(CANCEL).count() == 0
