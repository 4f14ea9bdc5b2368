"""What labels mean, which of them are learned from, and how much they weigh."""

import numpy as np
import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.labels.adjudication import AdjudicatedLabel
from aqfusion.model.architecture import HAZE_STATISTICS
from aqfusion.network.image_features import ImageFeatures
from aqfusion.network.torch_bins import category_probabilities, mean, smoothed_targets
from aqfusion.network.training_features import Features, TrainingSessionFeatures
from aqfusion.retraining.corrections import corrections
from aqfusion.retraining.holdout import holdout_groups, near_duplicate_filter
from aqfusion.retraining.label_targets import group_of, label_interval, us_aqi
from aqfusion.retraining.training_set import (
    CorrectedSession,
    cluster_sessions,
    interval_target,
    training_tensors,
)
from tests.planted_retrain import NOW

WIDTH = 12


def features(groups: int = 12) -> Features:
    """One place, a session of 4 photos and 2 frames per group."""
    generator = torch.Generator().manual_seed(0)
    sessions = tuple(
        TrainingSessionFeatures(
            f"s{n}", "Alphaville", f"Alphaville|2023-02-{n:02}", 40.0 * n, Reading(pm25=n), 4
        )
        for n in range(1, groups + 1)
    )
    frames = torch.randn((2 * groups, WIDTH), generator=generator)
    owner = torch.arange(groups).repeat_interleave(2)
    prints = torch.arange(2 * groups) << 40
    return Features(
        "t", "none", sessions, frames, torch.rand(2 * groups, HAZE_STATISTICS), owner, prints, owner
    )


def value(item: int, **more) -> AdjudicatedLabel:
    known = {
        "key": str(item),
        "photo_hash": f"{item:064x}",
        "reading": Reading(pm25=80.0),
        "standard": "us",
        "category": 2,
        "aqi": None,
        "cant_tell": None,
        "by": "agreement",
        "last_event": item,
        "split": "train",
        "group": "Deltapur|2023-03-01",
        "place": "Deltapur",
        "taken_at": None,
        "origin": "import",
        "licence": None,
    }
    return AdjudicatedLabel(item=item, **{**known, **more})


class Seen:
    """Photos as `SeenPhotos` gives them: all but those in `absent`, each different."""

    def __init__(self, known: Features, absent: tuple[str, ...] = (), frozen: str = "") -> None:
        self.known, self.absent, self.frozen = known, absent, frozen
        self.asked: list[str] = []

    def features_of(self, hashes, report):
        self.asked = [*hashes]
        return {digest: self._look(digest) for digest in self.asked if digest not in self.absent}

    def _look(self, digest: str) -> ImageFeatures:
        seed = int(digest[-8:], 16)
        look = torch.randn((1, WIDTH), generator=torch.Generator().manual_seed(1000 + seed))
        if digest == self.frozen:
            kept = holdout_groups(self.known)
            number = next(n for n, s in enumerate(self.known.sessions) if s.group in kept)
            look = self.known.features[self.known.owner == number][:1]
        prints = torch.tensor([(1 << 62) + 4099 * seed * seed])
        return ImageFeatures(look, torch.zeros(1, HAZE_STATISTICS), prints)


def gathered(values, **more):
    known = features()
    frozen = holdout_groups(known)
    seen = Seen(known, **more)
    return corrections(
        values, seen, near_duplicate_filter(known, frozen), frozen, lambda text: None
    ), seen


def test_items_of_one_group_and_reading_are_one_session():
    found, _ = gathered(
        [
            value(1),
            value(2, aqi=140),
            value(3, reading=Reading(pm25=81.0)),
            value(4, group="Deltapur|2023-03-02"),
        ]
    )
    assert [session.items for session in found.sessions] == [(1, 2), (3,), (4,)]
    assert found.sessions[0].bands == ((101.0, 150.0), (140.0, 140.0))
    assert found.sessions[0].aqi == (125.5 + 140) / 2
    assert found.items == 4
    assert found.excluded == ()


def test_what_cannot_be_learned_is_left_out_with_the_reason():
    frozen = sorted(holdout_groups(features()))[0]
    missing, twin = f"{3:064x}", f"{4:064x}"
    found, seen = gathered(
        [
            value(1, category=None, cant_tell="night"),
            value(2, group=frozen),
            value(3),
            value(4),
            value(5),
        ],
        absent=(missing,),
        frozen=twin,
    )
    assert found.excluded == (
        (1, "cant_tell"),
        (2, "frozen_group"),
        (3, "no_photo"),
        (4, "frozen_twin"),
    )
    assert [session.items for session in found.sessions] == [(5,)]
    assert len(seen.asked) == 3  # nobody looks at what is left out anyway


