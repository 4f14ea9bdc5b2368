"""The Admin page's care of the store: figures, check, backup there and back, settings."""

import sqlite3
from datetime import timedelta

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.backup import backup
from aqfusion.labels.contributions import Contribution
from aqfusion.labels.database import Database, database_url
from aqfusion.labels.item import STATUSES
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.labels.store import LabelStore
from aqfusion.settings import ROOT
from aqfusion.ui.labels import sign_in_form, store_view
from aqfusion.ui.labels.download import DownloadError
from aqfusion.ui.labels.store_session import now
from tests.labels.planted import NOW, PIN, add, say
from tests.pages.test_admin import SECONDS, opened, press, show, told

SKY = Photo.from_image(Image.new("RGB", (64, 48), "skyblue"))


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


@pytest.fixture
def ben(labels, admin):
    return labels.accounts.add_user(admin, "Ben", PIN, "annotator", NOW)


def test_every_status_has_its_number_and_its_words(labels, admin, ben):
    item = add(labels, admin, 1)
    add(labels, admin, 2)
    say(labels, ben, item, 3)
    counts = labels.overview.counts()
    assert tuple(counts) == STATUSES == tuple(store_view.SAYS)
    page = show(opened(admin), "Store")
    (table,) = [e.proto.body for e in page.get("html") if "<table" in e.proto.body]
    assert '<th scope="row" class="aq-left">open</th><td>1</td>' in table
    assert '<th scope="row" class="aq-left">answered</th><td>1</td>' in table
    assert "<strong>2</strong>" in table


def test_the_check_says_whether_what_is_shown_is_the_sum_of_events(labels, labels_home, admin, ben):
    say(labels, ben, add(labels, admin, 1), 3)
    page = show(opened(admin), "Store")
    assert told(press(page, "Check the store")) == "The current state follows from the event log."
    with sqlite3.connect(labels_home / "labels" / "labels.db") as tampered:
        tampered.execute("UPDATE items SET status = 'conflict'")
    press(page, "Check the store")
    assert "item 1 must have status answered, got conflict" in told(page)


def test_a_backup_is_taken_once_and_leaves_no_file(labels, admin, ben, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    offered(labels)
    page = press(show(opened(admin), "Store"), "Prepare a backup")
    assert told(page) == "Items: 1. Events: 0. Photos: 1."
    ready = page.session_state["admin_backup_ready"]
    with pytest.raises(DownloadError, match="no longer has the role admin"):
        ready.take(ben)
    archive = tmp_path / "taken.zip"
    archive.write_bytes(ready.take(admin))
    assert list((tmp_path / "temporary").iterdir()) == []
    with pytest.raises(DownloadError, match="downloaded already"):
        ready.take(admin)
    page.run()
    assert "admin_backup_ready_discard" not in [button.key for button in page.button]


def test_a_backup_that_nobody_takes_goes_when_it_is_discarded(labels, admin, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    page = press(show(opened(admin), "Store"), "Prepare a backup")
    press(page, "Prepare a backup")
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    press(page, "Discard")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_backup_too_large_to_hold_in_memory_is_told(labels, admin, monkeypatch):
    monkeypatch.setattr("aqfusion.ui.labels.download.MOST_BYTES", 100)
    page = press(show(opened(admin), "Store"), "Prepare a backup")
    assert "in the terminal" in told(page)
    assert "admin_backup_ready" not in page.session_state


def test_a_refused_photo_is_deleted_when_an_admin_clears_up(labels, admin, monkeypatch):
    item = offered(labels)
    digest = labels.review.view(admin, item).item.task.photo_hash
    labels.review.moderate(admin, item, False, "a face", "refuse-1", now())
    page = show(opened(admin), "Store")
    monkeypatch.setattr("aqfusion.ui.labels.store_session.now", lambda: now() + timedelta(days=1))
    assert told(press(page, "Delete photos that no item uses")) == "1 photo deleted."
    assert not labels.photos.exists(digest)


def offered(labels: LabelStore) -> int:
    return labels.offers.offer("session", Contribution(SKY, Reading(pm25=40), "text-1"), now())


def bring_back(content: bytes | None, code: str | None = None) -> AppTest:
    """The first card of an empty store, with a backup put into it."""
    page = AppTest.from_file(str(ROOT / "pages" / "admin.py"), default_timeout=SECONDS).run()
    page.text_input(key="account_backup_code").set_value(code or sign_in_form._code())
    if content is not None:
        page.file_uploader(key="account_backup_file").upload("b.zip", content, "application/zip")
    return press(page, "Restore the backup")


@pytest.fixture
def archive(tmp_path) -> bytes:
    """A backup of a store with an admin and an offer."""
    store = LabelStore.open(str(tmp_path / "other.db"), str(tmp_path / "other"))
    offered(store)
    backup(store, store.accounts.first_admin("Ida", PIN, NOW), tmp_path / "b.zip", NOW)
    store.close()
    return (tmp_path / "b.zip").read_bytes()


def test_a_backup_comes_back_with_the_code_of_the_log(labels, archive):
    page = bring_back(archive)
    assert (
        told(page)
        == "The backup is restored (items: 1, photos: 1). Sign in with your PIN from that store."
    )
    assert labels.sign_in.by_pin("Ida", PIN, NOW).role == "admin"
    assert labels.overview.counts()["pending"] == 1


def test_without_the_code_nothing_comes_back(labels, archive):
    assert (
        told(bring_back(archive, "0"))
        == "This is not the code from the terminal. Check it and try again."
    )
    assert labels.sign_in.is_unclaimed()


@pytest.mark.parametrize("content", [None, b"", b"PK no archive"])
def test_a_damaged_backup_is_told(labels, content):
    assert told(bring_back(content)).startswith(("Backup", "No file was chosen"))
    assert labels.sign_in.is_unclaimed()


def test_a_store_with_something_in_it_takes_no_backup(labels, archive):
    offered(labels)
    assert "the label store is not empty" in told(bring_back(archive)).lower()
    assert labels.sign_in.is_unclaimed()


def test_settings_are_shown_without_passwords():
    where = database_url("postgresql://me:5ecret@host/labels")
    store = LabelStore(Database(where), PhotoStore("sftp://me:5ecret@host/<b>photos"))
    table = store_view.settings_table(store, ("google",))
    assert "postgresql+psycopg://host/labels" in table
    assert "sftp://host/&lt;b&gt;photos" in table
    assert "PIN, OpenID Connect (google)" in table
    assert "5 an hour" in table
    assert "5ecret" not in table


def test_the_settings_part_opens(admin):
    page = show(opened(admin), "Settings")
    assert any("labels.db" in element.proto.body for element in page.get("html"))
