"""Training on the planted folder: it runs to the end, resumes exactly, and keeps folds apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from aqfusion.data.dataset_folder import DatasetRow, read_folder
from aqfusion.evaluation.model_evaluation import evaluate
from aqfusion.model.architecture import HAZE_STATISTICS, WeightsError
from aqfusion.model.config import ModelError
from aqfusion.model.predictor import Predictor
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import load_checkpoint, served
from aqfusion.network.trunks import load_pretrained
from aqfusion.release import train_model
from aqfusion.release.train_model import TrainingError
from aqfusion.training.recipe import Recipe, TrainingSet
from aqfusion.training.sessions import sessions_of
from aqfusion.training.training_loop import TrainingRun

RECIPE = Recipe(
    epochs=1,
    frames_per_session=2,
    image_size=48,
    batch_size=12,
    sensor_steps=5,
    haze_steps=3,
    committee=False,  # test_small_parts has it; it costs seconds per network
)
pytestmark = pytest.mark.usefixtures("_tiny")
KINDS = ["fused", "image_only", "sensors_only"]
FIGURES = [
    "accuracy",
    "rmse",
    "mae",
    "session_rmse",
    "interval_coverage",
    "interval_width",
]


@pytest.fixture(scope="module")
def rows(data_folder: Path) -> tuple[DatasetRow, ...]:
    return read_folder(data_folder)


def random_weights(network: AQFusionNet, name: str) -> None:
    """Leave the trunk as it was made."""


def run(rows, out: Path, recipe: Recipe = RECIPE, **changes) -> dict:
    options = {
        "pretrained": random_weights,
        "cross_validate": False,
        "about": {"data_licence": "planted"},
        "report": lambda _: None,
    }
    return train_model.train(rows, recipe, out, **(options | changes))


class Killed(BaseException):
    """What a kill -9 would be."""


def kill_at(words: str):
    def report(text: str) -> None:
        if words in text:
            raise Killed

    return report


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def assert_figures(metrics: dict, photos: int, sessions: int, *more: str) -> None:
    assert sorted(metrics) == sorted(["n", "sessions", "protocol", *KINDS, *more])
    assert (metrics["n"], metrics["sessions"]) == (photos, sessions)
    assert metrics["protocol"].startswith("leak-safe")
    for kind in KINDS:
        assert sorted(metrics[kind]) == sorted(FIGURES)
        assert 0 <= metrics[kind]["accuracy"] <= 1
        assert metrics[kind]["mae"] <= metrics[kind]["rmse"] <= 500


def test_training_with_one_validation_fold_gives_a_model_and_its_figures(rows, tmp_path):
    metrics = run(rows, tmp_path / "model")
    kept_out = [row for row in rows if row.fold == 0]
    assert_figures(metrics, len(kept_out), len({row.session for row in kept_out}))
    checkpoint = load_checkpoint(tmp_path / "model")
    assert checkpoint.metrics == metrics
    assert set(checkpoint.config.sessions) == {row.session for row in rows if row.fold != 0}
    assert checkpoint.config.about["data_licence"] == "planted"
    assert checkpoint.config.about["backbone_weights"] == "none: from scratch"
    assert checkpoint.config.about["recipe"]["epochs"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]  # nothing unfinished is left

    # The figures are of the network alone, as in a model from before there were sites.
    alone = replace(checkpoint, config=replace(checkpoint.config, sites=None), sites=None)
    again = evaluate(Predictor("alone", served(alone)), tuple(kept_out), lambda _: None)
    assert again["seen_in_training"] == 0
    assert again["image_only"]["rmse"] == pytest.approx(metrics["image_only"]["rmse"], abs=1)


def test_cross_validation_scores_every_photo_and_learns_from_every_session(rows, tmp_path):
    metrics = run(rows, tmp_path / "model", cross_validate=True)
    assert_figures(metrics, 36, 12, "partial_sensors")
    assert set(load_checkpoint(tmp_path / "model").config.sessions) == {r.session for r in rows}


def test_a_killed_training_goes_on_to_the_same_weights(rows, tmp_path):
    recipe = replace(RECIPE, epochs=2)
    whole = run(rows, tmp_path / "whole", recipe)
    with pytest.raises(Killed):
        run(rows, tmp_path / "cut", recipe, report=kill_at("validated: epoch 2/2"))
    assert not (tmp_path / "cut").exists()
    told = []
    assert run(rows, tmp_path / "cut", recipe, report=told.append) == whole
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")
    assert not any("epoch 1/2" in text for text in told)


@pytest.mark.long
def test_a_cross_validation_killed_twice_goes_on_to_the_same_weights(rows, tmp_path):
    few = tuple(row for row in rows if row.fold in (0, 1))
    whole = run(few, tmp_path / "whole", cross_validate=True)
    for words in ("fold1: epoch 1/1", "all: epoch 1/1"):
        with pytest.raises(Killed):
            run(few, tmp_path / "cut", cross_validate=True, report=kill_at(words))
    told = []
    assert run(few, tmp_path / "cut", cross_validate=True, report=told.append) == whole
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")
    assert [text.split(":")[0] for text in told if "epoch" in text] == ["all"]


@pytest.mark.parametrize("change", ["other trunk", "cross validation"])
def test_nothing_of_another_training_is_gone_on_with(rows, tmp_path, monkeypatch, change):
    """Cut off after its last epoch; the next one has the same recipe and rows, and one change."""
    few = tuple(row for row in rows if row.fold in (0, 1))

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(train_model, "calibrate", killed)
        with pytest.raises(Killed):
            run(few, tmp_path / "model")

    def zeros(network: AQFusionNet, name: str) -> None:
        torch.nn.init.zeros_(network.image_encoder.trunk.conv_head.weight)

    told = []
    other = {"pretrained": zeros} if change == "other trunk" else {"cross_validate": True}
    run(few, tmp_path / "model", **other, report=told.append)
    assert any("epoch 1/1" in text for text in told)


def test_the_origin_of_the_first_weights_is_told(rows, tmp_path):
    def ones(network: AQFusionNet, name: str) -> None:
        torch.nn.init.ones_(network.image_encoder.trunk.bn2.bias)

    run([row for row in rows if row.fold < 2], tmp_path / "model", pretrained=ones)
    about = json.loads((tmp_path / "model" / "config.json").read_text())["about"]
    assert about["backbone_weights"].startswith("TensorFlow mobilenet_v2")


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"recipe": Recipe("vgg16")}, WeightsError, "backbone must be one of"),
        ({"sessions": 1}, TrainingError, "at least 2 folds, got 1 session"),
        ({"weights": True}, WeightsError, r"mobilenetv2_100\.safetensors does not exist"),
        ({"occupied": True}, ModelError, "must be new, empty or hold nothing but a model"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_any_work(
    rows, tmp_path, changes, error, sentence
):
    chosen = [r for r in rows if r.session == rows[0].session] if "sessions" in changes else rows
    given = {"recipe": changes.get("recipe", RECIPE), "report": pytest.fail}
    if "weights" in changes:

        def absent(network: AQFusionNet, name: str) -> None:
            load_pretrained(network.image_encoder.trunk, name, tmp_path)

        given["pretrained"] = absent
    if "occupied" in changes:
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "notes.txt").touch()
    with pytest.raises(error, match=sentence):
        run(tuple(chosen), tmp_path / "model", **given)
    assert not (tmp_path / ".model.training").exists()


def seeded(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def fit(rows, tmp_path: Path, epochs: int, opinions=None) -> tuple[TrainingRun, Path]:
    sessions = sessions_of(rows)[:4]
    frames = tuple(
        torch.randint(256, (3, 3, 48, 48), generator=generator).byte() for generator in seeded(4)
    )
    statistics = tuple(
        torch.rand(3, HAZE_STATISTICS, generator=generator) for generator in seeded(4)
    )
    material = TrainingSet(sessions, frames, statistics, opinions)
    return TrainingRun(material, replace(RECIPE, epochs=epochs)), tmp_path / "fit.state"


def assert_same_network(one: TrainingRun, other: TrainingRun) -> None:
    others = other.network.state_dict()
    for name, value in one.network.state_dict().items():
        # Tensors that went through a file may differ in a last bit; one step moves by 1e-4.
        assert torch.allclose(value, others[name], atol=1e-6), name


def test_a_fit_cut_off_goes_on_with_its_optimizer_and_its_random_numbers(rows, tmp_path):
    whole, state = fit(rows, tmp_path, epochs=2)
    whole.run(tmp_path / "whole.state", lambda _: None)
    with pytest.raises(Killed):
        fit(rows, tmp_path, epochs=2)[0].run(state, kill_at("epoch 2/2"))
    again, _ = fit(rows, tmp_path, epochs=2)
    again.run(state, lambda _: None)
    assert_same_network(again, whole)


def test_a_training_stopped_early_stays_stopped_when_it_is_taken_up_again(rows, tmp_path):
    first, state = fit(rows, tmp_path, epochs=3)
    first.run(state, lambda _: None, lambda network, done: done < 2)
    again, _ = fit(rows, tmp_path, epochs=3)
    again.run(state, lambda _: None, lambda network, done: pytest.fail("one epoch more"))
    assert_same_network(again, first)


def test_a_state_of_another_recipe_is_not_taken_up(rows, tmp_path):
    first, state = fit(rows, tmp_path, epochs=1)
    first.run(state, lambda _: None)
    told = []
    fit(rows, tmp_path, epochs=2)[0].run(state, told.append)
    assert [text.split(":")[0] for text in told] == [
        "readings learned in 5 steps",
        "haze evidence learned in 3 steps",
        "epoch 1/2",
        "epoch 2/2",
    ]


def test_the_photo_learns_into_a_fixed_space_of_readings(rows, tmp_path):
    learner, _ = fit(rows, tmp_path, epochs=1)
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    learner._epoch(0)
    after = learner.network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    moved = {".".join(name.split(".")[:2]) for name in changed}
    assert moved == {"image_encoder.trunk", "image_encoder.project", "image_encoder.norm"}


def test_opinions_of_earlier_networks_are_half_of_the_target(rows, tmp_path):
    chosen = torch.tensor([[0, 2], [3, 1]])  # session and frame
    alone = fit(rows, tmp_path, epochs=1)[0]._targets_of(chosen)
    opinions = tuple(torch.rand(3, 50, generator=generator) for generator in seeded(4))
    both = fit(rows, tmp_path, 1, opinions)[0]._targets_of(chosen)
    said = torch.stack([opinions[0][2], opinions[3][1]])
    assert torch.equal(both, (alone + said) / 2)


def test_every_session_is_drawn_alike_however_many_frames_it_has():
    counts = (1, 3, 40)
    frames = tuple(torch.zeros(count, 3, 4, 4, dtype=torch.uint8) for count in counts)
    material = TrainingSet((), frames, ())
    drawn = material.draw(3, torch.Generator().manual_seed(0))
    assert torch.bincount(drawn[:, 0]).tolist() == [1, 3, 3]
    assert len({tuple(pair) for pair in drawn.tolist()}) == 7  # no frame twice
    assert all(frame < counts[session] for session, frame in drawn.tolist())
    assert drawn[:, 0].tolist() != sorted(drawn[:, 0].tolist())
    recipe = replace(RECIPE, frames_per_session=3, batch_size=4)
    assert material.batch_count(recipe) == len(drawn.split(4)) == 2
