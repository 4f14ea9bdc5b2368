"""The Label page in Streamlit's own test runner, over a store of its own."""

import json

import pytest
import streamlit as st
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest

from aqfusion.labels.item import Reason
from aqfusion.labels.search import Filters
from aqfusion.settings import ROOT
from aqfusion.ui.labels import item_view
from tests.planted_labels import NOW, PIN, planted_store

SECONDS = 60
HIDDEN = ('"range"', "it says")


@pytest.fixture
def home(monkeypatch, tmp_path):
    for name in ("AQFUSION_DATA", "AQFUSION_MODEL", "AQFUSION_LABELS", "AQFUSION_PHOTOS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


@pytest.fixture
def store(home):
    store = planted_store(home, 5)
    yield store
    store.close()


@pytest.fixture
def page(store):
    return sign_in("Asha")


def sign_in(name: str):
    page = AppTest.from_file(str(ROOT / "pages" / "label.py"), default_timeout=SECONDS).run()
    page.selectbox(key="account_name").set_value(name)
    page.text_input(key="account_pin").set_value(PIN)
    next(b for b in page.button if b.label == "Sign in").click()
    return page.run()


def press(page, key: str):
    """Press a button of the bar, or a way back."""
    return page.button(key=key).click().run()


def say(page, **answer: object):
    """Send what the item's component sends when a key is pressed."""
    return send(page, {"request": shown(page)["request"], "unsure": False, **answer})


def send(page, pressed: object):
    states = page._tree.get_widget_states()
    trigger = _make_trigger_id(component(page).id, "events")
    states.widgets.add(id=trigger).json_trigger_value = json.dumps(
        [{"event": "answer", "value": pressed}]
    )
    return page._run(states)


def component(page):
    return page.get("bidi_component")[0].proto


def shown(page) -> dict:
    """All that the browser is told of the item on the desk."""
    return json.loads(component(page).json)


def item(page) -> int:
    return shown(page)["item"]


def unfold(page, key: str):
    page.session_state[key] = True
    return page.run()


def text(page) -> str:
    told = [element.proto.body for element in page.get("html")]
    told += [element.proto.json for element in page.get("bidi_component")]
    return " ".join([*told, *(caption.value for caption in page.caption)])


def said(store, name: str = "Asha") -> dict[int, tuple[int | None, int | None, str | None]]:
    """What a person says now, item by item."""
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    found = {}
    for one in store.search(eva, Filters()).items:
        for answer in store.review.view(eva, one.task.id).answers:
            if answer.name == name and answer.kind == "answer":
                given = answer.answer
                found[one.task.id] = (given.band, given.aqi, given.cant_tell)
    return found


def test_without_an_account_there_is_the_door_and_no_photo(store):
    page = AppTest.from_file(str(ROOT / "pages" / "label.py"), default_timeout=SECONDS).run()
    assert not page.exception
    assert page.subheader[0].value == "Sign in"
    assert "data:image" not in text(page)


def test_a_visitor_with_an_account_is_told_what_is_missing(store):
    page = sign_in("Vik")
    assert "for annotators and above" in page.info[0].value
    assert "data:image" not in text(page)


def test_one_press_saves_and_brings_the_next(page, store):
    assert item(page) == 1
    say(page, category=3)
    assert item(page) == 2
    say(page, cant_tell="cloud")
    assert item(page) == 3
    assert said(store) == {1: (3, None, None), 2: (None, None, "cloud")}
    assert "2 done in this session" in text(page)


@pytest.mark.parametrize("pressed", [None, "x", [], {}, {"category": 5}, {"request": 3}])
def test_what_answers_no_showing_of_this_item_answers_none(page, store, pressed):
    send(page, pressed)
    assert (item(page), said(store)) == (1, {})


def test_a_key_pressed_for_an_item_that_has_gone_answers_none(page, store):
    gone = shown(page)["request"]
    say(page, category=3)
    send(page, {"request": gone, "category": 5})
    assert (item(page), said(store)) == (2, {1: (3, None, None)})


@pytest.mark.parametrize(
    ("pressed", "sentence"),
    [
        ({"aqi": "501"}, "aqi must be a whole number from 0 to 500, got 501"),
        ({"aqi": "x1"}, "aqi must be a whole number from 0 to 500, got 'x1'"),
        ({"aqi": None}, "aqi must be a whole number from 0 to 500, got None"),
        ({"category": 6}, "category must be"),
        ({"category": "1"}, "category must be"),
        ({"category": True}, "category must be"),
        ({"cant_tell": ["night"]}, "can't tell must be one of night"),
        ({"cant_tell": "bored"}, "can't tell must be one of night"),
        ({"category": 1, "aqi": "20"}, "answer must be one of category, aqi and can't tell"),
        ({}, "answer must be one of category, aqi and can't tell, got none"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_told_and_the_item_stays(page, store, pressed, sentence):
    say(page, **pressed)
    assert sentence in page.warning[0].value.replace("\\", "")
    assert (item(page), said(store)) == (1, {})
    say(page, aqi="151")
    assert (item(page), said(store)) == (2, {1: (3, 151, None)})


def test_undo_brings_the_item_back_and_takes_the_answer_away(page, store):
    say(page, category=3)
    press(page, "label_undo")
    assert (item(page), said(store)) == (1, {})
    press(page, "label_undo")
    assert "there must be an answer of yours to take back" in page.warning[0].value


def test_back_shows_what_was_said_and_a_new_answer_replaces_it(page, store):
    say(page, category=3)
    say(page, category=4)
    press(page, "label_back")
    press(page, "label_back")
    assert item(page) == 1
    assert shown(page)["said"] == 3
    say(page, category=0)
    assert said(store) == {1: (0, None, None), 2: (4, None, None)}
    assert item(page) == 3


def test_leaving_an_answered_item_by_skip_keeps_its_answer(page, store):
    say(page, category=3)
    press(page, "label_back")
    press(page, "label_skip")
    assert (item(page), said(store)) == (2, {1: (3, None, None)})


def test_a_skipped_item_has_a_way_back(page, store):
    press(page, "label_skip")
    assert item(page) == 2
    unfold(page, "label_more")
    press(page, "label_skipped_1")
    assert item(page) == 1
    say(page, category=1)
    assert said(store) == {1: (1, None, None)}


def test_doubt_note_and_wrong_reading_go_with_the_answer(page, store):
    unfold(page, "label_1_more")
    page.text_area(key="label_1_note").set_value("<b>fog?</b>")
    page.toggle(key="label_1_pm25_wrong").set_value(True)
    page.run()
    page.text_input(key="label_1_pm25_right").set_value("35.5")
    page.session_state["label_1_more"] = False  # folded again, nothing of it is lost
    say(page, category=1, unsure=True)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    (kept,) = store.review.view(eva, 1).answers
    assert (kept.answer.confidence, kept.answer.note) == ("unsure", "<b>fog?</b>")
    assert kept.answer.corrections == {"pm25": 35.5}
    assert not page.text_area
    unfold(page, "label_2_more")
    assert page.text_area(key="label_2_note").value == ""


def test_a_wrong_correction_is_told_and_nothing_is_saved(page, store):
    unfold(page, "label_1_more")
    page.toggle(key="label_1_pm25_wrong").set_value(True)
    page.run()
    page.text_input(key="label_1_pm25_right").set_value("-3")
    say(page, category=1)
    assert "pm25 must be \\>= 0" in page.warning[0].value
    assert (item(page), said(store)) == (1, {})


def test_blind_hides_the_model_until_the_answer_and_says_what_was_seen(page, store):
    assert not any(words in text(page) for words in HIDDEN)
    assert "The model is unsure" in text(page)
    say(page, category=3)
    assert "the model said 10" in text(page)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    seen = store.review.view(eva, 1).answers[0].answer.seen
    assert (seen.mode, seen.model_version, seen.aqi) == ("blind", None, None)


@pytest.mark.parametrize("mode", ["blind", "assisted"])
@pytest.mark.parametrize("kind", ["annotators disagree", "label likely wrong", "of another age"])
def test_a_reason_that_may_tell_the_answer_is_not_told(kind, mode):
    told = item_view.why(Reason(kind, "it is Hazardous"), mode)
    assert told
    assert "Hazardous" not in told


def test_assisted_shows_a_suggestion_and_keeps_that_it_did(page, store):
    page.segmented_control(key="label_mode").set_value("assisted").run()
    assert all(words in text(page) for words in HIDDEN)
    say(page, category=shown(page)["suggestion"]["category"])
    assert said(store) == {1: (0, None, None)}
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    seen = store.review.view(eva, 1).answers[0].answer.seen
    assert (seen.mode, seen.model_version, seen.aqi) == ("assisted", "planted", 10)


def test_the_end_is_told_and_undo_still_works(page, store):
    for _ in range(5):
        say(page, category=2)
    assert page.success[0].value.startswith("Nothing is waiting for you")
    press(page, "label_undo")
    assert item(page) == 5


def test_a_role_that_was_lost_is_lost_at_the_next_press(page, store):
    ada = store.sign_in.by_pin("Ada", PIN, NOW)
    asha = next(u for u in store.accounts.users(ada) if u.name == "Asha")
    store.accounts.set_role(ada, asha.id, "visitor")
    say(page, category=3)
    assert said(store) == {}
    assert not page.exception


def test_two_people_never_hold_the_same_item(page, store):
    other = sign_in("Bina")
    assert {item(page), item(other)} == {1, 2}
