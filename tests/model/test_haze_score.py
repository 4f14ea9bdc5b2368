"""The haze score is a rank: rising with what the photo suggests, 0 to 100, with a word for each."""

import pytest

from aqfusion.model.haze_score import WORDS, haze_score

RANKS = [float(number) * number / 20 for number in range(101)]


def test_the_score_is_the_rank_of_what_the_photo_suggests():
    assert [haze_score(RANKS[number], RANKS).score for number in (0, 17, 50, 100)] == [
        0,
        17,
        50,
        100,
    ]


def test_between_and_beyond_the_ranks():
    assert haze_score((RANKS[40] + RANKS[41]) / 2, RANKS).score in (40, 41)
    assert (haze_score(-5.0, RANKS).score, haze_score(900.0, RANKS).score) == (0, 100)


@pytest.mark.parametrize(("least", "words"), WORDS)
def test_each_word_begins_at_its_score(least, words):
    assert haze_score(RANKS[least], RANKS).words == words
    if least:
        assert haze_score(RANKS[least - 1], RANKS).words != words
