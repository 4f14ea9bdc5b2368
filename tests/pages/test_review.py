"""The Review page in Streamlit's own test runner: who may, what is decided, and only once."""

import json
import re
from urllib.parse import quote

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aqfusion.labels.answer import Answer
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import RoleError
from aqfusion.settings import ROOT
from aqfusion.ui.review import decisions, work_list
from tests.labels.planted import NOW, PIN, request_id, say
from tests.planted_review import EVIL, VIEW, Planted, add, plant

SECONDS = 60


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    """A home of its own, no store of another test, and fingers as fast as a test's."""
    for name in ("AQFUSION_DATA", "AQFUSION_MODEL", "AQFUSION_LABELS", "AQFUSION_PHOTOS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path))
    monkeypatch.setattr(decisions, "TOO_SOON_SECONDS", 0)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def planted(tmp_path) -> Planted:
    planted = plant(tmp_path)
    yield planted
    planted.store.close()


def opened(actor=None, item: object = None) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "review.py"), default_timeout=SECONDS)
    if actor is not None:
        page.session_state["account_actor"] = actor
    if item is not None:
        page.query_params["item"] = str(item)
    return page.run()


def html(page) -> str:
    return " ".join(element.proto.body for element in page.get("html"))


def everything(page) -> str:
    return json.dumps([str(element) for element in page.main])


def rows(page) -> list[int]:
    """The items of the list, from the top."""
    keys = [button.key for button in page.button if button.key.startswith("review_open_")]
    return [int(key.removeprefix("review_open_")) for key in keys]


def messages_of(page, kind: str) -> list[str]:
    """What stands in the places of messages: "done" or "fault"."""
    slots = re.findall(rf'aq-slot-{kind}" id="([^"]+)" role="\w+"><p>(.*?)</p>', html(page), re.S)
    return [f"{id.removeprefix('aq-slot-')}: {text}" for id, text in slots]


def press(page, key: str):
    page.button(key=key).click().run()
    assert not page.exception
    return page


def submit(page, key: str):
    (button,) = (form_button for form_button in page.form_submit_button if form_button.key == key)
    button.click().run()
    assert not page.exception
    return page


def at_item(page) -> str | None:
    number = page.query_params.get("item")
    return number[0] if isinstance(number, list) else number


def view(planted: Planted, name: str):
    return planted.store.review.view(planted.expert, planted.items[name])


def test_the_list_opens_on_conflicts_the_newest_first(planted):
    page = opened(planted.expert)
    assert not page.exception
    items = planted.items
    assert rows(page) == [items["newest"], items["middle"], items["oldest"]]
    assert html(page).count("The model is unsure: 101 to 214") == 3
    assert "Conflicts <strong>3</strong>" in html(page)
    assert "All <strong>8</strong>" in html(page)
    press(page, "review_begin")
    assert at_item(page) == str(items["newest"])


@pytest.mark.parametrize(
    ("name", "names"),
    [
        *(("Flagged", ["flagged"]), ("Sent back", []), ("Contributions", ["offered"])),
        ("All", ["offered", "open", "gold", "agreed", "flagged", "newest", "middle", "oldest"]),
    ],
)
def test_each_list_has_its_items(planted, name, names):
    page = opened(planted.expert)
    page.segmented_control(key="review_choice_list").set_value(name).run()
    assert not page.exception
    assert rows(page) == [planted.items[listed] for listed in names]


def test_filters_add_up_and_pages_turn(planted, monkeypatch):
    monkeypatch.setattr("aqfusion.ui.review.work_list._ON_A_PAGE", 2)
    page = opened(planted.expert)
    assert page.button(key="review_newer").disabled
    press(page, "review_older")
    assert rows(page) == [planted.items["oldest"]]
    assert page.button(key="review_older").disabled
    page.selectbox(key="review_choice_place").set_value("Biratnagar").run()
    assert len(rows(page)) == 2  # another filter begins at the first page
    page.selectbox(key="review_choice_annotator").set_value(planted.ana.id).run()
    page.selectbox(key="review_choice_category").set_value(4).run()
    assert not page.exception
    assert "No items match" in page.info[0].value
    page.selectbox(key="review_choice_category").set_value(1).run()
    page.text_input(key="review_choice_text").set_value("\x00").run()
    assert "control characters" in page.error[0].value


