"""`metrics.json` on the planted folder: its schema, and that nothing is done twice or lost."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from aqfusion import __version__
from aqfusion.data.dataset_folder import DatasetRow, read_folder
from aqfusion.errors import InputError
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.release import measure_metrics, model_card
from aqfusion.training.protocols import split
from aqfusion.training.recipe import Recipe
from tests.conftest import shrink

pytestmark = pytest.mark.long
LICENCE = "CC0: planted here"
LEAK_SAFE, PAPER = ("leak-safe", "resnet18"), ("paper", "resnet18")
FIGURES = {"accuracy", "macro_f1", "kappa", "rmse", "mae", "r2"}
KINDS = {"fused", "image_only", "sensors_only"}
MODELS = {"planted": {"title": "Planted"}}


class Killed(BaseException):
    """What a kill -9 would be."""


@dataclass
class Weights:
    """Random initial weights, and the smallest recipe there is."""

    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def __call__(self, network: AQFusionNet, name: str) -> None:
        """Leave the trunk as it was made."""

    def recipe(self, name: str, protocol: str, seed: int) -> Recipe:
        """One epoch of one frame per session."""
        self.asked.append((name, protocol, seed))
        return Recipe(
            name,
            epochs=1,
            frames_per_session=1,
            image_size=48,
            sensor_steps=1,
            haze_steps=1,
            committee=False,
            seed=seed,
        )


def small(patch: pytest.MonkeyPatch) -> None:
    shrink(patch)
    patch.setattr(measure_metrics, "shipped_models", lambda: MODELS)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small(monkeypatch)


@pytest.fixture(scope="module")
def rows(data_folder: Path) -> tuple[DatasetRow, ...]:
    return read_folder(data_folder)


@dataclass(frozen=True)
class Place:
    """Where one user's trainings and figures lie."""

    rows: tuple[DatasetRow, ...]
    folder: Path

    @property
    def out(self) -> Path:
        """The metrics file."""
        return self.folder / "metrics.json"

    def measure(self, *runs: tuple[str, str], report=None, heat_maps=None) -> list[str]:
        """Measure the runs; what was reported."""
        told: list[str] = []
        report = report or told.append
        kept = self.folder / "kept"
        weights = Weights()
        found = measure_metrics.MetricsMeasurement(
            self.rows, LICENCE, weights, kept, report, heat_maps
        )
        found.run(runs, self.out)
        return told

    def metrics(self) -> dict:
        """What the file holds."""
        return json.loads(self.out.read_text())


@pytest.fixture(scope="module")
def measured(rows, tmp_path_factory) -> Place:
    """Both protocols by one call; a test that changes it would change it for all."""
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        place = Place(rows, tmp_path_factory.mktemp("measured"))
        place.measure(LEAK_SAFE, PAPER)
    return place


def assert_scores(scores: dict) -> None:
    assert set(scores) == {"photos", "sessions", "session_rmse"}
    for unit in ("photos", "sessions"):
        assert set(scores[unit]) == FIGURES
        assert all(len(triple) == 3 for triple in scores[unit].values())
    assert scores["session_rmse"] >= 0


def test_the_file_has_the_heads_that_readers_rely_on(measured, rows):
    metrics = measured.metrics()
    assert set(metrics) == {"format", "code_version", "data", "published", "models", "protocols"}
    assert (metrics["format"], metrics["code_version"]) == (1, __version__)
    assert metrics["models"] == MODELS
    assert (metrics["data"]["licence"], metrics["data"]["source"]) == ("CC0", "planted here")
    assert metrics["published"] == {
        "source": "arXiv 2509.00353",
        "backbone": "efficientnet_b0",
        "accuracy": 0.9202,
        "rmse": 7.70,
    }
    counts = {name: metrics["data"][name] for name in ("photos", "sessions", "groups")}
    assert counts == {"photos": 36, "sessions": 12, "groups": len({row.group for row in rows})}
    places = ("Alphaville", "Betatown, North", "Gammapur")
    assert metrics["data"]["places"] == {name: {"photos": 12, "sessions": 4} for name in places}


@pytest.mark.parametrize("name", ["leak-safe", "paper"])
def test_a_protocol_has_baselines_and_a_run_per_backbone(measured, name):
    tested = [s for part in split(name, measured.rows, measure_metrics.SEED) for s in part.test]
    photos = sum(len(session.rows) for session in tested)
    entry = measured.metrics()["protocols"][name]
    of_history = {"history_baselines"} if name in measure_metrics.HISTORY_DRAWS else set()
    assert set(entry) == {"says", "baselines", "backbones"} | of_history
    assert entry["says"].endswith(".")
    assert set(entry["baselines"]) == {
        "constant",
        "ridge",
        "extra_trees",
        "gaussian_process",
        "us_formula",
        "haze_trees",
    }
    for scores in entry["baselines"].values():
        assert_scores(scores)
    assert list(entry["backbones"]) == ["resnet18"]
    run = entry["backbones"]["resnet18"]
    assert {"recipe", "kinds", "late_fusion", "partial_sensors", "sessions"} <= set(run)
    recipe = asdict(Weights().recipe("resnet18", name, measure_metrics.SEED))
    assert run["recipe"] == json.loads(json.dumps(recipe))
    assert_scores(run["late_fusion"])
    of_sessions = sorted((row["place"], row["photos"]) for row in run["sessions"])
    assert of_sessions == sorted((session.place, len(session.rows)) for session in tested)
    assert set(run["sessions"][0]) == {"session", "place", "photos", "measured", *KINDS}
    assert ("guard" in run) == (name == "leak-safe")
    partial = run["partial_sensors"]
    assert set(partial) == {"by_readings", "mean_over_masks", "fused_wins"}
    assert set(partial["by_readings"][0]) == {
        "readings",
        "masks",
        "sensors_only",
        "fused",
        "better_single",
    }
    assert set(run["kinds"]) == KINDS
    for kind in run["kinds"].values():
        assert_scores(kind["scores"])
        assert sum(map(sum, kind["confusion"])) == photos
        assert sum(place["photos"] for place in kind["per_place"].values()) == photos
        assert set(kind["calibration"]["before"]) == {"ece", "brier"}
        assert set(kind["interval"]) == {"coverage", "width"}
        assert set(kind["interval_by_readings"][0]) == {"readings", "coverage", "width"}


