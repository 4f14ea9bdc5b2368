"""The Label page in Streamlit's own test runner, over a store of its own."""

import json
from functools import partial

import pytest
import streamlit as st
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest

from aqfusion.air.aqi import standard
from aqfusion.labels.answer import Answer
from aqfusion.labels.item import Reason
from aqfusion.labels.search import Filters
from aqfusion.server.metrics import REGISTRY
from aqfusion.settings import ROOT
from aqfusion.ui.labels import annotation_view, store_session
from tests.planted_labels import NOW, PIN, planted_store

SECONDS = 60
HIDDEN = ('"range"', "it predicts")


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
    """Press a button of the page itself."""
    return page.button(key=key).click().run()


def command(page, name: str, **more: object):
    """Send what the item's component sends for back, undo, skip and the like."""
    return send(page, {"name": name, "request": data(page)["request"], **more}, "command")


def message(page) -> str:
    return data(page)["message"]["text"]


def say(page, **answer: object):
    """Send what the item's component sends when a key is pressed."""
    return send(page, {"request": data(page)["request"], "unsure": False, **answer})


def send(page, pressed: object, event: str = "answer"):
    states = page._tree.get_widget_states()
    trigger = _make_trigger_id(component(page).id, "events")
    states.widgets.add(id=trigger).json_trigger_value = json.dumps(
        [{"event": event, "value": pressed}]
    )
    return page._run(states)


def component(page):
    return page.get("bidi_component")[0].proto


def data(page) -> dict:
    """All that the browser is told of the item on the desk."""
    return json.loads(component(page).json)


def item(page) -> int:
    return data(page)["item"]


def unfold(page, key: str):
    page.session_state[key] = True
    return page.run()


def text(page) -> str:
    texts = [element.proto.body for element in page.get("html")]
    texts += [element.proto.json for element in page.get("bidi_component")]
    return " ".join([*texts, *(caption.value for caption in page.caption)])


def answers_of(store, name: str = "Asha") -> dict[int, tuple[int | None, int | None, str | None]]:
    """What a person says now, item by item."""
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    answers = {}
    for listed in store.search(eva, Filters()).items:
        for answer in store.review.view(eva, listed.task.id).answers:
            if answer.name == name and answer.kind == "answer":
                label = answer.answer
                answers[listed.task.id] = (label.band, label.aqi, label.cant_tell)
    return answers


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
    saved = partial(REGISTRY.get_sample_value, "aqfusion_labels_saved_total", {"kind": "answer"})
    before = saved() or 0.0
    say(page, category=3)
    assert saved() == before + 1
    assert item(page) == 2
    say(page, cant_tell="cloud")
    assert item(page) == 3
    assert answers_of(store) == {1: (3, None, None), 2: (None, None, "cloud")}
    assert "2 done in this session" in text(page)


@pytest.mark.parametrize("pressed", [None, "x", [], {}, {"category": 5}, {"request": 3}])
def test_what_answers_no_showing_of_this_item_answers_none(page, store, pressed):
    send(page, pressed)
    assert (item(page), answers_of(store)) == (1, {})


def test_a_key_pressed_for_an_item_that_has_gone_answers_none(page, store):
    gone = data(page)["request"]
    say(page, category=3)
    send(page, {"request": gone, "category": 5})
    assert (item(page), answers_of(store)) == (2, {1: (3, None, None)})
    assert "another item was shown" in message(page)


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
    assert sentence[1:] in message(page)
    assert (item(page), answers_of(store)) == (1, {})
    say(page, aqi="151")
    assert (item(page), answers_of(store)) == (2, {1: (3, 151, None)})


def test_undo_brings_the_item_back_and_takes_the_answer_away(page, store):
    say(page, category=3)
    command(page, "undo")
    assert (item(page), answers_of(store)) == (1, {})
    command(page, "undo")
    assert "You have no answer to undo" in message(page)


def test_undo_says_what_it_undid(page):
    say(page, aqi="151")
    command(page, "undo")
    assert message(page) == "Undone: item 1, Unhealthy, AQI 151. The item is shown again."
    command(page, "skip")
    assert message(page) == "Item 1: skipped."
    command(page, "undo")
    assert message(page) == "Undone: item 1, skipped. The item is shown again."