def test_a_formula_is_not_used_where_nobody_states_the_units(planted):
    item = add(planted, "unstated", units_stated=False, model_view=VIEW)
    row = work_list.row(view(planted, "unstated").item, (), {}, None)
    assert "Model 152" in row
    assert "US formula" not in row
    assert "US formula 1" in work_list.row(view(planted, "newest").item, (), {}, None)
    page = opened(planted.expert, item)
    assert html(page).count("not usable: no units") == 2
    assert "The source does not state these units" in html(page)
    page = opened(planted.expert, planted.items["newest"])
    assert "not usable" not in html(page)
    assert "The source does not state these units" not in html(page)


def test_accepting_settles_the_item_and_the_next_one_comes(planted):
    page = opened(planted.expert, planted.items["newest"])
    press(page, f"review_accept_{planted.items['newest']}_{planted.ben.id}")
    decided = view(planted, "newest")
    assert decided.item.status == "settled"
    assert decided.decision.kind == "accept"
    assert decided.decision.answer.aqi == 180
    assert at_item(page) == str(planted.items["middle"])
    assert messages_of(page, "done") == [
        f"done: Accepted: item {planted.items['newest']} is settled."
    ]
    press(page, f"review_back_{planted.items['newest']}")
    assert "Decision" in html(page)


def test_after_the_last_item_the_first_one_comes_and_then_the_list(planted):
    page = opened(planted.expert)
    press(page, "review_begin")
    for name, then in (("oldest", "newest"), ("newest", "middle"), ("middle", None)):
        page.query_params["item"] = str(planted.items[name])
        page.run()
        press(page, f"review_accept_{planted.items[name]}_{planted.ana.id}")
        assert at_item(page) == (then and str(planted.items[then]))
    assert "No items match" in page.info[0].value
    assert "settled" in messages_of(page, "done")[0]


def test_overruling_needs_a_value_and_a_reason_and_keeps_what_was_seen(planted):
    item = planted.items["newest"]
    page = opened(planted.expert, item)
    submit(page, f"review_overrule_{item}")
    assert messages_of(page, "fault") == ["overrule: Category must be given to overrule, got none"]
    page.button_group(key=f"review_value_{item}_Category").set_value(2)
    submit(page, f"review_overrule_{item}")
    assert messages_of(page, "fault") == [
        "overrule: Reason must have at least 1 character, got none"
    ]
    assert view(planted, "newest").item.status == "conflict"
    page.text_area(key=f"review_reason_{item}").set_value(EVIL)
    submit(page, f"review_overrule_{item}")
    decision = view(planted, "newest").decision
    assert (decision.kind, decision.answer.category, decision.reason) == ("overrule", 2, EVIL)
    seen = decision.answer.seen
    assert (seen.mode, seen.model_version, seen.aqi) == ("assisted", "mobilenet-1", 152)


@pytest.mark.parametrize(
    ("kind", "value", "answer"),
    [("Exact AQI", 250, Answer(aqi=250)), ("Can't tell", "night", Answer(cant_tell="night"))],
)
def test_overruling_by_number_and_by_cant_tell(planted, kind, value, answer):
    item = planted.items["newest"]
    page = opened(planted.expert, item)
    page.segmented_control(key=f"review_kind_{item}").set_value(kind).run()
    field = page.number_input if kind == "Exact AQI" else page.selectbox
    field(key=f"review_value_{item}_{kind}").set_value(value)
    page.text_area(key=f"review_reason_{item}").set_value("the tower is gone")
    submit(page, f"review_overrule_{item}")
    made = view(planted, "newest").decision.answer
    assert (made.category, made.aqi, made.cant_tell) == (None, answer.aqi, answer.cant_tell)


