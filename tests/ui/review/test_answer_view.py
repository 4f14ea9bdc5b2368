"""Answers and history as HTML: all of it told, none of it markup."""

from dataclasses import replace
from datetime import timedelta
from html import escape

import pytest

from aqfusion.labels.answer import Answer, AnswerContext
from aqfusion.labels.store import LabelStore
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.ui.review import answer_view, item_view
from aqfusion.ui.review.text import did, replaced_text
from tests.labels.planted import MINUTE, NOW, PIN, add, new_item, request_id, say
from tests.planted_review import EVIL, READING


@pytest.fixture
def store(tmp_path):
    store = LabelStore.open(str(tmp_path / "labels.db"), str(tmp_path / "photos"))
    yield store
    store.close()


@pytest.fixture
def people(store):
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    roles = (("Eva", "expert"), ("Ana", "annotator"), (EVIL[:60], "annotator"))
    return (admin, *(store.accounts.add_user(admin, name, PIN, role, NOW) for name, role in roles))


def test_every_event_is_told_in_words_the_oldest_first(store, people):
    admin, eva, ana, evil = people
    item = add(store, admin, 1, overlap=3)
    leased = store.queue.lease(evil, item, NOW)
    store.answers.skip(evil, leased.token, request_id(), NOW, "too dark")
    store.answers.unskip(evil, item, request_id(), NOW)
    say(store, ana, item, 1)
    store.answers.change(ana, item, request_id(), Answer(aqi=180), NOW)
    store.answers.undo(ana, request_id(), NOW)
    say(store, evil, item, Answer(cant_tell="night"))
    store.review.accept(eva, item, ana.id, request_id(), NOW)
    store.review.overrule(eva, item, Answer(category=5), "look", request_id(), NOW)
    store.review.send_back(eva, item, "again", request_id(), NOW + MINUTE)
    history = store.review.view(eva, item).history
    assert [did(event, history) for event in history] == [
        *("skipped it", "put it back into their queue", "answered: Moderate"),
        *("answered: AQI 180, Unhealthy, instead of Moderate", "undid AQI 180, Unhealthy"),
        *("answered: can't tell: night", "accepted Ana's answer, Moderate"),
        "overruled: Hazardous, instead of Moderate",
        "asked for one more answer, instead of Hazardous",
    ]
    text = answer_view.history(store.review.view(eva, item).item, history)
    assert "<img" not in text
    assert text.count("<li>") == len(history) + 1
    assert text.index("Added by import") < text.index("too dark") < text.index("again")
    assert "2 Nov 2026, 09:01 (UTC+00:00)" in text


def test_a_skip_taken_back_is_told_as_one():
    gist = {"event": 1, "kind": "skip", "standard": None, "category": None}
    assert replaced_text({**gist, "aqi": None, "cant_tell": None}) == "a skip"


def test_a_card_tells_all_of_an_answer_and_nothing_is_markup(store, people):
    admin, eva, _, evil = people
    item, _ = store.items.add(admin, replace(new_item(1), reading=READING, place=EVIL), NOW)
    answer = Answer(
        category=2,
        standard="india",
        confidence="unsure",
        note=f"{EVIL}\nsecond line",
        corrections={"pm25": 8.5, "no2": None},
        seen=AnswerContext("assisted", EVIL[:60], 300, 75.4),
    )
    say(store, evil, item, answer, NOW + timedelta(hours=1))
    view = store.review.view(eva, item)
    card = answer_view.card(view.answers[0], READING, escape(view.answers[0].name))
    assert "<img" not in card
    for words in (
        *("&lt;img src=x", "Moderate", "India AQI", "unsure", "assisted: saw AQI 300", "75 s"),
        *("PM2.5 is 8.5 µg/m³, not 80", "NO2 is not 40 µg/m³", "second line"),
        "2 Nov 2026, 10:00 (UTC+00:00)",
    ):
        assert words in card
    for part in (
        item_view.origin(view.item),
        item_view.reasons(view.item),
        item_view.readings(view.item),
    ):
        assert "<img" not in part
    assert "&lt;img" in item_view.origin(view.item)
    assert "80 <small>µg/m³</small>" in item_view.readings(view.item)


def test_a_models_view_has_its_number_interval_and_six_bars():
    view = ItemPrediction(EVIL, "image_only", 150.5, 90.2, 210.9, (0.1, 0.2, 0.3, 0.2, 0.1, 0.1))
    card = item_view.card(view)
    assert "<img" not in card
    assert 'aria-label="AQI 151"' in card
    assert "90 to 211" in card
    assert "photo only" in card
    assert card.count('class="aq-bar"') == 6
    assert "<strong>151</strong> (90 to 211)" in item_view.fair(view)
