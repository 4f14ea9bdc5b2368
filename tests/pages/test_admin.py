"""The Admin page: what it changes, and that nobody else gets at it, by page or by store."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.labels.backup import backup
from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.sign_in_limits import Client
from aqfusion.permissions import Actor, RoleError
from aqfusion.settings import ROOT
from aqfusion.ui.labels import audit_log_view
from aqfusion.ui.labels.store_session import now
from tests.labels.planted import NOW, PIN

SECONDS = 60
EVIL = "<img src=x onerror=alert(1)> [l](http://x.y)"


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


@pytest.fixture
def ben(labels, admin):
    return labels.accounts.add_user(admin, "Ben", PIN, "annotator", NOW)


def opened(actor: Actor) -> AppTest:
    """The page, as this person sees it."""
    page = AppTest.from_file(str(ROOT / "pages" / "admin.py"), default_timeout=SECONDS)
    page.session_state["account_actor"] = actor
    page.run()
    assert not page.exception
    return page


def show(page, part: str) -> AppTest:
    page.segmented_control(key="admin_choice_part").set_value(part).run()
    assert not page.exception
    return page


def press(page, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def choose(page, user: Actor) -> AppTest:
    return page.selectbox(key="admin_user").set_value(user.id).run()


def told(page) -> str:
    """The one thing that is said, without the signs that keep it from being Markdown."""
    (said,) = [*page.success, *page.error]
    return said.value.replace("\\", "").replace("\u2060", "")


def role_of(labels, admin, user) -> str:
    return next(one.role for one in labels.accounts.users(admin) if one.id == user.id)


def actions(labels, actor: Actor, victim: Actor, path: Path) -> list[Callable[[], object]]:
    """All that an admin may do, tried by this person."""
    accounts = labels.accounts
    return [
        lambda: accounts.users(actor),
        lambda: accounts.add_user(actor, "Cem", PIN, "visitor", NOW),
        lambda: accounts.set_role(actor, actor.id, "admin"),
        lambda: accounts.set_disabled(actor, victim.id, True),
        lambda: accounts.reset_pin(actor, victim.id, "9999"),
        lambda: labels.invites.make(actor, "admin", NOW),
        lambda: labels.invites.unused(actor, NOW),
        lambda: labels.invites.take_back(actor, 1),
        lambda: backup(labels, actor, path, NOW),
        lambda: labels.sweep_photos(actor, NOW),
        lambda: labels.rebuild(actor),
    ]


@pytest.mark.parametrize("role", ["visitor", "annotator", "expert"])
def test_nobody_below_opens_the_page_or_does_what_it_does(labels, admin, role, tmp_path):
    other = labels.accounts.add_user(admin, "Ben", PIN, role, NOW)
    for actor in (other, Actor(other.id, other.name, "admin")):  # and whoever claims to be more
        page = opened(actor)
        assert page.info[0].value.startswith("This page is for admins. You are signed in as Ben")
        assert [widget.key for widget in page.button] == ["account_out"]
        assert not page.dataframe
        for action in actions(labels, actor, admin, tmp_path / "b.zip"):
            with pytest.raises(RoleError, match="admin or above is needed"):
                action()
    assert [user.name for user in labels.accounts.users(admin)] == ["Ada", "Ben"]
    assert not (tmp_path / "b.zip").exists()


def test_a_visitor_without_account_is_asked_in(labels, admin):
    page = AppTest.from_file(str(ROOT / "pages" / "admin.py"), default_timeout=SECONDS).run()
    assert not page.exception
    assert [box.key for box in page.selectbox] == ["account_name"]
    assert not page.dataframe


def test_a_role_lost_holds_at_the_very_next_click(labels, admin, ben):
    labels.accounts.set_role(admin, ben.id, "admin")
    page = choose(opened(ben), admin)
    labels.accounts.set_role(admin, ben.id, "annotator")
    press(page, "Disable")
    assert page.info[0].value.startswith("This page is for admins")
    assert [user.disabled for user in labels.accounts.users(admin)] == [False, False]


def test_the_list_tells_each_account(labels, admin, ben):
    labels.accounts.set_disabled(admin, ben.id, True)
    labels.sign_in.by_oidc("https://id.example", "17", "Olga", "visitor", NOW)
    rows = opened(admin).dataframe[0].value.drop(columns="Created").to_numpy().tolist()
    assert rows == [
        ["Ada", "admin", "PIN", "enabled"],
        ["Ben", "annotator", "PIN", "disabled"],
        ["Olga", "visitor", "https://id.example", "enabled"],
    ]


def test_an_account_is_added_and_its_name_is_text(labels, admin):
    page = opened(admin)
    page.text_input(key="admin_add_name").set_value(EVIL)
    page.text_input(key="admin_add_pin").set_value("4711")
    press(page, "Add")
    assert told(page) == f"{EVIL} now has an account."
    assert "[l](" not in page.success[0].value
    assert "://" not in page.success[0].value
    assert labels.sign_in.by_pin(EVIL, "4711", NOW).role == "annotator"
    assert page.text_input(key="admin_add_pin").value == ""
    page.text_input(key="admin_add_name").set_value(EVIL.upper())
    page.text_input(key="admin_add_pin").set_value("4711")
    press(page, "Add")
    assert told(page).startswith("The name ")


def test_a_role_is_given_and_the_last_admin_keeps_theirs(labels, admin, ben):
    page = choose(opened(admin), ben)
    page.selectbox(key=f"admin_role_{ben.id}").set_value("expert").run()
    assert (told(page), role_of(labels, admin, ben)) == ("Ben now has the role expert.", "expert")
    choose(page, admin)
    page.selectbox(key=f"admin_role_{admin.id}").set_value("visitor").run()
    assert told(page) == "This is the last enabled admin. Make another account an admin first."
    assert page.selectbox(key=f"admin_role_{admin.id}").value == "admin"
    assert role_of(labels, admin, admin) == "admin"


def test_a_person_is_locked_out_and_let_in_again(labels, admin, ben):
    page = press(choose(opened(admin), ben), "Disable")
    assert told(page) == "Ben is now disabled."
    assert labels.sign_in.names() == ("Ada",)
    assert told(press(page, "Enable")) == "Ben is now enabled."
    assert labels.sign_in.names() == ("Ada", "Ben")


def test_another_pin_opens_and_the_old_one_does_not(labels, admin, ben):
    page = choose(opened(admin), ben)
    page.text_input(key=f"admin_pin_{ben.id}").set_value("abc")
    press(page, "Set the PIN")
    assert told(page) == "PIN must have 4 to 256 characters, got 3."
    page.text_input(key=f"admin_pin_{ben.id}").set_value("abcd")
    press(page, "Set the PIN")
    assert labels.sign_in.by_pin("Ben", "abcd", NOW) == ben
    with pytest.raises(SignInError):
        labels.sign_in.by_pin("Ben", PIN, NOW)


def test_a_name_under_attack_is_unlocked_by_a_click(labels, admin, ben):
    for number in range(21):
        with pytest.raises(SignInError):
            labels.sign_in.by_pin("Ben", "9999", now(), Client(f"192.0.2.{number}"))
    page = choose(opened(admin), ben)
    assert page.dataframe[0].value["Status"][1].startswith("enabled; new browsers wait until ")
    assert told(press(page, "Unlock")) == "Ben need not wait any more."
    assert labels.sign_in.by_pin("Ben", PIN, now()) == ben
    assert "Unlock" not in [button.label for button in page.button]


def test_an_account_of_a_role_that_there_is_not_is_listed_and_can_be_disabled(labels, admin, ben):
    def write(connection):
        connection.exec_driver_sql("DROP TRIGGER users_role_UPDATE")
        connection.exec_driver_sql("UPDATE users SET role = 'operator' WHERE name = 'Ben'")

    labels.database.write(write)
    page = choose(opened(admin), ben)
    assert [*page.dataframe[0].value["Role"]] == ["admin", "operator"]
    assert told(press(page, "Disable")) == "Ben is now disabled."
    page.selectbox(key=f"admin_role_{ben.id}").set_value("visitor").run()
    assert (told(page), labels.verify()) == ("Ben now has the role visitor.", ())


def test_the_audit_log_is_read_by_person_and_kind_and_exported_as_text(labels, admin, ben):
    evil = labels.accounts.add_user(admin, "=cmd|' /C calc'!A0", PIN, "visitor", NOW)
    labels.accounts.set_disabled(admin, evil.id, True, NOW)
    page = show(opened(admin), "Audit log")
    table = page.dataframe[0].value
    assert [*table["Event"]] == ["disabled", "account made", "account made", "first admin"]
    assert [*table["Account"]][:3] == [evil.name, evil.name, "Ben"]
    page.selectbox(key="admin_log_kind").set_value("account made").run()
    page.selectbox(key="admin_log_user").set_value(ben.id).run()
    table = page.dataframe[0].value
    assert table.drop(columns="Time (UTC)").to_numpy().tolist() == [
        ["account made", "Ben", "Ada", "annotator", 1]
    ]
    page.selectbox(key="admin_log_kind").set_value("unlocked").run()
    assert page.info[0].value == "No such event has been recorded."
    lines = audit_log_view._csv(labels.audit_log.events(admin)).split("\r\n")
    assert lines[1].startswith("2026-11-02 09:00:00,disabled,'=cmd|' /C calc'!A0,Ada,")


def test_the_audit_log_has_pages(labels, admin, ben):
    for number in range(70):
        labels.accounts.set_role(admin, ben.id, ("visitor", "expert")[number % 2], NOW)
    page = show(opened(admin), "Audit log")
    assert len(page.dataframe[0].value) == 50
    page.number_input(key="admin_log_page").set_value(2).run()
    assert [*page.dataframe[0].value["Event"]][-2:] == ["account made", "first admin"]
    assert len(page.dataframe[0].value) == 22


def test_an_invitation_is_a_link_to_the_label_page_that_works_once(labels, admin):
    page = opened(admin)
    page.context["url"] = "https://host.example/base/admin"
    page.selectbox(key="admin_invite_role").set_value("expert")
    page.selectbox(key="admin_invite_days").set_value(1)
    press(page, "Create a link")
    base, _, token = page.code[0].value.partition("?invite=")
    assert base.endswith("/label")
    assert any("role expert, until" in caption.value for caption in page.caption)
    again = press(page, "Create a link").code[0].value
    assert not again.endswith(token)
    day = timedelta(days=1, minutes=1)
    with pytest.raises(SignInError, match="expired"):
        labels.sign_in.by_invite(again.partition("=")[2], "Eva", PIN, now() + day)
    assert labels.sign_in.by_invite(token, "Eva", PIN, now()).role == "expert"


def test_an_admin_edits_the_guidelines_and_may_go_back_to_the_default(labels, admin):
    page = show(opened(admin), "Settings")
    field = page.text_area(key="admin_guidelines_text")
    assert field.value.startswith("# What is asked")
    field.set_value("# Ours").run()
    press(page, "Save the guidelines")
    assert told(page) == "The guidelines are saved."
    assert labels.settings.guidelines() == "# Ours"
    assert page.text_area(key="admin_guidelines_text").value == "# Ours"
    press(page, "Restore the default text")
    assert labels.settings.guidelines() is None
    assert page.text_area(key="admin_guidelines_text").value.startswith("# What is asked")