@pytest.mark.parametrize("kept", [True, False])
def test_overruling_may_keep_an_annotators_correction(planted, kept):
    item = planted.items["flagged"]
    page = opened(planted.expert, item)
    box = page.checkbox(key=f"review_keep_{item}_{planted.ana.id}")
    assert "PM2.5 is 8 µg/m³, not 80; NO2 is not 40 µg/m³" in box.label
    box.set_value(kept)
    page.button_group(key=f"review_value_{item}_Category").set_value(0)
    page.text_area(key=f"review_reason_{item}").set_value("clear sky")
    submit(page, f"review_overrule_{item}")
    assert view(planted, "flagged").decision.answer.corrections == (
        {"pm25": 8.0, "no2": None} if kept else {}
    )


def test_sending_back_asks_for_one_more_and_says_why(planted):
    item = planted.items["middle"]
    page = opened(planted.expert, item)
    page.text_area(key=f"review_back_reason_{item}").set_value("look at the horizon")
    submit(page, f"review_send_back_{item}")
    sent = view(planted, "middle")
    assert (sent.item.status, sent.item.wanted) == ("sent back", 3)
    assert sent.history[-1].reason == "look at the horizon"
    assert at_item(page) == str(planted.items["oldest"])


@pytest.mark.parametrize(("word", "status"), [("admit", "open"), ("reject", "rejected")])
def test_a_contribution_is_let_in_or_rejected(planted, word, status):
    item = planted.items["offered"]
    page = opened(planted.expert, item)
    assert "consent 1, given 2 Nov 2026" in html(page)
    assert "Unhealthy for Sensitive Groups" in html(page)  # the visitor's guess
    submit(page, f"review_{word}_{item}")
    assert view(planted, "offered").item.status == status


def test_a_gold_item_shows_its_answer_and_no_decision(planted):
    page = opened(planted.expert, planted.items["gold"])
    assert "known to be 160" in page.info[0].value
    assert not [b for b in page.button if "accept" in b.key]
    assert not page.form_submit_button


def test_a_double_click_saves_once(planted):
    def twice() -> None:
        import streamlit as st

        from aqfusion.ui.review import decisions

        planted, item = st.session_state["planted"], st.session_state["item"]
        view = planted.store.review.view(planted.expert, item)
        desk = decisions.desk(planted.store, planted.expert, view)
        decisions.accept(desk, planted.ben.id)
        decisions.accept(desk, planted.ben.id)

    page = AppTest.from_function(twice, default_timeout=SECONDS)
    page.session_state["planted"], page.session_state["item"] = planted, planted.items["newest"]
    page.run()
    assert not page.exception
    assert [event.kind for event in view(planted, "newest").history] == [
        "answer",
        "answer",
        "accept",
    ]
    assert view(planted, "middle").item.status == "conflict"
    assert at_item(page) == str(planted.items["middle"])
    assert page.session_state["review_notice"].about is None


def test_the_next_items_button_takes_no_second_half_of_a_double_click(planted, monkeypatch):
    page = opened(planted.expert, planted.items["newest"])
    monkeypatch.setattr(decisions, "TOO_SOON_SECONDS", 3600)
    press(page, f"review_accept_{planted.items['newest']}_{planted.ben.id}")
    assert view(planted, "newest").item.status == "conflict"
    monkeypatch.setattr(decisions, "TOO_SOON_SECONDS", 0)
    press(page, f"review_accept_{planted.items['newest']}_{planted.ben.id}")
    assert view(planted, "newest").item.status == "settled"


def test_what_changed_meanwhile_is_shown_before_it_is_decided(planted):
    item = planted.items["newest"]
    page = opened(planted.expert, item)
    planted.store.answers.change(planted.ben, item, request_id(), Answer(category=5), NOW)
    press(page, f"review_accept_{item}_{planted.ben.id}")
    assert "accept: Somebody else changed this item" in messages_of(page, "fault")[0]
    assert view(planted, "newest").item.status == "conflict"
    press(page, f"review_accept_{item}_{planted.ben.id}")
    assert view(planted, "newest").decision.answer.category == 5


