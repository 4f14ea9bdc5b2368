"""A backup of more than 60 MB comes back through the page, over the real upload address."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aqfusion.images.photo import Photo
from aqfusion.labels.backup import backup
from aqfusion.labels.store import LabelStore
from tests.browser.conftest import serve
from tests.labels.planted import NOW, PIN, add

_LEAST = 60_000_000  # bytes; Streamlit's limit for all uploaders was 50 MB


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """The backup of a store with photos of noise, which no coding makes small."""
    home, generator = tmp_path_factory.mktemp("large"), np.random.default_rng(16)
    store = LabelStore.open(str(home / "labels.db"), str(home / "photos"))
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    size = number = 0
    while size < _LEAST:
        noise = generator.integers(0, 256, (768, 1024, 3), dtype=np.uint8)
        digest = store.photos.put(Photo.from_image(Image.fromarray(noise)))
        size += len(store.photos.get(digest))
        number += 1
        add(store, admin, number, photo_hash=digest)
    backup(store, admin, home / "backup.zip", NOW)
    store.close()
    return home / "backup.zip"


@pytest.mark.long
def test_a_backup_larger_than_any_other_upload_comes_back(chromium, large, tmp_path):
    assert large.stat().st_size > _LEAST
    with serve(tmp_path, "-m", "streamlit") as address:
        page = chromium.new_page()
        page.goto(f"{address}/admin")
        page.get_by_text("Restore a backup instead").click(timeout=60_000)
        page.get_by_label("Code from the terminal").nth(1).fill(code(tmp_path / "server.log"))
        page.locator("input[type=file]").set_input_files(large)
        page.get_by_text("backup.zip").wait_for(timeout=60_000)
        page.get_by_role("button", name="Restore the backup").click()
        page.get_by_text("The backup is restored (items:").wait_for(timeout=120_000)
        page.close()
    store = LabelStore.open(
        str(tmp_path / "labels" / "labels.db"), str(tmp_path / "labels" / "photos")
    )
    assert (store.sign_in.by_pin("Ada", PIN, NOW).role, store.verify()) == ("admin", ())
    store.close()


def code(log: Path) -> str:
    for _ in range(100):
        match = re.search(r"first admin: (\w+)", log.read_text(encoding="utf-8"))
        if match:
            return match[1]
        time.sleep(0.1)
    raise AssertionError("no code in the log")
