"""My places for people with an account: they are kept in the label store, for their owner."""

from datetime import UTC, date, datetime

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.labels.answer import Answer
from aqfusion.settings import ROOT
from tests.labels.planted import NOW, PIN, request_id
from tests.labels.planted import add as add_item
from tests.planted_sites import site_of

SECONDS = 60


@pytest.fixture
def admin(labels, monkeypatch, site_model_folder):
    monkeypatch.setenv("AQFUSION_MODEL", str(site_model_folder))
    return labels.accounts.first_admin("Ada", PIN, NOW)


@pytest.fixture
def ana(labels, admin):
    return labels.accounts.add_user(admin, "Ana", PIN, "annotator", NOW)


def opened(actor, name: str = "places", **state) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=SECONDS)
    page.session_state["account_actor"] = actor
    for key, value in state.items():
        page.session_state[key] = value
    page.run()
    assert not page.exception
    return page


def make(page: AppTest, name: str = "My roof") -> AppTest:
    page.text_input(key="mysite_name").set_value(name)
    page.button(key="mysite_make").click().run()
    assert not page.exception
    return page


def kept(labels, actor):
    (entry,) = labels.sites.entries(actor)
    return labels.sites.get(actor, entry.id).site


def test_a_place_and_its_days_outlive_the_session(labels, ana):
    page = make(opened(ana))
    for aqi, day in ((200, date(2026, 1, 1)), (300, date(2026, 1, 2))):
        page.number_input(key="mysite_aqi").set_value(aqi)
        page.date_input(key="mysite_date").set_value(day)
        page.button(key="mysite_add").click().run()
    assert [day.aqi for day in kept(labels, ana).days] == [200, 300]
    page.button(key="mysite_remove_day").click().run()
    assert [day.aqi for day in kept(labels, ana).days] == [200]
    page.button(key="mysite_undo").click().run()
    assert not page.exception
    again = opened(ana, "predict").selectbox(key="site_choice")
    assert "My roof (in your account)" in again.options


def test_a_place_of_the_session_moves_into_the_account(labels, ana):
    page = opened(ana, site_mine={"My roof": site_of(100, 200)})
    page.button(key="mysite_keep").click().run()
    assert not page.exception
    assert kept(labels, ana).days == site_of(100, 200).days
    assert page.session_state["site_mine"] == {}
    assert page.session_state["site_choice"].startswith("account:")
    page.button(key="mysite_gone").click().run()
    assert labels.sites.entries(ana) == ()


def test_places_of_others_are_not_offered(labels, admin, ana):
    labels.sites.create(ana, site_of(100), request_id(), NOW)
    page = opened(admin, "predict")
    assert not any("My roof" in option for option in page.selectbox(key="site_choice").options)


def test_settled_labels_of_the_place_become_its_days(labels, admin, ana):
    taken_at = datetime(2026, 1, 1, 9, tzinfo=UTC)
    item = add_item(labels, admin, 1, place="My roof", taken_at=taken_at)
    labels.review.overrule(admin, item, Answer(aqi=180), "why", request_id(), NOW)
    page = make(opened(ana))
    page.segmented_control(key="mysite_source").set_value("Labels").run()
    page.button(key="mysite_label_add").click().run()
    assert not page.exception
    (day,) = kept(labels, ana).days
    assert (day.aqi, day.source, day.taken_at) == (180, "label", taken_at)


def test_whoever_was_switched_off_has_no_places_any_more(labels, admin, ana):
    page = make(opened(ana))
    labels.accounts.set_disabled(admin, ana.id, True)
    page.number_input(key="mysite_aqi").set_value(100)
    page.button(key="mysite_add").click().run()
    assert not page.exception
    assert "mysite_which" not in [one.key for one in page.selectbox]
    assert kept(labels, admin).days == ()
