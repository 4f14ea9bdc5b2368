"""What tests share: a planted data folder, an untrained model, and the real data where it lies."""

from pathlib import Path

import pytest
import torch

from aqfusion.evaluation import baselines, scores
from aqfusion.model.checkpoint import Checkpoint, Config, save_checkpoint
from aqfusion.model.guard import Guard
from aqfusion.model.network import AQFusionNet, Architecture
from aqfusion.photo import Photo
from aqfusion.release import measure, train
from aqfusion.scenes.nothing import nothing
from aqfusion.settings import load_settings
from aqfusion.training import calibrate, guard_fitting, teacher, workshop
from tests.planted import planted_records, write_folder

torch.set_num_threads(1)

ARCHITECTURE = Architecture("mobilenetv2_100", (4.0, 4.5, 3.0, 0.7, 2.0, 3.0), (1.0,) * 6)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 sessions of 3 small photos whose haze follows the AQI, in the Kaggle layout."""
    return write_folder(tmp_path_factory.mktemp("data"), planted_records())


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings and figures in seconds: what is tested with them is the way, not the skill."""
    shrink(monkeypatch)


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Forests of 3 trees, frames of 64 pixels, few steps and few resamples."""
    patch.setattr(teacher, "TREES", 3)
    patch.setattr(teacher, "LESSONS", 300)
    patch.setattr(baselines, "_TREES", 3)
    patch.setattr(calibrate, "_STEPS", 2)
    patch.setattr(scores, "_RESAMPLES", 5)
    patch.setattr(train, "STORED_SIZE", 64)
    patch.setattr(workshop, "STORED_SIZE", 64)
    patch.setattr(measure, "non_sky_pictures", lambda: {"blank": {"0": Photo.of(nothing(0))}})
    patch.setattr(guard_fitting, "STORED_SIZE", 64)
    patch.setattr(guard_fitting, "FRAMES", 1)


@pytest.fixture(scope="session")
def checkpoint_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model on disk; a test that damages it copies it first."""
    torch.manual_seed(0)
    network = AQFusionNet(ARCHITECTURE).eval().requires_grad_(False)
    torch.nn.init.normal_(network.gate.weight.weight, std=0.3)
    config = Config(
        ARCHITECTURE,
        96,
        {"fused": 0.9, "image_only": 1.2, "sensors_only": 1.1, "nothing": 1.0},
        {"fused": 0.43, "image_only": 0.45, "sensors_only": 0.44, "nothing": 0.5},
        ("Alphaville|2023|2|1|8:00",),
        {"data_licence": "none, nothing was learned", "backbone_weights": "none: from scratch"},
    )
    folder = tmp_path_factory.mktemp("models") / "untrained"
    save_checkpoint(folder, Checkpoint(network, Guard(1280), config, {"n": 0}))
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The public data set, where AQFUSION_DATA names it."""
    folder = load_settings().data
    if folder is None:
        pytest.skip("AQFUSION_DATA names no data folder")
    return folder
