"""What tests share: a planted data folder, an untrained model, and the real data where it lies."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch
from streamlit.components.v2 import manifest_scanner

from aqfusion.evaluation import baselines, scores
from aqfusion.images.photo import Photo
from aqfusion.labels.store import LabelStore
from aqfusion.model.architecture import Architecture
from aqfusion.model.config import Config
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint, save_checkpoint
from aqfusion.network.photo_screen import PhotoScreen
from aqfusion.release import measure_metrics, train_model
from aqfusion.settings import load_settings
from aqfusion.synthetic_scenes.non_sky import nothing
from aqfusion.training import calibration, distillation, experiment, photo_screening_training
from aqfusion.ui import usage
from aqfusion.ui.labels import sign_in_form, store_session
from tests.planted import planted_records, write_folder
from tests.planted_sites import save_with_sites

torch.set_num_threads(1)
# Streamlit's test runner reads the metadata of all installed packages for every page it opens,
# half a second each; none of them comes or goes while tests run.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

ARCHITECTURE = Architecture("mobilenetv2_100", (4.0, 4.5, 3.0, 0.7, 2.0, 3.0), (1.0,) * 6)


@pytest.fixture(scope="session", autouse=True)
def _home_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What pages keep on their own account, as counts of what was uploaded, is not the user's."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AQFUSION_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _cheap_pins() -> Iterator[None]:
    """A PIN's hash takes 50 ms on purpose; what is tested is what is done with it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("aqfusion.labels.passwords._MEMORY_KIB", 8)
        yield


@pytest.fixture(autouse=True)
def _counts_do_not_wait() -> Iterator[None]:
    """What a test's visitors brought is counted in its own home, not while the next one runs."""
    yield
    usage._tally.clear()


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
    patch.setattr(distillation, "TREES", 3)
    patch.setattr(distillation, "LESSONS", 300)
    patch.setattr(baselines, "_TREES", 3)
    patch.setattr(calibration, "_STEPS", 2)
    patch.setattr(scores, "RESAMPLES", 5)
    patch.setattr(train_model, "STORED_SIZE", 64)
    patch.setattr(experiment, "STORED_SIZE", 64)
    patch.setattr(
        measure_metrics, "non_sky_pictures", lambda: {"blank": {"0": Photo.from_image(nothing(0))}}
    )
    patch.setattr(photo_screening_training, "STORED_SIZE", 64)
    patch.setattr(photo_screening_training, "FRAMES", 1)


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
    save_checkpoint(folder, Checkpoint(network, PhotoScreen(1280), config, {"n": 0}))
    return folder


@pytest.fixture(scope="session")
def site_model_folder(tmp_path_factory: pytest.TempPathFactory, checkpoint_folder: Path) -> Path:
    """The untrained model with a site process that knows three places."""
    return save_with_sites(tmp_path_factory.mktemp("models") / "sites", checkpoint_folder)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The public data set, where AQFUSION_DATA names it."""
    folder = load_settings().data
    if folder is None:
        pytest.skip("AQFUSION_DATA names no data folder")
    return folder


@pytest.fixture(scope="session")
def empty_labels(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A label store without anything in it: making its tables anew for every test takes long."""
    path = tmp_path_factory.mktemp("empty") / "labels.db"
    LabelStore.open(str(path), "photos").close()
    return path.read_bytes()


@pytest.fixture
def labels_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_labels: bytes
) -> Iterator[Path]:
    """A home with an empty label store, which pages open as their own, and no other settings."""
    for name in [name for name in os.environ if name.startswith("AQFUSION_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    (home / "labels").mkdir(parents=True)
    (home / "labels" / "labels.db").write_bytes(empty_labels)
    monkeypatch.setenv("AQFUSION_HOME", str(home))
    for cached in (store_session._opened, sign_in_form._code, sign_in_form._tries):
        cached.clear()
    yield home
    store_session._opened.clear()  # and closes the store


@pytest.fixture
def labels(labels_home: Path) -> Iterator[LabelStore]:
    """The store in `labels_home`, opened beside the pages."""
    store = LabelStore.from_settings(load_settings())
    yield store
    store.close()