def test_undo_of_an_answer_from_before_this_sign_in_asks_first(page, store):
    say(page, category=3)
    page = sign_in("Asha")
    command(page, "undo")
    assert data(page)["message"]["ask"]
    assert "Item 1 (Unhealthy) is from before this sign-in" in message(page)
    command(page, "cancel")
    assert (item(page), message(page), answers_of(store)) == (2, "", {1: (3, None, None)})
    command(page, "confirm")
    assert answers_of(store) == {1: (3, None, None)}, "nothing was asked"
    command(page, "undo")
    command(page, "confirm")
    assert message(page) == "Undone: item 1, Unhealthy. The item is shown again."
    assert (item(page), answers_of(store)) == (1, {})


def test_a_question_is_gone_with_the_next_answer(page, store):
    say(page, category=3)
    page = sign_in("Asha")
    command(page, "undo")
    say(page, category=0)
    assert not data(page)["message"]["ask"]
    command(page, "confirm")
    assert answers_of(store) == {1: (3, None, None), 2: (0, None, None)}


def test_undo_takes_back_only_the_answer_that_the_question_named(page, store):
    say(page, category=3)
    page = sign_in("Asha")
    command(page, "undo")
    asha = store.sign_in.by_pin("Asha", PIN, NOW)
    leased = store.queue.next_item(asha, store_session.now())
    store.answers.save(asha, leased.token, "elsewhere", Answer(5), store_session.now())
    command(page, "confirm")
    assert "meanwhile your last answer is that to item" in message(page).lower()
    assert answers_of(store) == {1: (3, None, None), 2: (5, None, None)}


@pytest.mark.parametrize("name", ["skip", "undo", "back", "confirm"])
def test_a_move_away_from_an_item_that_has_gone_does_nothing_and_is_told(page, store, name):
    gone = data(page)["request"]
    say(page, category=3)
    send(page, {"name": name, "request": gone}, "command")
    assert (item(page), answers_of(store)) == (2, {1: (3, None, None)})
    assert "another item was shown" in message(page)


@pytest.mark.parametrize(
    "pressed", [None, "undo", [], {}, {"name": ["undo"]}, {"name": "mode", "value": "x"}]
)
def test_what_is_no_command_does_nothing(page, store, pressed):
    say(page, category=3)
    if isinstance(pressed, dict) and pressed:
        pressed = {**pressed, "request": data(page)["request"]}
    send(page, pressed, "command")
    assert (item(page), answers_of(store)) == (2, {1: (3, None, None)})
    assert not page.exception


def test_back_shows_what_was_said_and_a_new_answer_replaces_it(page, store):
    say(page, category=3)
    say(page, category=4)
    command(page, "back")
    command(page, "back")
    assert item(page) == 1
    assert data(page)["said"]["category"] == 3
    say(page, category=0)
    assert answers_of(store) == {1: (0, None, None), 2: (4, None, None)}
    assert item(page) == 3


def test_leaving_an_answered_item_by_skip_keeps_its_answer(page, store):
    say(page, category=3)
    command(page, "back")
    command(page, "skip")
    assert (item(page), answers_of(store)) == (2, {1: (3, None, None)})


def test_a_skipped_item_has_a_way_back(page, store):
    command(page, "skip")
    assert item(page) == 2
    unfold(page, "label_more")
    press(page, "label_skipped_1")
    assert item(page) == 1
    say(page, category=1)
    assert answers_of(store) == {1: (1, None, None)}


def test_doubt_note_and_wrong_reading_go_with_the_answer(page, store):
    remarks = {"note": "<b>fog?</b>", "corrections": {"pm25": "35.5"}}
    command(page, "draft", **remarks)
    assert {name: data(page)[name] for name in remarks} == remarks
    say(page, category=1, unsure=True, **remarks)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    (kept,) = store.review.view(eva, 1).answers
    assert (kept.answer.confidence, kept.answer.note) == ("unsure", "<b>fog?</b>")
    assert kept.answer.corrections == {"pm25": 35.5}
    assert (data(page)["note"], data(page)["corrections"]) == ("", {})
    command(page, "back")
    assert {name: data(page)[name] for name in remarks} == remarks
    assert data(page)["said"] == {"category": 1, "aqi": None, "unsure": True}


