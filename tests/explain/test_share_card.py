"""The card: whole and free of metadata for every mix of input, its bars on the right sides."""

import io
import itertools
import unicodedata

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageColor, features

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.explain import text_layout
from aqfusion.explain.saliency import SaliencyMap
from aqfusion.explain.saliency_targets import TARGETS
from aqfusion.explain.share_card import AXIS, LOWERED, RAISED, card
from aqfusion.explain.text_layout import (
    MARGIN,
    PAGE,
    WIDTH,
    CardCanvas,
    as_png,
    plain,
    runs,
    text_width,
    wrapped,
)
from aqfusion.images.photo import Photo
from aqfusion.model.photo_screening import RULES
from aqfusion.settings import ASSETS
from tests.explain.planted_report import PHOTO, READING, US, hot_left, renamed, report
from tests.planted_sites import site_of

LONGEST = max((rule.words for rule in RULES), key=len)
ALL = Reading(*(9999.875 if name == "pm10" else 999.125 for name in POLLUTANTS))


def shape(width: int, height: int) -> Photo:
    return Photo.from_image(Image.new("RGB", (width, height), (20, 120, 220)))


def columns(image: Image.Image, colour: str) -> np.ndarray:
    """Where a colour stands, from left to right."""
    found = (np.asarray(image) == ImageColor.getrgb(colour)).all(axis=-1)
    return np.flatnonzero(found.any(axis=0))


@pytest.mark.parametrize("reading", [Reading(), READING, ALL], ids=["none", "two", "all"])
@pytest.mark.parametrize(
    "photo",
    [None, PHOTO, shape(800, 100), shape(100, 800)],
    ids=["no photo", "photo", "wide", "tall"],
)
@pytest.mark.parametrize("problem", [None, LONGEST], ids=["used", "refused"])
@pytest.mark.parametrize("heat", [None, hot_left()], ids=["no map", "map"])
@pytest.mark.parametrize("site", [None, site_of(80, 120, 160, 400)], ids=["anywhere", "site"])
def test_every_mix_of_inputs_draws_within_its_margins(reading, photo, problem, heat, site):
    points = {"photo": 30, "pm25": -200, "site": 90}
    drawn = card(report(120, reading, photo, problem, points, site), heat)
    assert drawn.mode == "RGB"
    assert drawn.width == WIDTH
    assert 1000 <= drawn.height <= 1900
    below = np.asarray(drawn)[360:]  # under the coloured head
    empty = ImageColor.getrgb(PAGE)
    assert (below[:, : MARGIN - 10] == empty).all()
    assert (below[:, WIDTH - MARGIN + 10 :] == empty).all()
    assert (below[-20:] == empty).all()


@pytest.mark.parametrize("category", US.categories, ids=lambda category: category.name)
@pytest.mark.parametrize("end", ["i_low", "i_high"])
def test_the_head_has_the_category_s_colour_and_words_that_fit(category, end):
    drawn = card(report(getattr(category, end)))
    head = np.asarray(drawn)[:350]
    colour = ImageColor.getrgb(category.colour)
    edge = head[:, [*range(MARGIN - 10), *range(WIDTH - MARGIN + 4, WIDTH)]]
    assert (edge == colour).all()
    assert (head == ImageColor.getrgb(category.text_colour)).all(axis=-1).sum() > 5_000


def test_cards_of_different_categories_numbers_and_intervals_differ():
    pictures = {card(report(aqi)).tobytes() for aqi in (10, 60, 120, 121, 180, 250, 400, 500)}
    assert len(pictures) == 8


def test_the_mark_stands_where_the_number_is():
    for aqi in (0, 60, 250, 500):
        row = np.asarray(card(report(aqi)))[388]  # just above the coloured bands
        dark = np.flatnonzero(row.sum(axis=1) < 150)
        at = MARGIN + (WIDTH - 2 * MARGIN) * aqi / 500
        assert (abs(dark - at) < 9).any()


def test_what_raises_goes_right_of_the_axis_and_what_lowers_goes_left():
    raised = card(report(points={"photo": 20, "pm25": 10}))
    assert columns(raised, RAISED).min() >= AXIS - 1
    assert len(columns(raised, LOWERED)) == 0
    lowered = card(report(points={"pm25": -10}))
    assert columns(lowered, LOWERED).max() <= AXIS
    assert len(columns(lowered, RAISED)) == 0


def test_the_strongest_bar_is_longest_and_a_faint_one_stays_short():
    both = card(report(points={"photo": 40, "pm25": -20}))
    assert len(columns(both, RAISED)) == pytest.approx(2 * len(columns(both, LOWERED)), abs=4)
    assert len(columns(card(report(points={"photo": 1})), RAISED)) < 25


def test_no_bar_for_what_is_not_given():
    drawn = card(report(160, Reading(pm25=5), None, points={"photo": 30, "no2": 30}))
    assert len(columns(drawn, RAISED)) == 0


def test_a_site_has_its_bar_and_its_line_of_what_it_says_alone():
    points = {"site": -40.0}
    at_site = card(report(points=points, site=site_of(80, 120, 160, 400)))
    assert len(columns(at_site, LOWERED)) > 0
    assert len(columns(card(report(points=points)), LOWERED)) == 0
    assert at_site.height > card(report()).height


