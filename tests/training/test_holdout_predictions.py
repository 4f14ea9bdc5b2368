"""Held-out answers on disk, cut and joined."""

from dataclasses import fields
from pathlib import Path

import pytest
import torch

from aqfusion.data.dataset_folder import read_folder
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.training.holdout_predictions import (
    ALL_SHOWN,
    MASKS,
    HoldoutPredictions,
    concatenate,
    image_logits,
    predict_holdout,
)
from aqfusion.training.sessions import session_readings, sessions_of


def planted() -> HoldoutPredictions:
    """3 sessions with 2, 1 and 3 photos; every value tells where it came from."""
    session = torch.tensor([0, 0, 1, 2, 2, 2])
    return HoldoutPredictions(
        torch.arange(6.0)[:, None].expand(6, 50),
        10 + torch.arange(6.0)[:, None].expand(6, 50),
        session,
        torch.arange(3.0)[:, None, None].expand(3, 64, 50),
        torch.eye(3, 6, dtype=torch.bool),
        torch.tensor([10.0, 20.0, 30.0]),
        torch.tensor([0, 1, 0]),
    )


def assert_same(one: HoldoutPredictions, other: HoldoutPredictions) -> None:
    for field in fields(HoldoutPredictions):
        assert torch.equal(getattr(one, field.name), getattr(other, field.name)), field.name


def test_save_and_load_give_the_same_back(tmp_path: Path):
    planted().save(tmp_path / "new folder" / "held.safetensors")
    assert_same(HoldoutPredictions.load(tmp_path / "new folder" / "held.safetensors"), planted())


def test_where_keeps_the_photos_of_the_kept_sessions():
    kept = planted().where(torch.tensor([False, True, True]))
    assert kept.session.tolist() == [0, 1, 1, 1]
    assert kept.cnn_logits[:, 0].tolist() == [2, 3, 4, 5]
    assert kept.haze_logits[:, 0].tolist() == [12, 13, 14, 15]
    assert kept.sensor_logits[:, 0, 0].tolist() == [1, 2]
    assert kept.aqi[kept.session].tolist() == [20, 30, 30, 30]
    assert (kept.fold.tolist(), kept.present.shape) == ([1, 0], (2, 6))


def test_cut_by_fold_and_joined_again_every_photo_keeps_its_answer():
    whole = planted()
    parts = [whole.where(whole.fold == fold) for fold in (0, 1)]
    again = concatenate(parts)
    assert again.cnn_logits[:, 0].tolist() == [0, 1, 3, 4, 5, 2]
    assert again.haze_logits[:, 0].tolist() == [10, 11, 13, 14, 15, 12]
    assert again.aqi[again.session].tolist() == [10, 10, 30, 30, 30, 20]
    assert again.sensor_logits[again.session, 0, 0].tolist() == [0, 0, 2, 2, 2, 1]


def test_joined_of_one_part_is_that_part():
    assert_same(concatenate([planted()]), planted())


def test_masks_are_all_subsets_and_the_last_shows_all():
    assert MASKS.shape == (64, 6)
    assert len({tuple(mask) for mask in MASKS.tolist()}) == 64
    assert bool(MASKS[ALL_SHOWN].all())
    assert not bool(MASKS[0].any())


def test_listening_asks_about_every_photo_and_every_mask(data_folder, checkpoint_folder):
    network = load_checkpoint(checkpoint_folder).network
    sessions = sessions_of(read_folder(data_folder))[:3]
    held_out = predict_holdout(network, sessions, 64, lambda _: None)
    assert held_out.cnn_logits.shape == held_out.haze_logits.shape == (9, 50)
    assert held_out.session.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert held_out.aqi.tolist() == [session.aqi for session in sessions]
    assert held_out.fold.tolist() == [session.fold for session in sessions]
    with torch.no_grad():
        readings = session_readings(sessions)
        hidden = readings.masked_fill(~MASKS[5], float("nan"))
        encoder = network.sensor_encoder
        alone = network.head(encoder(encoder.standardise(hidden)))
    assert held_out.sensor_logits[:, 5] == pytest.approx(alone, abs=1e-5)
    assert torch.equal(held_out.present, ~readings.isnan())
    limited = predict_holdout(network, sessions, 64, lambda _: None, limit=2)
    assert limited.session.tolist() == [0, 0, 1, 1, 2, 2]
    assert (limited.cnn_logits - held_out.cnn_logits[[0, 1, 3, 4, 6, 7]]).abs().max() < 1e-4


def test_the_two_branches_mixed_are_what_the_network_says_of_a_photo(checkpoint_folder):
    network = load_checkpoint(checkpoint_folder).network
    images = torch.randint(256, (3, 3, 64, 64), generator=torch.Generator().manual_seed(0)).byte()
    cnn, haze = image_logits(network, images)
    assert (cnn - haze).abs().max() > 0.1
    share = network.image_encoder.haze_share
    mixed = (1 - share) * cnn + share * haze
    assert (mixed - network.head(network.image_encoder(images))).abs().max() < 1e-4
