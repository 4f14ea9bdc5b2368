"""The parts that take seconds, on a planted relation: what they learn and what they leave alone."""

import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.model.architecture import HAZE_STATISTICS, Architecture
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.torch_bins import mean
from aqfusion.training import distillation
from aqfusion.training.branch_training import fit_haze, fit_sensors
from aqfusion.training.recipe import Recipe, TrainingSet
from aqfusion.training.sessions import sensor_statistics, session_readings, sessions_of
from tests.planted import rows_of

AQI = (25.0, 75.0, 125.0, 175.0, 225.0, 275.0, 325.0, 375.0)
TELLING = 40  # the one haze statistic that follows the AQI


@pytest.fixture(autouse=True)
def _few_lessons(monkeypatch):
    monkeypatch.setattr(distillation, "TREES", 10)
    monkeypatch.setattr(distillation, "LESSONS", 1000)


def material(photos: int = 1) -> TrainingSet:
    """Eight sessions of 12 frames whose PM2.5 is the AQI."""
    generator = torch.Generator().manual_seed(0)
    rows = [
        row
        for number, aqi in enumerate(AQI)
        for row in rows_of(
            f"s{number}", photos, aqi=aqi, reading=Reading(pm25=aqi, o3=30.0 + 5 * (number % 3))
        )
    ]
    statistics = []
    for aqi in AQI:
        statistics.append(frames_of(torch.full((12,), aqi), generator))
    frames = tuple(torch.zeros(12, 3, 4, 4, dtype=torch.uint8) for _ in AQI)
    return TrainingSet(sessions_of(rows), frames, tuple(statistics))


def frames_of(aqi: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Statistics (F, 108): one is the AQI / 100, three are loud decoys, all others never change."""
    statistics = torch.full((len(aqi), HAZE_STATISTICS), 0.25)
    statistics[:, :3] = 50 * torch.randn(len(aqi), 3, generator=generator)
    statistics[:, TELLING] = aqi / 100
    return statistics


def fresh(given: TrainingSet) -> AQFusionNet:
    torch.manual_seed(0)
    statistics = sensor_statistics(session_readings(given.sessions))
    return AQFusionNet(Architecture("resnet18", *statistics))


def run(
    fit, network: AQFusionNet, given: TrainingSet, recipe: Recipe
) -> tuple[set[str], list[str]]:
    """Fit; the parts that changed, by the first three of their names, and what was reported."""
    before = {name: value.clone() for name, value in network.state_dict().items()}
    told: list[str] = []
    fit(network, given, recipe, torch.Generator().manual_seed(0), told.append)
    after = network.state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    return {".".join(name.split(".")[:2]) for name in moved}, told


def of_readings(network: AQFusionNet, readings: torch.Tensor) -> torch.Tensor:
    encoder = network.sensor_encoder
    with torch.no_grad():
        return mean(network.head(encoder(encoder.standardise(readings))).softmax(1))


def test_by_heart_every_session_is_known_and_nothing_but_readings_is_touched():
    given = material()
    network = fresh(given)
    recipe = Recipe("resnet18", committee=False, sigma=5.0, sensor_steps=300)
    moved, told = run(fit_sensors, network, given, recipe)
    said = of_readings(network, session_readings(given.sessions))
    assert said.tolist() == pytest.approx(AQI, abs=15)
    assert {name.split(".")[0] for name in moved} == {"sensor_encoder", "head"}
    assert not moved & {"sensor_encoder.mean", "sensor_encoder.std"}
    assert told[0].startswith("readings learned in 300 steps: loss ")


def test_a_committee_teaches_what_lies_between_sessions():
    given = material()
    network = fresh(given)
    run(fit_sensors, network, given, Recipe("resnet18", sensor_steps=300))
    nan = float("nan")
    between = torch.tensor([[pm25, nan, 35.0, nan, nan, nan] for pm25 in (100.0, 200.0, 300.0)])
    assert of_readings(network, between).tolist() == pytest.approx([100, 200, 300], abs=45)


def test_the_haze_branch_finds_the_statistic_that_tells_in_a_fixed_space():
    given = material()
    network = fresh(given)
    recipe = Recipe("resnet18", committee=False, sensor_steps=200, haze_steps=200)
    run(fit_sensors, network, given, recipe)
    moved, told = run(fit_haze, network, given, recipe)
    assert moved == {"image_encoder.haze"}
    assert told[0].startswith("haze evidence learned in 200 steps: loss ")
    haze = network.image_encoder.haze.eval()
    every = torch.cat(given.statistics)
    assert torch.equal(haze.mean, every.mean(0))
    assert torch.equal(haze.std[:3], every.std(0)[:3])
    assert bool((haze.std > 0).all())  # of what never changes too
    unseen = frames_of(torch.tensor(AQI), torch.Generator().manual_seed(9))
    with torch.no_grad():
        said = mean(network.head(haze(unseen)).softmax(1))
    assert torch.corrcoef(torch.stack([said, torch.tensor(AQI)]))[0, 1] > 0.8


@pytest.mark.parametrize("fit", [fit_sensors, fit_haze])
def test_the_same_generator_gives_the_same_weights(fit):
    recipe = Recipe("resnet18", committee=False, sensor_steps=3, haze_steps=3)
    one, same = fresh(material()), fresh(material())
    for network in (one, same):
        torch.manual_seed(5)  # of dropout
        run(fit, network, material(), recipe)
    others = same.state_dict()
    assert all(torch.equal(value, others[name]) for name, value in one.state_dict().items())
