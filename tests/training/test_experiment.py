"""Which training is which, and how teachers teach: planted folder, one small network each."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import DatasetRow, read_folder
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.training.experiment import Training, training
from aqfusion.training.protocols import Part, split
from aqfusion.training.recipe import ALL_FRAMES, Recipe

SMALL = Recipe(
    "resnet18",
    epochs=1,
    frames_per_session=2,
    image_size=48,
    batch_size=12,
    sensor_steps=3,
    haze_steps=2,
    committee=False,
)
YOUNG = replace(SMALL, distilled_from=(SMALL, replace(SMALL, seed=1)))
pytestmark = pytest.mark.usefixtures("_tiny")


@pytest.fixture(scope="module")
def rows(data_folder: Path) -> tuple[DatasetRow, ...]:
    """The sessions of two folds."""
    return tuple(row for row in read_folder(data_folder) if row.fold in (0, 1))


def random_weights(network: AQFusionNet, name: str) -> None:
    """Leave the trunk as it was made."""


def zeros(network: AQFusionNet, name: str) -> None:
    torch.nn.init.zeros_(network.image_encoder.trunk.conv1.weight)


def begun(rows, cache: Path, recipe: Recipe = SMALL, pretrained=random_weights, told=None):
    report = (lambda _: None) if told is None else told.append
    return training(rows, recipe, pretrained, cache, report)


def folder(*given, **options) -> str:
    return begun(*given, **options).experiment.work.name


def first_part(rows) -> Part:
    return split("leak-safe", rows, seed=0)[0]


def test_the_same_training_has_the_same_folder_and_says_whether_its_trunk_is_random(rows, tmp_path):
    one, same = begun(rows, tmp_path), begun(rows, tmp_path)
    assert isinstance(one, Training)
    assert one.experiment.work == same.experiment.work
    assert one.experiment.work.parent == tmp_path
    assert one.experiment.work.name.startswith("resnet18-")
    assert (one.from_scratch, begun(rows, tmp_path, pretrained=zeros).from_scratch) == (True, False)


def test_every_change_of_recipe_rows_trunk_or_teachers_has_a_folder_of_its_own(rows, tmp_path):
    def changed(**fields) -> tuple[DatasetRow, ...]:
        return (replace(rows[0], **fields), *rows[1:])

    other_teacher = replace(YOUNG, distilled_from=(SMALL, replace(SMALL, seed=2)))
    names = [
        folder(rows, tmp_path),
        folder(rows, tmp_path, replace(SMALL, seed=1)),
        folder(rows, tmp_path, replace(SMALL, sigma=14.0)),
        folder(rows, tmp_path, pretrained=zeros),
        folder(rows[1:], tmp_path),
        folder(changed(aqi=21.0), tmp_path),
        folder(changed(fold=3), tmp_path),
        folder(changed(session="another"), tmp_path),
        folder(changed(reading=Reading(pm25=1)), tmp_path),
        folder(rows, tmp_path, YOUNG),
        folder(rows, tmp_path, other_teacher),
    ]
    assert len(set(names)) == len(names)


def test_a_folder_does_not_depend_on_where_the_photos_lie(rows, tmp_path):
    moved = [replace(row, photo=tmp_path / row.photo.name) for row in rows]
    assert folder(moved, tmp_path) == folder(rows, tmp_path)


def test_an_teachers_first_weights_are_the_pupils_business_too(rows, tmp_path):
    """The pupil's own trunk stays the same; its teacher's does not."""

    def teachers_only(network: AQFusionNet, name: str) -> None:
        if name == "resnet18":
            zeros(network, name)

    pupil = replace(SMALL, backbone="mobilenetv2_100", distilled_from=(SMALL,))
    one = begun(rows, tmp_path, pupil)
    other = begun(rows, tmp_path, pupil, pretrained=teachers_only)
    assert one.experiment.work != other.experiment.work
    assert (one.from_scratch, other.from_scratch) == (True, True)


def test_what_is_trained_is_not_trained_again_and_teachers_teach_with_what_they_have(
    rows, tmp_path, monkeypatch
):
    part = first_part(rows)
    told: list[str] = []
    teacher = begun(rows, tmp_path, SMALL, told=told).experiment
    first = teacher.held_out(part)
    assert next(text for text in told if "epoch" in text).startswith(f"{part.name}: epoch 1/1")
    kept = (teacher.work / f"{part.name}.network.safetensors").read_bytes()

    told.clear()
    monkeypatch.setattr(
        "aqfusion.training.experiment.predict_holdout", pytest.fail
    )  # nor is it asked again
    again = begun(rows, tmp_path, SMALL, told=told).experiment.held_out(part)
    assert told == []
    assert torch.equal(again.cnn_logits, first.cnn_logits)

    pupil = begun(rows, tmp_path, YOUNG, told=told).experiment
    assert pupil.teachers[0].work.name == teacher.work.name
    pupil.network(part.train, part.name)
    trained = [text for text in told if "epoch" in text]
    assert len(trained) == 2  # the second teacher and the pupil
    assert (teacher.work / f"{part.name}.network.safetensors").read_bytes() == kept
    assert sorted(path.name for path in pupil.work.iterdir()) == [
        f"{part.name}.network.safetensors"
    ]

    told.clear()
    own = begun(rows, tmp_path, YOUNG, told=told).experiment.network(part.train, part.name)
    assert told == []
    state = load_file(pupil.work / f"{part.name}.network.safetensors")
    assert all(torch.equal(value, state[name]) for name, value in own.state_dict().items())
    assert not own.training


def test_opinions_are_what_the_teachers_photos_alone_say_on_average(rows, tmp_path):
    sessions = first_part(rows).train
    experiment = begun(rows, tmp_path, YOUNG).experiment
    material = experiment._material(sessions, "fold1")
    teachers = [teacher.network(sessions, "fold1") for teacher in experiment.teachers]
    for frames, opinions in zip(material.frames, material.opinions, strict=True):
        with torch.no_grad():
            said = [e.head(e.image_encoder.embed_cnn(frames)).softmax(1) for e in teachers]
        assert opinions.shape == (len(frames), 50)
        assert torch.allclose(opinions, (said[0] + said[1]) / 2, atol=1e-5)
    assert begun(rows, tmp_path).experiment._material(sessions, "fold1").opinions is None


def test_a_photo_is_stood_for_by_the_frame_nearest_before_it(rows, tmp_path, monkeypatch):
    monkeypatch.setattr("aqfusion.training.experiment.FRAMES_KEPT", 2)
    experiment = begun(rows, tmp_path).experiment
    session = first_part(rows).train[0]
    statistics, frame = experiment.haze_by_photo(session)
    assert (statistics.shape, frame.tolist()) == ((2, 108), [0, 0, 1])


def test_as_many_frames_are_kept_as_an_epoch_draws(rows, tmp_path, monkeypatch):
    monkeypatch.setattr("aqfusion.training.experiment.FRAMES_KEPT", 2)
    session = first_part(rows).train[0]
    every = begun(rows, tmp_path, replace(SMALL, frames_per_session=ALL_FRAMES)).experiment
    statistics, frame = every.haze_by_photo(session)
    assert (statistics.shape, frame.tolist()) == ((3, 108), [0, 1, 2])