def test_a_heat_map_changes_the_right_picture_where_the_evidence_is():
    plain_map = SaliencyMap(np.zeros((3, 3), np.float32))
    cold, hot = (np.asarray(card(report(), heat)).astype(int) for heat in (plain_map, hot_left()))
    changed = np.abs(hot - cold).max(axis=-1) > 20
    changed[-900:] = False  # and the words below
    changed = np.flatnonzero(changed.any(axis=0))
    assert (changed.min(), changed.max() < 950) == (pytest.approx(620, abs=3), True)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_its_words_on_the_card(target):
    assert card(report(), hot_left(), target).tobytes() != card(report()).tobytes()


def test_a_png_has_the_picture_and_no_metadata():
    drawn = card(report())
    drawn.info["comment"] = "made at home"
    data = as_png(drawn)
    kinds, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        kinds.append(data[at + 4 : at + 8])
        at += 12 + length
    assert [kind for kind, _ in itertools.groupby(kinds)] == [b"IHDR", b"IDAT", b"IEND"]
    opened = Image.open(io.BytesIO(data))
    assert (opened.mode, opened.size, opened.info) == ("RGB", drawn.size, {})
    assert opened.tobytes() == drawn.tobytes()


def test_a_card_is_the_same_each_time():
    assert as_png(card(report(), hot_left())) == as_png(card(report(), hot_left()))


def test_a_model_s_long_foreign_name_keeps_within_the_card():
    named = card(renamed(report(), "空気 " + "model\n" * 200))
    assert (np.asarray(named)[360:, WIDTH - MARGIN + 10 :] == 255).all()


ENGLISH = "".join(map(chr, range(33, 127)))
PLACES = ("काठमाडौं", "दिल्ली", "क्षेत्र ज्ञान", "東京", "北京 广州", "台北", "さくら", "Ελλάδα", "Київ")


@pytest.mark.parametrize(
    "words", [ENGLISH, "PM₂.₅ 12 µg/m³ – “é” €", "AQI: काठमाडौं, 東京!", *PLACES]
)
def test_each_letter_has_a_glyph_of_its_own(words):
    for name, run in runs(words):
        known = TTFont(ASSETS / "fonts" / name).getBestCmap()
        assert [letter for letter in run if ord(letter) not in known] == []
    assert "".join(run for _, run in runs(words)) == words


@pytest.mark.parametrize("words", PLACES)
def test_a_place_is_drawn_as_its_letters_and_not_as_boxes(words):
    drawn, boxes = (written(text) for text in (words, "\ue000" * len(words)))
    assert drawn.tobytes() != boxes.tobytes()
    halves = [written(words[:1]), written(words[1:] or words)]
    assert len({part.tobytes() for part in (drawn, boxes, *halves)}) == 4


def written(words: str) -> Image.Image:
    sheet = CardCanvas((600, 80), PAGE)
    sheet.text((10, 60), words, 40, "#000000", anchor="ls")
    return sheet.image


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no Raqm")
def test_letters_of_devanagari_join():
    """In ज्ञ two letters become one sign, so the word is narrower than its letters side by side."""
    apart = sum(text_width(letter, 40) for letter in "ज्ञ")
    assert text_width("ज्ञ", 40) < 0.8 * apart


def test_a_letter_that_no_font_has_is_a_box_and_not_another_letter():
    assert written("가").tobytes() == written("\ue000").tobytes() != written("?").tobytes()
    assert plain("가 µg and PM₂.₅") == "가 µg and PM₂.₅"


def test_signs_that_turn_or_hide_others_are_left_out_and_joiners_stay():
    assert plain("a\u202eb\u200bc\x00d\ne\ufeff") == "abcd e"
    assert plain("क\u094d\u200dष") == "क\u094d\u200dष"


def test_words_of_several_scripts_fit_their_place_and_no_letter_loses_its_marks():
    sheet = CardCanvas((600, 80), PAGE)
    wide = sheet.text((10, 60), "काठमाडौं " * 40, 30, "#000000", anchor="ls", width=300)
    assert 250 < wide <= 300
    assert (np.asarray(sheet.image)[:, 312:] == 255).all()
    for width in range(60, 160, 3):
        _, cut = text_layout._fitted("काठमाडौं" * 9, 14, False, width)
        end = len(cut) - 3
        assert not unicodedata.category(("काठमाडौं" * 9)[end]).startswith("M")


@pytest.mark.parametrize(("anchor", "left"), [("ls", 300), ("ms", 300), ("rs", 300)])
def test_an_anchor_holds_for_a_line_of_several_fonts(anchor, left):
    sheet = CardCanvas((900, 80), PAGE)
    words = "AQI 東京 काठमाडौं"
    wide = sheet.text((left, 60), words, 30, "#000000", anchor=anchor)
    ink = np.flatnonzero((np.asarray(sheet.image) < 128).any(axis=(0, 2)))
    start = left - wide * {"l": 0, "m": 0.5, "r": 1}[anchor[0]]
    assert (ink.min(), ink.max()) == pytest.approx((start, start + wide), abs=5)


def test_wrapped_lines_keep_all_words_and_their_width():
    words = "the photo is left out because it is much too dark to tell anything"
    lines = wrapped(words, 24, 200)
    assert " ".join(lines) == words
    assert max(text_width(line, 24) for line in lines) <= 200
    assert wrapped("a" * 100, 24, 50) == ["a" * 100]


def test_the_table_has_signs_of_pollutants_and_units(monkeypatch):
    written = []
    text = CardCanvas.text
    monkeypatch.setattr(CardCanvas, "text", lambda *a, **b: written.append(a[2]) or text(*a, **b))
    card(report(120, READING, PHOTO, None, {"photo": 30, "pm25": -200}))
    assert {"PM₂.₅", f"{READING.pm25:g} µg/m³"} <= {*written}
