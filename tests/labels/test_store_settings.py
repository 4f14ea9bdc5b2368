"""Guidelines: who may write them, what they may hold, and that they outlive a backup."""

import pytest

from aqfusion.errors import InputError
from aqfusion.labels.backup import backup, restore
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import RoleError
from tests.planted_labels import NOW, PIN, planted_store


@pytest.fixture
def store(tmp_path):
    store = planted_store(tmp_path, 1)
    yield store
    store.close()


def signed_in(store, name):
    return store.sign_in.by_pin(name, PIN, NOW)


def test_an_admin_writes_them_and_an_empty_text_brings_the_default_back(store):
    ada = signed_in(store, "Ada")
    assert store.settings.guidelines() is None
    for text in ("# One\r\n- two", "# Other\n<b>three</b>"):
        store.settings.set_guidelines(ada, f"  {text} ", NOW)
        assert store.settings.guidelines() == text.replace("\r\n", "\n")
    store.settings.set_guidelines(ada, " \n", NOW)
    assert store.settings.guidelines() is None


@pytest.mark.parametrize("name", ["Vik", "Asha", "Eva"])
def test_nobody_else_may_write_them(store, name):
    with pytest.raises(RoleError, match="admin or above is needed"):
        store.settings.set_guidelines(signed_in(store, name), "x", NOW)
    assert store.settings.guidelines() is None


def test_a_role_that_was_lost_counts_in_the_write(store):
    ada, eva = signed_in(store, "Ada"), signed_in(store, "Eva")
    store.accounts.set_role(ada, eva.id, "admin")
    eva = signed_in(store, "Eva")
    store.accounts.set_role(ada, eva.id, "expert")
    with pytest.raises(RoleError):
        store.settings.set_guidelines(eva, "x", NOW)


@pytest.mark.parametrize(
    ("text", "rule"),
    [("x" * 8001, "at most 8000 characters, got 8001"), ("a\x00b", "no control characters")],
)
def test_what_no_database_keeps_is_refused(store, text, rule):
    with pytest.raises(InputError, match=rule):
        store.settings.set_guidelines(signed_in(store, "Ada"), text, NOW)


def test_they_come_back_from_a_backup(store, tmp_path):
    ada = signed_in(store, "Ada")
    store.settings.set_guidelines(ada, "# Ours", NOW)
    backup(store, ada, tmp_path / "b.zip", NOW)
    other = LabelStore.open(str(tmp_path / "o" / "labels.db"), str(tmp_path / "o" / "photos"))
    restore(other, tmp_path / "b.zip")
    assert other.settings.guidelines() == "# Ours"
    other.close()