def test_the_group_of_an_item_without_one_is_its_place_and_day_else_its_photo():
    assert group_of(value(1, group=None, taken_at=NOW)) == "Deltapur|2026-11-02"
    assert group_of(value(1, group=None)) == f"photo {1:064x}"


def test_an_item_of_a_frozen_day_is_left_out_though_nobody_named_its_group():
    frozen = sorted(holdout_groups(features()))[0]
    day = NOW.replace(year=2023, month=2, day=int(frozen[-2:]))
    found, _ = gathered([value(1, group=None, place="Alphaville", taken_at=day)])
    assert found.excluded == ((1, "frozen_group"),)


@pytest.mark.parametrize(
    ("key", "category", "band"),
    [
        ("us", 0, (0.0, 50.0)),
        ("us", 5, (301.0, 500.0)),
        ("india", 0, (0.0, 89.0)),  # PM2.5 up to 30
        ("india", 2, (154.0, 175.0)),  # 61 to 90, US: 55.5 is 151, 125.4 is 200
    ],
)
def test_a_category_is_a_band_of_the_us_index(key, category, band):
    assert label_interval(key, category) == pytest.approx(band, abs=1.5)


def test_india_s_index_rises_with_the_us_one():
    brought = [us_aqi("india", aqi) for aqi in range(0, 501, 20)]
    assert brought == sorted(brought)
    assert (brought[0], brought[-1]) == (0.0, 500.0)


def test_a_band_s_target_lies_in_the_band_and_a_number_s_is_as_ever():
    low, high = torch.tensor([101.0, 140.0]), torch.tensor([150.0, 140.0])
    target = interval_target(low, high, 3.0)
    assert category_probabilities(target)[0, 2] > 0.9
    assert mean(target).tolist() == pytest.approx([125.5, 140.0], abs=1)
    torch.testing.assert_close(target[1:], smoothed_targets(high[1:], 3.0))
    inside = target[0, 10:15]
    assert inside.max() < 1.4 * inside.min()  # anywhere in the band alike


def corrected(number: int, **more) -> CorrectedSession:
    known = {
        "group": f"g{number}",
        "place": "Deltapur",
        "reading": Reading(pm25=100.0 + number),
        "items": (number,),
        "bands": ((300.0, 300.0),),
        "features": torch.zeros(1, WIDTH),
        "statistics": torch.zeros(1, HAZE_STATISTICS),
    }
    return CorrectedSession(**{**known, **more})


def test_frozen_sessions_are_not_in_the_material():
    known = features()
    frozen = holdout_groups(known)
    assert 0 < len(frozen) < 4
    material = training_tensors(known, frozen, [corrected(1)], 15.0)
    kept = [s.aqi for s in known.sessions if s.group not in frozen]
    assert material.aqi.tolist() == [*kept, 300.0]
    assert material.measured == len(kept)
    assert torch.bincount(material.owner).tolist() == [*[2] * len(kept), 1]
    assert material.targets[-1].argmax() == 29


@pytest.mark.parametrize(("count", "share"), [(1, None), (40, 0.5), (4000, 0.5)])
def test_all_corrections_together_weigh_no_more_than_the_training_set(count, share):
    material = training_tensors(
        features(), frozenset(), [corrected(number) for number in range(count)], 15.0
    )
    measured, own = material.chance[:12], material.chance[12:]
    assert measured.tolist() == [2.0] * 12
    if share is None:
        assert own.tolist() == [5.0]  # as a session of 25 photos
    else:
        assert own.sum().item() == pytest.approx(24.0, rel=1e-4)
    drawn = material.frame_chance / material.frame_chance.sum()
    assert drawn[material.owner >= 12].sum().item() == pytest.approx(
        own.sum().item() / (24 + own.sum().item()), rel=1e-4
    )


def test_many_corrections_are_averaged_for_the_committee():
    values = np.linspace(1, 5, 300)
    many = [
        corrected(n, reading=Reading(pm25=float(np.exp(v))), bands=((100 * v, 100 * v),))
        for n, v in enumerate(values)
    ]
    many.append(corrected(999, reading=Reading()))  # says nothing of readings
    material = training_tensors(features(), frozenset(), many, 15.0)
    standardised = torch.log1p(material.readings)
    points = cluster_sessions(material, standardised, seed=0)
    assert len(points.aqi) == 24  # as many as training sessions
    own = points.readings[12:, 0].expm1().log()  # back to v
    assert (points.aqi[12:] / 100).tolist() == pytest.approx(own.tolist(), abs=0.1)
    assert points.weights[12:].sum().item() == pytest.approx(24.0 * 300 / 301, rel=1e-3)
    assert bool(points.readings[12:, 1:].isnan().all())
