"""What stands below the desk: photos of the same view, filters, the team's progress."""

# ruff: noqa: F811

import pytest

from aqfusion.air.readings import Reading
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.progress import Member, TeamProgress
from aqfusion.ui.labels import progress_view
from tests.pages.test_label import (  # noqa: F401  # fixtures
    answers_of,
    command,
    data,
    home,
    item,
    message,
    page,
    press,
    say,
    store,
    unfold,
)
from tests.planted_labels import NOW, PIN, planted_photo


@pytest.fixture
def twins(store):
    """Two duplicates of the first item, whose photos are in the store."""
    admin = store.sign_in.by_pin("Ada", PIN, NOW)
    return [
        store.items.add(
            admin,
            NewItem(
                photo_hash=store.photos.put(planted_photo(number)),
                reading=Reading(pm25=number),
                duplicate_of=1,
            ),
            NOW,
        )[0]
        for number in (91, 92)
    ]


def ticked(page, label):
    return next(box for box in page.checkbox if box.label == label)


def test_an_answer_covers_others_only_after_a_look_and_one_undo_takes_all_back(
    store,
    twins,
    page,
):
    assert page.button(key="label_same_view").label == "Same view: 2 more photos"
    assert data(page)["alike"] == 2
    press(page, "label_same_view")
    assert ticked(page, f"Item {twins[0]}").value is True
    press(page, "label_cover")
    assert "will also be given to 2 more photos of the same view" in message(page)
    say(page, category=3)
    assert answers_of(store) == {1: (3, None, None), **dict.fromkeys(twins, (3, None, None))}
    assert "saved Unhealthy, also for 2 more photos of the same view" in message(page)
    command(page, "undo")
    assert answers_of(store) == {}
    assert "and 2 more photos of the same view. The item is shown again" in message(page)


def test_a_look_alone_covers_nothing_and_what_is_unticked_stays_out(store, twins, page):
    press(page, "label_same_view")
    say(page, category=3)
    assert answers_of(store) == {1: (3, None, None)}
    command(page, "undo")
    press(page, "label_same_view")
    ticked(page, f"Item {twins[1]}").uncheck()
    press(page, "label_cover")
    say(page, category=2)
    assert answers_of(store) == {1: (2, None, None), twins[0]: (2, None, None)}
    say(page, category=4)  # the next item: nothing is covered any more
    assert {*answers_of(store)} == {1, 2, twins[0]}


def test_an_item_without_others_says_so_in_the_same_place(store, page):
    button = page.button(key="label_same_view")
    assert (button.label, button.disabled) == ("Same view", True)


def test_a_filter_chooses_what_comes_next_and_says_when_nothing_is_left(store, page):
    unfold(page, "label_filter")
    page.selectbox(key="label_filter_place").set_value("Place 3").run()
    assert item(page) == 3
    say(page, category=1)
    assert item(page) is None
    assert "No items match your filter" in data(page)["end"]
    press(page, "label_filter_clear")
    assert item(page) == 1
    assert answers_of(store) == {3: (1, None, None)}


def test_a_reason_is_named_without_what_the_model_says(store, page):
    unfold(page, "label_filter")
    options = page.selectbox(key="label_filter_reason").options
    assert options == ["Any", "The model is unsure (5 waiting)"]


def test_the_team_is_shown_to_annotators_by_name(store, page):
    bina = store.sign_in.by_pin("Bina", PIN, NOW)
    leased = store.queue.lease(bina, 5, NOW)
    from aqfusion.labels.answer import Answer

    store.answers.save(bina, leased.token, "r", Answer(2), NOW)
    say(page, category=1)
    unfold(page, "label_team")
    team = " ".join(element.proto.body for element in page.get("html"))
    assert "<strong>2</strong> items done (40%), <strong>3</strong> left." in team
    assert '<th scope="row" class="aq-left">Asha</th><td>1</td><td>1</td>' in team
    assert '<th scope="row" class="aq-left">Bina</th>' in team


def test_a_name_is_no_html():
    html = progress_view.table(TeamProgress(0, 0, 0, (Member("<b>x</b>", 1, 0),)))
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "%" not in html


def test_items_that_are_not_scored_are_noted(store, page):
    assert not [caption for caption in page.caption if "not final" in caption.value]
    admin = store.sign_in.by_pin("Ada", PIN, NOW)
    store.items.add(admin, NewItem(photo_hash="0" * 64, reading=Reading(pm25=5)), NOW)
    from aqfusion.ui.labels import scoring_view

    scoring_view._unscored.clear()
    page.run()
    assert "The order of the queue is not final: 1 item not scored yet." in [
        caption.value for caption in page.caption
    ]
