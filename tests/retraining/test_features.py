"""The features file: what it holds, what it is bound to, and what it refuses."""

import json

import pytest
import torch
from safetensors import safe_open

from aqfusion.data.dataset_folder import read_folder
from aqfusion.model.checkpoint import FEATURES
from aqfusion.model.predictor import load_model
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.network.image_features import backbone_hash
from aqfusion.network.training_features import FeaturesError, load_features, save_features
from aqfusion.retraining.features import write_features
from aqfusion.retraining.holdout import holdout_groups, holdout_hash, near_duplicate_filter
from aqfusion.settings import ASSETS

SHIPPED = ASSETS / "models" / "mobilenetv2_100"


@pytest.fixture(scope="module")
def checkpoint(checkpoint_folder):
    return load_checkpoint(checkpoint_folder)


@pytest.fixture(scope="module")
def gathered(checkpoint, data_folder):
    return write_features(checkpoint, read_folder(data_folder), "planted", lambda text: None)


def test_what_was_gathered_comes_back_from_the_file(gathered, checkpoint, tmp_path):
    path = tmp_path / FEATURES
    sha256 = save_features(path, gathered)
    again = load_features(path, backbone_hash(checkpoint))
    assert (again.sessions, again.licence, again.sha256) == (gathered.sessions, "planted", sha256)
    for name in ("features", "statistics", "owner", "fingerprints", "fingerprint_owner"):
        assert torch.equal(getattr(again, name), getattr(gathered, name)), name


def test_frames_are_what_the_model_itself_sees(gathered, checkpoint, data_folder):
    rows = read_folder(data_folder)
    assert [session.key for session in gathered.sessions] == list(
        dict.fromkeys(row.session for row in rows)
    )
    from aqfusion.images.photo import Photo
    from aqfusion.network.pixel_tensors import stack

    images = stack([Photo.open(rows[0].photo)], checkpoint.config.image_size)
    with torch.no_grad():
        seen = checkpoint.network.image_encoder.pooled_features(images)
    torch.testing.assert_close(gathered.features[:1], seen, rtol=1e-2, atol=1e-2)
    assert len(gathered.owner) == len(gathered.fingerprints) == len(rows)


def test_another_trunk_is_refused(gathered, tmp_path):
    path = tmp_path / FEATURES
    save_features(path, gathered)
    with pytest.raises(FeaturesError, match="must be of the model's own trunk 00000000"):
        load_features(path, "0" * 64)


def test_an_absent_file_tells_how_it_is_made(tmp_path):
    with pytest.raises(FeaturesError, match="aqfusion features --data FOLDER makes it"):
        load_features(tmp_path / FEATURES, "0" * 64)


@pytest.mark.parametrize("cut", [0, 10, 5000])
def test_half_a_file_is_refused(gathered, tmp_path, cut):
    path = tmp_path / FEATURES
    save_features(path, gathered)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FeaturesError, match="must be a features file"):
        load_features(path, gathered.trunk)


def test_numbers_that_are_not_finite_are_refused(gathered, tmp_path):
    path = tmp_path / FEATURES
    before = gathered.features[0, 0].item()
    gathered.features[0, 0] = float("nan")
    save_features(path, gathered)
    gathered.features[0, 0] = before
    with pytest.raises(FeaturesError, match="not finite"):
        load_features(path, gathered.trunk)


def test_the_trunk_hash_is_that_of_the_trunk_alone(checkpoint):
    before = backbone_hash(checkpoint)
    encoder = checkpoint.network.image_encoder
    old = encoder.project.bias.clone()
    encoder.project.bias.add_(1)
    assert backbone_hash(checkpoint) == before
    encoder.project.bias.copy_(old)
    weight = next(iter(encoder.trunk.parameters()))
    old = weight.clone()
    weight.add_(1)
    assert backbone_hash(checkpoint) != before
    weight.copy_(old)
    assert backbone_hash(checkpoint) == before


def test_the_shipped_features_are_of_the_shipped_model_and_name_no_file():
    model = load_model("mobilenetv2_100").checkpoint
    features = load_features(SHIPPED / FEATURES, model.backbone_hash)
    assert {session.key for session in features.sessions} == {*model.config.sessions}
    assert torch.bincount(features.owner).max() == 8
    with safe_open(SHIPPED / FEATURES, "pt") as file:
        told = json.dumps(file.metadata())
    assert ".jpg" not in told
    assert "CC BY-NC-SA 3.0 IGO" in told
    assert (SHIPPED / FEATURES).stat().st_size < 3_000_000


def test_the_frozen_part_of_the_shipped_features_is_the_same_for_ever():
    trunk = load_model("mobilenetv2_100").checkpoint.backbone_hash
    features = load_features(SHIPPED / FEATURES, trunk)
    frozen = holdout_groups(features)
    assert len(frozen) == 15  # of 77
    assert holdout_hash(frozen)[:12] == "aac6e03dc503"
    by_place = {s.place for s in features.sessions if s.group in frozen}
    assert len(by_place) == 6  # Faridabad and Dimapur have too few days


def test_frozen_photos_and_cropped_ones_are_twins_and_others_are_not(gathered):
    groups = frozenset({gathered.sessions[0].group})
    mine = torch.tensor([s.group in groups for s in gathered.sessions])[gathered.owner]
    twins = near_duplicate_filter(gathered, groups)
    same = twins.among(gathered.features[mine], torch.zeros(int(mine.sum()), dtype=torch.int64))
    assert all(same)  # by what was seen
    far = -gathered.features[mine]
    assert all(twins.among(far, gathered.fingerprints[mine]))  # by the fingerprint
    assert not any(twins.among(far, ~gathered.fingerprints[mine]))