def test_an_item_is_shown_whole(planted):
    page = opened(planted.expert, planted.items["newest"])
    text = html(page)
    for words in (
        *("The model is unsure: 101 to 214", "mobilenet-1", "101 to 214", "fold-3", "120 to 230"),
        *("40 %", "US AQI", "India AQI"),
        *("blind: the model&#x27;s prediction was hidden", "4.2 s", "unsure", "12 s"),
        *("assisted: saw AQI 152 from mobilenet-1", "2 Nov 2026, 09:01 (UTC+00:00)"),
    ):
        assert words in text
    assert text.index("Added by import") < text.index("answered: Moderate")
    assert len(page.get("image")) == 1
    assert page.code[0].value.endswith(f"?item={planted.items['newest']}")


def test_hostile_names_notes_and_places_are_text(planted):
    for item in ("newest", "flagged"):
        page = opened(planted.expert, planted.items[item])
        assert not page.exception
        assert "&lt;img src=x" in html(page)
        assert "<img src=x" not in html(page)
    page = opened(planted.expert, planted.items["newest"])
    labels = [b.label for b in page.button if b.key.startswith("review_accept")]
    assert any("\\[l\\]" in label for label in labels)
    assert not any("**b**" in label for label in labels)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        *(("999999", "item must be in the store, got 999999"), ("x", "must be a whole number")),
        *(("9" * 30, "must be a whole number"), (quote("<img src=x>"), "must be a whole number")),
    ],
)
def test_a_faulty_address_is_told(planted, address, words):
    page = opened(planted.expert, address)
    assert not page.exception
    assert words in page.error[0].value.replace("\\", "")


def test_a_lost_photo_is_told_and_the_rest_is_there(planted):
    item = view(planted, "newest").item
    digest = item.task.photo_hash
    planted.store.photos._files.rm_file(planted.store.photos._path(digest))
    page = opened(planted.expert, item.task.id)
    assert not page.exception
    assert "is missing in the store" in page.error[0].value
    assert "2 answers" in [subheader.value for subheader in page.subheader]


def test_a_permalink_waits_for_the_sign_in(planted):
    page = opened(None, planted.items["middle"])
    assert not page.exception
    assert not rows(page)
    page.selectbox(key="account_name").set_value("Eva")
    page.text_input(key="account_pin").set_value("1234")
    page.button(key="FormSubmitter:account_form-Sign in").click().run()
    assert not page.exception
    assert f"Item {planted.items['middle']}: conflict" in [
        subheader.value for subheader in page.subheader
    ]


def test_previous_and_next_follow_the_list(planted):
    items = planted.items
    page = opened(planted.expert, items["middle"])
    press(page, f"review_previous_{items['middle']}")
    assert at_item(page) == str(items["newest"])
    assert page.button(key=f"review_previous_{items['newest']}").disabled
    press(page, f"review_next_{items['newest']}")
    press(page, f"review_next_{items['middle']}")
    assert at_item(page) == str(items["oldest"])
    press(page, "review_close")
    assert at_item(page) is None
    assert rows(page) == [items[name] for name in ("newest", "middle", "oldest")]


@pytest.mark.parametrize("item", [None, "newest"])
def test_an_annotator_is_refused_by_the_page_and_by_the_store(planted, item):
    page = opened(planted.ana, item and planted.items[item])
    assert not page.exception
    assert "This page is for experts and above" in page.info[0].value
    assert not rows(page)
    assert "Biratnagar" not in everything(page)
    number = planted.items["newest"]
    with pytest.raises(RoleError):
        planted.store.review.accept(planted.ana, number, planted.ben.id, request_id(), NOW)
    with pytest.raises(RoleError):
        planted.store.annotation_records(planted.ana)


def test_an_expert_who_is_one_no_longer_decides_nothing(planted):
    item = planted.items["newest"]
    page = opened(planted.expert, item)
    planted.store.accounts.set_role(planted.admin, planted.expert.id, "annotator")
    press(page, f"review_accept_{item}_{planted.ben.id}")
    assert view_as_admin(planted, item) == "conflict"
    assert "This page is for experts and above" in page.info[0].value


