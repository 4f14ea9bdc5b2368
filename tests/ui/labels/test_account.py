"""Who gets in, by which way, and how long that holds."""

import logging
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.labels.database import StoreError
from aqfusion.labels.sign_in import SignIn
from aqfusion.ui.labels import sign_in_form
from tests.labels.planted import NOW, PIN

SECONDS = 60


def gate() -> None:
    """A page for annotators."""
    import streamlit as st

    from aqfusion.ui.labels import account

    st.title(f"inside: {account.require('annotator').role}")


@pytest.fixture
def clock(monkeypatch):
    """What pages take for now; a test moves it on."""
    times = [NOW]
    monkeypatch.setattr("aqfusion.ui.labels.store_session.now", lambda: times[-1])
    return times


@pytest.fixture
def page(labels_home, clock) -> AppTest:
    return AppTest.from_function(gate, default_timeout=SECONDS)


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


def inside(page) -> bool:
    assert not page.exception
    return bool(page.title)


def submit(page, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def sign_in(page, name: str, pin: str = PIN) -> AppTest:
    page.selectbox(key="account_name").set_value(name)
    page.text_input(key="account_pin").set_value(pin)
    return submit(page, "Sign in")


def join(page, name: str, pin: str = PIN) -> AppTest:
    page.text_input(key="account_new_name").set_value(name)
    page.text_input(key="account_new_pin").set_value(pin)
    return submit(page, "Join")


def error_of(page) -> str:
    (error,) = page.error
    return error.value.replace("\\", "")


def code_of(caplog) -> str:
    (line,) = [
        r.getMessage() for r in caplog.records if "Code for the first admin" in r.getMessage()
    ]
    return line.rpartition(" ")[2]


def make_first(page, code: str) -> AppTest:
    page.text_input(key="account_code").set_value(code)
    page.text_input(key="account_new_name").set_value("Ada")
    page.text_input(key="account_new_pin").set_value(PIN)
    return submit(page, "Create the account")


def test_the_first_admin_needs_the_code_that_only_the_log_tells(page, labels, caplog):
    with caplog.at_level(logging.WARNING):
        page.run()
        assert code_of(caplog) not in str(page.main)
        make_first(page, "00000000")
        assert error_of(page) == "This is not the code from the terminal. Check it and try again."
        assert not inside(page)
        assert labels.sign_in.names() == ()
        assert inside(make_first(page, f" {code_of(caplog)} "))
    assert page.title[0].value == "inside: admin"
    assert labels.sign_in.names() == ("Ada",)


def test_the_code_is_tried_ten_times_at_once_by_an_address(page, labels, caplog, monkeypatch):
    with caplog.at_level(logging.WARNING):
        page.run()
    code = code_of(caplog)
    assert len(code) == 16
    for _ in range(10):
        make_first(page, code[:-1] + "x")
        assert error_of(page) == "This is not the code from the terminal. Check it and try again."
    make_first(page, code)
    assert error_of(page) == "Too many codes were tried from your network. Wait 30 s and try again."
    assert labels.sign_in.is_unclaimed()
    monkeypatch.setattr(sign_in_form, "client_address", lambda: "192.0.2.7")
    assert inside(make_first(page, code))  # which keeps nobody else out


def test_once_there_is_an_admin_the_code_opens_nothing(page, labels, caplog, admin):
    assert "account_code" not in [field.key for field in page.run().text_input]
    assert not any("Code for" in record.getMessage() for record in caplog.records)


def test_a_card_that_was_open_too_long_makes_no_second_admin(page, labels, caplog):
    with caplog.at_level(logging.WARNING):
        page.run()
    labels.accounts.first_admin("Eve", PIN, NOW)
    make_first(page, code_of(caplog))
    assert not inside(page)
    assert labels.sign_in.names() == ("Eve",)


def test_name_and_pin_open_and_the_pin_does_not_stay(page, admin):
    assert inside(sign_in(page.run(), "Ada"))
    assert PIN not in [
        page.session_state[key]
        for key in ("account_pin", "account_name", "account_actor")
        if key in page.session_state
    ]


def test_five_wrong_pins_make_even_the_right_one_wait(page, admin, clock):
    page.run()
    for _ in range(5):
        sign_in(page, "Ada", "9999")
        assert error_of(page) == "Name and PIN do not match. Try again."
        assert page.text_input(key="account_pin").value == ""
    sign_in(page, "Ada")
    assert error_of(page) == "There were 5 wrong PINs. Wait 31 s and try again."
    clock.append(NOW + timedelta(seconds=31))
    assert inside(sign_in(page, "Ada"))


def test_an_invitation_makes_one_account_of_its_role(page, labels, admin):
    token = labels.invites.make(admin, "annotator", NOW)
    page.query_params["invite"] = token
    join(page.run(), "Ben")
    assert page.title[0].value == "inside: annotator"
    assert "invite" not in page.query_params
    second = AppTest.from_function(gate, default_timeout=SECONDS)
    second.query_params["invite"] = token
    join(second.run(), "Cem")
    assert "invitation is used, expired or unknown" in error_of(second).lower()
    assert labels.sign_in.names() == ("Ada", "Ben")


def test_an_expired_invitation_is_refused(page, labels, admin, clock):
    page.query_params["invite"] = labels.invites.make(admin, "expert", NOW)
    clock.append(NOW + timedelta(days=7))
    join(page.run(), "Ben")
    assert not inside(page)
    assert labels.sign_in.names() == ("Ada",)


def test_whoever_has_an_account_gets_past_an_invitation(page, labels, admin):
    page.query_params["invite"] = labels.invites.make(admin, "expert", NOW)
    page.run().button(key="account_known").click().run()
    assert inside(sign_in(page, "Ada"))


def test_a_role_below_is_told_and_sees_nothing(page, labels, admin):
    labels.accounts.add_user(admin, "[V](http://x.y)", PIN, "visitor", NOW)
    sign_in(page.run(), "[V](http://x.y)")
    assert not inside(page)
    assert page.info[0].value.startswith("This page is for annotators and above. You are signed in")
    assert "[V](http" not in page.info[0].value


def test_a_role_lost_or_an_account_locked_out_ends_it_at_the_next_run(page, labels, admin):
    ben = labels.accounts.add_user(admin, "Ben", PIN, "annotator", NOW)
    assert inside(sign_in(page.run(), "Ben"))
    labels.accounts.set_role(admin, ben.id, "visitor")
    assert not inside(page.run())
    assert error_of(page) == "You are no longer signed in here. Sign in again."
    labels.accounts.set_role(admin, ben.id, "expert")
    assert not inside(page.run())
    assert inside(sign_in(page, "Ben"))
    labels.accounts.set_disabled(admin, ben.id, True)
    assert not inside(page.run())
    assert error_of(page) == "This account is disabled. Ask an admin to enable it."
    labels.accounts.set_disabled(admin, ben.id, False)
    assert not inside(page.run())


def test_signing_out_ends_it(page, admin):
    sign_in(page.run(), "Ada")
    page.button(key="account_out").click().run()
    assert not inside(page)


def test_a_store_that_does_not_answer_signs_nobody_out(page, admin, monkeypatch):
    sign_in(page.run(), "Ada")

    def busy(*_):
        raise StoreError("the label store must be free")

    with monkeypatch.context() as patch:
        patch.setattr(SignIn, "again", busy)
        assert not inside(page.run())
        assert error_of(page) == "The label store cannot be used: the label store must be free"
    assert inside(page.run())


def test_a_store_that_cannot_be_opened_is_told_without_its_password(page, monkeypatch):
    monkeypatch.setenv("AQFUSION_LABELS", "mysql://me:5ecret@host/labels")
    assert not inside(page.run())
    assert "the label store must be a file or an address like" in error_of(page)
    assert "5ecret" not in str(page.main)
