"""What belongs together stays together: sessions, days, and photos that stand there twice."""

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqfusion.data.dataset_folder import read_folder
from aqfusion.data.group_split import FOLDS, assign_folds, group_by_place_day


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Six files; the second and the fifth hold the same bytes."""
    paths = [tmp_path / f"{number}.jpg" for number in range(6)]
    for path, content in zip(paths, (b"a", b"twin", b"c", b"d", b"twin", b"f"), strict=True):
        path.write_bytes(content)
    return paths


def test_a_group_is_a_place_day(photos):
    sessions = ["d1|8", "d1|8", "d1|12", "d2|8", "d2|8", "d3|8"]
    photos[4].write_bytes(b"no twin")
    days = ["d1", "d1", "d1", "d2", "d2", "d3"]
    assert group_by_place_day(sessions, days, photos) == days


def test_identical_photos_merge_two_place_days(photos):
    sessions = ["d1|8", "d1|8", "d1|12", "d2|8", "d2|8", "d3|8"]
    groups = group_by_place_day(sessions, ["d1", "d1", "d1", "d2", "d2", "d3"], photos)
    assert len(set(groups[:5])) == 1
    assert groups[5] == "d3"


def test_merging_goes_on_through_a_third_day(photos):
    photos[5].write_bytes(b"d")  # d3 is tied to d2, d2 to d1
    days = ["d1", "d1", "d1", "d2", "d2", "d3"]
    assert len(set(group_by_place_day([f"{day}|8" for day in days], days, photos))) == 1


def test_a_session_over_midnight_keeps_its_days_together(photos):
    groups = group_by_place_day(["s"] * 2 + ["t"] * 4, ["d1", "d2"] + ["d3"] * 4, photos)
    assert groups[0] == groups[1]


def test_the_order_of_places_and_the_largest_group_decide():
    groups = ["big"] * 5 + ["small"] + ["other"] * 2 + ["late"]
    places = ["A"] * 6 + ["B"] * 3
    assert assign_folds(groups, places) == {"big": 0, "small": 1, "other": 2, "late": 3}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 9)), min_size=1, max_size=60))
def test_folds_depend_on_names_and_sizes_alone(pairs):
    groups = [f"{place}{day}" for place, day in pairs]
    places = [place for place, _ in pairs]
    folds = assign_folds(groups, places)
    assert set(folds) == set(groups)
    assert set(folds.values()) <= set(range(FOLDS))
    assert assign_folds(groups[::-1], places[::-1]) == folds
    for place in set(places):  # as many folds as its days allow
        own = {folds[group] for group in groups if group[0] == place}
        assert len(own) == min(FOLDS, len({group for group in groups if group[0] == place}))


def assert_no_leak(rows) -> None:
    folds_of = defaultdict(set)
    for row in rows:
        folds_of["group", row.group].add(row.fold)
        folds_of["session", row.session].add(row.fold)
        folds_of["bytes", row.photo.read_bytes()].add(row.fold)
    assert {len(folds) for folds in folds_of.values()} == {1}


def test_no_group_session_or_photo_is_in_two_folds(data_folder):
    rows = read_folder(data_folder)
    assert_no_leak(rows)
    assert {row.fold for row in rows} == set(range(FOLDS))
    assert read_folder(data_folder) == rows


def test_no_group_session_or_photo_of_the_real_data_is_in_two_folds(real_data):
    assert_no_leak(read_folder(real_data))
