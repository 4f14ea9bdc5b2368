"""The Admin page says how the last scheduled backup is, and warns where it is old or failed."""

from datetime import timedelta

import pytest

from aqfusion.labels.scheduled_backups import STATE, make_scheduled
from aqfusion.ui.labels.store_session import now
from tests.labels.planted import NOW, PIN
from tests.pages.test_admin import opened, show


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


def shown(admin) -> dict[str, list[str]]:
    page = show(opened(admin), "Store")
    assert not page.exception
    kinds = ("success", "info", "warning", "error", "caption")
    return {kind: [element.value for element in getattr(page, kind)] for kind in kinds}


def test_none_a_good_one_an_old_one_and_a_failed_one(labels, labels_home, admin):
    folder = labels_home / "backups"
    page = shown(admin)
    assert page["info"] == ["No scheduled backup has been made yet."]
    assert any("Set AQFUSION\\_BACKUP\\_DAILY" in text or "AQFUSION_BACKUP_DAILY" in text
               for text in page["caption"])  # fmt: skip

    make_scheduled(labels, admin, folder, 7, now() - timedelta(hours=5))
    page = shown(admin)
    (text,) = page["success"]
    assert text.startswith("Last good backup: 5 hours ago (")
    assert "verified by a restore. Items: 0. Events: 0. Photos: 0." in text
    assert any("Good backups kept there: 1." in text for text in page["caption"])

    (folder / STATE).unlink()
    make_scheduled(labels, admin, folder, 7, now() - timedelta(days=3))
    (text,) = shown(admin)["warning"]
    assert text.startswith("Last good backup: 3 days ago")
    assert "It is older than two days" in text

    state = (folder / STATE).read_text(encoding="utf-8")
    reason = f'{{"at": "{now().isoformat()}", "reason": "The disk is full."}}'
    (folder / STATE).write_text(state.replace('"failed": null', f'"failed": {reason}'))
    (text,) = shown(admin)["error"]
    assert text == "The last try failed just now: The disk is full."


def test_a_damaged_state_is_as_none(labels_home, labels, admin):
    (labels_home / "backups").mkdir()
    (labels_home / "backups" / STATE).write_bytes(b"\xff{")
    assert shown(admin)["info"] == ["No scheduled backup has been made yet."]