def view_as_admin(planted: Planted, item: int) -> str:
    return planted.store.review.view(planted.admin, item).item.status


def test_agreement_counts_the_answers_as_they_are_now(planted):
    page = opened(planted.expert)
    page.segmented_control(key="review_choice_part").set_value("Agreement").run()
    assert not page.exception
    assert "11 answers as they are now; 8 of them are blind" in page.caption[0].value
    assert "of 6 items" in page.caption[0].value
    assert "&lt;img src=x" in html(page)
    assert "<img" not in html(page)
    assert len(page.get("plotly_chart")) == 1
    assert len(page.get("download_button")) == 4
    page.selectbox(key="review_choice_whose").set_value("Ana").run()
    assert not page.exception
    say(planted.store, planted.ana, planted.items["open"], 0)
    page.run()
    assert "12 answers as they are now; 9 of them are blind" in page.caption[0].value


def test_agreement_of_nobody_says_so(tmp_path):
    store = LabelStore.open(str(tmp_path / "labels" / "labels.db"), str(tmp_path / "photos"))
    page = opened(store.accounts.first_admin("Ada", PIN, NOW))
    page.segmented_control(key="review_choice_part").set_value("Agreement").run()
    assert not page.exception
    assert page.info[0].value == "There are no answers yet."
    store.close()


def test_an_imported_label_is_called_one_and_a_visitors_guess_a_guess(planted):
    guess = {"standard": "us", "category": 2, "aqi": 150, "cant_tell": None}
    item = add(planted, "labelled", guess=guess, source="monsoon data: a.jpg")
    text = html(opened(planted.expert, item))
    assert "<dt>Imported label</dt>" in text
    words = "AQI 150, Unhealthy for Sensitive Groups, from monsoon data: a.jpg"
    assert text.count(words) == 2  # among the facts, and in the history
    assert "Visitor's guess" not in text
    assert "<dt>Visitor's guess</dt>" in html(opened(planted.expert, planted.items["offered"]))


def test_annotators_keep_their_sides_whoever_answered_first(planted):
    item = add(planted, "turned")
    say(planted.store, planted.ben, item, Answer(category=4), NOW)
    say(planted.store, planted.ana, item, Answer(category=1), NOW)
    single = planted.items["flagged"]  # only Ana has answered it
    order = [f"review_accept_{item}_{user}" for user in (planted.ana.id, planted.ben.id)]
    page = opened(planted.expert, item)
    assert [b.key for b in page.button if b.key.startswith("review_accept")] == order
    assert "has not answered this item" in html(opened(planted.expert, single))


def test_a_row_has_photo_answers_and_a_name_for_those_who_hear_it(planted):
    page = opened(planted.expert)
    text = html(page)
    assert text.count('<img src="data:image/webp;base64,') == 3
    assert text.count(">Moderate</span>") == 3
    assert "&lt;img src=x" in text
    button = page.button(key=f"review_open_{planted.items['oldest']}")
    label = button.label.replace("\\", "")
    assert label.startswith(f"Open item {planted.items['oldest']}, conflict. Biratnagar. Ana: Mod")
    press(page, button.key)
    assert at_item(page) == str(planted.items["oldest"])


def test_enter_in_a_reason_lets_no_contribution_in(planted):
    page = opened(planted.expert, planted.items["offered"])
    assert [form.proto.form.enter_to_submit for form in page.get("form")] == [False]
    page = opened(planted.expert, planted.items["newest"])
    assert [form.proto.form.enter_to_submit for form in page.get("form")] == [True, True]


def test_only_experts_are_told_the_answers_of_many_items(planted):
    wanted = [planted.items["newest"], planted.items["open"]]
    answers = planted.store.review.answers_of(planted.expert, wanted)
    assert [answer.user for answer in answers[wanted[0]]] == [planted.ana.id, planted.ben.id]
    assert answers[wanted[1]] == ()
    with pytest.raises(RoleError):
        planted.store.review.answers_of(planted.ana, wanted)