def test_a_second_call_trains_nothing_and_writes_the_same(measured):
    before = measured.out.read_bytes()
    told = measured.measure(LEAK_SAFE, PAPER)
    assert not [text for text in told if "epoch" in text or "readings learned" in text]
    assert measured.out.read_bytes() == before


def test_one_protocol_after_the_other_is_the_same_as_both_and_keeps_the_first(measured, tmp_path):
    place = Place(measured.rows, tmp_path)
    place.measure(PAPER)
    first = place.metrics()["protocols"]["paper"]
    assert list(place.metrics()["protocols"]) == ["paper"]
    with pytest.raises(Killed):
        place.measure(LEAK_SAFE, report=killed_at("fold2: epoch 1/1"))
    assert place.metrics()["protocols"] == {"paper": first}  # never half a protocol
    told = place.measure(LEAK_SAFE)
    trained = [text.split(":")[0] for text in told if "epoch" in text]
    assert trained == ["fold2", "fold3", "fold4"]
    assert place.metrics()["protocols"] == measured.metrics()["protocols"]


def test_heat_maps_are_measured_leak_safe_only_beside_all_other_figures(measured):
    asked = []

    def heat_maps(experiment, parts, seed) -> dict:
        asked.append((experiment.recipe.backbone, [part.name for part in parts], seed))
        return {"planted": 1}

    before = measured.metrics()
    measured.measure(LEAK_SAFE, PAPER, heat_maps=heat_maps)
    assert asked == [
        ("resnet18", ["fold0", "fold1", "fold2", "fold3", "fold4"], measure_metrics.SEED)
    ]
    after = measured.metrics()
    run = after["protocols"]["leak-safe"]["backbones"]["resnet18"]
    assert run.pop("heat_maps") == {"planted": 1}
    assert after == before
    measured.measure(LEAK_SAFE, PAPER)  # as the other tests expect it


def killed_at(words: str):
    def report(text: str) -> None:
        if words in text:
            raise Killed

    return report


def test_figures_of_another_backbone_and_of_unknown_protocols_are_kept(measured, tmp_path):
    place = Place(measured.rows, tmp_path)
    kept = {"says": "Planted.", "backbones": {"resnet18": {"planted": 1}}}
    known = {"format": 1, "protocols": {"paper": kept, "older": kept}, "models": {}}
    place.out.write_text(json.dumps(known))
    place.measure(("paper", "mobilenetv2_100"))
    protocols = place.metrics()["protocols"]
    assert protocols["older"] == kept
    assert list(protocols["paper"]["backbones"]) == ["resnet18", "mobilenetv2_100"]
    assert protocols["paper"]["backbones"]["resnet18"] == {"planted": 1}


def test_what_cannot_be_split_leaves_no_file(rows, tmp_path):
    place = Place(rows[:3], tmp_path)
    with pytest.raises(InputError, match="protocol leak-safe needs at least 2 parts"):
        place.measure(LEAK_SAFE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'{"format": 1, "proto', " must be valid JSON: "),
        (b"", " must be valid JSON: "),
        (b"\xff\xfe{}", " must be valid JSON: "),
        (b"[1]", " must hold one JSON object, got list"),
        (b'{"format": 1}', ": protocols must hold backbones by protocol, got something else"),
        (b'{"format": 2, "protocols": {}}', ": format must be 1, got 2; move the file away"),
        (b"{}", ": format must be 1, got None; move the file away"),
        (b'{"format": 1, "protocols": [1]}', ": protocols must hold backbones by protocol"),
        (b'{"format": 1, "protocols": {"paper": {}}}', ": protocols must hold backbones by"),
        (b'{"format": 1, "protocols": {"paper": {"backbones": []}}}', ": protocols must hold"),
    ],
)
def test_a_damaged_file_is_refused_before_any_work_and_left_alone(rows, tmp_path, content, rule):
    place = Place(rows, tmp_path)
    place.out.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(f"{place.out}{rule}")):
        place.measure(PAPER, report=pytest.fail)
    assert place.out.read_bytes() == content
    assert list(tmp_path.iterdir()) == [place.out]


def test_a_shipped_model_is_told_by_size_origin_and_time(checkpoint_folder, monkeypatch, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "untrained").symlink_to(checkpoint_folder)
    (tmp_path / "scenes").symlink_to(model_card.ASSETS / "scenes")
    monkeypatch.setattr("aqfusion.model.predictor.ASSETS", tmp_path)
    monkeypatch.setattr(model_card, "ASSETS", tmp_path)
    told = model_card.shipped_models()
    assert list(told) == ["untrained"]
    weights = checkpoint_folder / "model.safetensors"
    config = json.loads((checkpoint_folder / "config.json").read_text())
    about = told["untrained"]
    assert about["embed_ms"] > about["predict_ms"] > 0
    assert {k: v for k, v in about.items() if k not in ("embed_ms", "predict_ms")} == {
        "title": "MobileNetV2",
        "bytes": weights.stat().st_size,
        "sha256": config["sha256"]["model.safetensors"],
        "parameters": about["parameters"],
        "backbone_weights": "none: from scratch",
    }
    assert 2_000_000 < about["parameters"] < 3_000_000