@pytest.mark.parametrize(
    ("remarks", "sentence"),
    [
        ({"corrections": {"pm25": "-3"}}, "Pm25 must be >= 0"),
        ({"corrections": {"pm25": 3}}, "Pm25 must be a number of at most 12 characters, got 3"),
        ({"corrections": {"pm25": "1" * 13}}, "Pm25 must be a number of at most 12 characters"),
        ({"corrections": {"radon": "3"}}, "Corrections must be of pollutants"),
        ({"corrections": [1]}, "Corrections must be of pollutants"),
        ({"corrections": {"o3": "3"}}, "Correction must be of a reading that item 1 has, got o3"),
        ({"note": 5}, "Note must be text, got 5"),
        ({"note": "x" * 501}, "Note must have at most 500 characters, got 501"),
    ],
)
def test_a_wrong_remark_is_told_and_nothing_is_saved(page, store, remarks, sentence):
    say(page, category=1, **remarks)
    assert sentence in message(page)
    assert (item(page), answers_of(store)) == (1, {})


def test_blind_hides_the_model_until_the_answer_and_says_what_was_seen(page, store):
    assert not any(words in text(page) for words in HIDDEN)
    assert "The model is unsure" in text(page)
    say(page, category=3)
    assert "the model predicted 10" in text(page)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    seen = store.review.view(eva, 1).answers[0].answer.seen
    assert (seen.mode, seen.model_version, seen.aqi) == ("blind", None, None)


@pytest.mark.parametrize("mode", ["blind", "assisted"])
@pytest.mark.parametrize("kind", ["annotators disagree", "label likely wrong", "of another age"])
def test_a_reason_that_may_tell_the_answer_is_not_told(kind, mode):
    reason = annotation_view.why(Reason(kind, "it is Hazardous"), mode)
    assert reason
    assert "Hazardous" not in reason


def test_assisted_shows_a_suggestion_and_keeps_that_it_did(page, store):
    command(page, "mode", value="assisted")
    assert all(words in text(page) for words in HIDDEN)
    say(page, category=data(page)["suggestion"]["category"])
    assert answers_of(store) == {1: (0, None, None)}
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    seen = store.review.view(eva, 1).answers[0].answer.seen
    assert (seen.mode, seen.model_version, seen.aqi) == ("assisted", "planted", 10)


def test_who_looked_in_assisted_mode_cannot_answer_as_blind(page, store):
    command(page, "mode", value="assisted")
    assert data(page)["suggestion"]["aqi"] == "10"
    command(page, "mode", value="blind")
    assert (data(page)["suggestion"], data(page)["blind"]) == (None, False)
    say(page, category=1)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    assert store.review.view(eva, 1).answers[0].answer.seen.mode == "unblinded"
    assert data(page)["blind"] is True  # the next item


def test_an_undone_answer_is_given_again_without_claiming_to_be_blind(page, store):
    say(page, category=3)
    assert "the model predicted 10" in text(page)
    command(page, "undo")
    assert (item(page), data(page)["blind"]) == (1, False)
    say(page, category=0)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    history = store.review.view(eva, 1).history
    modes = [event.answer.seen.mode for event in history if event.answer]
    assert modes == ["blind", "unblinded"]


def test_the_end_is_told_and_undo_still_works(page, store):
    for _ in range(5):
        say(page, category=2)
    assert data(page)["item"] is None
    assert data(page)["end"].startswith("Your queue is empty")
    command(page, "undo")
    assert item(page) == 5


def test_a_role_that_was_lost_is_lost_at_the_next_press(page, store):
    ada = store.sign_in.by_pin("Ada", PIN, NOW)
    asha = next(u for u in store.accounts.users(ada) if u.name == "Asha")
    store.accounts.set_role(ada, asha.id, "visitor")
    say(page, category=3)
    assert answers_of(store) == {}
    assert not page.exception


def test_two_people_never_hold_the_same_item(page, store):
    other = sign_in("Bina")
    assert {item(page), item(other)} == {1, 2}


def test_guidelines_come_when_they_are_asked_for_and_are_the_admins(page, store):
    assert data(page)["guidelines"] is None
    command(page, "guidelines")
    guidelines = data(page)["guidelines"]
    assert guidelines["text"].startswith("# What is asked")
    assert [example["title"].split(":")[0] for example in guidelines["examples"]] == [
        category.name for category in standard("us").categories
    ]
    assert all(
        example["picture"].startswith("data:image/webp;base64,")
        for example in guidelines["examples"]
    )
    say(page, category=1)
    assert data(page)["guidelines"] is None
    ada = store.sign_in.by_pin("Ada", PIN, NOW)
    store.settings.set_guidelines(ada, "# <b>Ours</b>", NOW)
    command(page, "guidelines")
    assert data(page)["guidelines"]["text"] == "# <b>Ours</b>"
