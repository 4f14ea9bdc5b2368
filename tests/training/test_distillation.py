"""The committee's lessons on a planted relation: AQI follows the first reading alone."""

import pytest
import torch

from aqfusion.network.torch_bins import mean, smoothed_targets
from aqfusion.training import distillation
from aqfusion.training.distillation import (
    DistillationPoints,
    DistillationSet,
    make_distillation_set,
    sessions_as_lessons,
)


@pytest.fixture(scope="module")
def lessons() -> DistillationSet:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distillation, "TREES", 20)
        patch.setattr(distillation, "LESSONS", 2000)
        return taught()


def planted() -> tuple[torch.Tensor, torch.Tensor]:
    readings = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    readings[::10, 5] = float("nan")
    return readings, (220 + 90 * readings[:, 0]).clamp(0, 500)


def taught(seed: int = 0) -> DistillationSet:
    return make_distillation_set(
        DistillationPoints(*planted(), torch.ones(40)), sigma=15.0, seed=seed
    )


def test_the_planted_relation_is_learned(lessons):
    first, said = lessons.readings[:, 0], mean(lessons.targets)
    known = ~first.isnan()
    line = torch.corrcoef(torch.stack([first[known], said[known]]))[0, 1]
    assert line > 0.9
    low, middle, high = (
        said[known & (first > a) & (first < a + 0.6)].mean() for a in (-1.5, -0.3, 0.9)
    )
    assert low + 50 < middle < high - 50


def test_without_the_reading_that_matters_the_answer_is_vague(lessons):
    known, unknown = ~lessons.readings[:, 0].isnan(), lessons.readings[:, 0].isnan()
    said = mean(lessons.targets)
    assert said[unknown].std() < 0.6 * said[known].std()


def test_targets_are_distributions(lessons):
    assert lessons.targets.shape == (2000, 50)
    assert lessons.targets.sum(1) == pytest.approx(1, abs=1e-4)
    assert bool((lessons.targets >= 0).all())


def test_lessons_hide_readings_and_some_hide_none(lessons):
    missing = lessons.readings.isnan()
    assert bool(missing.any(0).all())
    whole = (~missing[:, :5].any(1)).float().mean().item()
    assert 0.25 < whole < 0.6
    assert missing.all(1).float().mean().item() > 0.01  # and some hide all


def test_lessons_lie_between_sessions_not_only_on_them(lessons):
    assert len(lessons.readings[:, 0].unique()) > 1000


def test_lessons_depend_on_the_seed_alone(monkeypatch):
    monkeypatch.setattr(distillation, "TREES", 3)
    monkeypatch.setattr(distillation, "LESSONS", 5)
    one, same, other = taught(0), taught(0), taught(1)
    assert torch.equal(one.targets, same.targets)
    assert not torch.equal(one.targets, other.targets)


def test_with_nothing_known_the_processes_say_what_is_common():
    """The forest has a fifth of the word, so all that is left is near the mean of the sessions."""
    readings, aqi = planted()
    nothing = torch.full((2, 6), float("nan")).double().numpy()
    said = distillation._process_targets(readings.double().numpy(), aqi, nothing, 15.0, {})
    assert torch.equal(said, smoothed_targets(aqi, 15.0).mean(0).expand(2, 50))


def test_a_process_is_surer_where_sessions_are_near():
    """Of one reading: on the line near the sessions, vague far from them."""
    readings, aqi = planted()
    asked = torch.full((3, 6), float("nan"))
    asked[:, 0] = torch.tensor([-1.0, 1.0, 30.0])
    said = distillation._process_targets(
        readings.double().numpy(), aqi, asked.double().numpy(), 15.0, {}
    )
    assert mean(said)[:2].tolist() == pytest.approx([130, 310], abs=25)
    entropy = -(said * said.log()).sum(1)
    assert entropy[2] > entropy[:2].max() + 0.5


def test_sessions_that_lack_what_is_asked_for_are_not_taken_for_zeros():
    """Where the last reading is lacking the air is bad, where it is there it is good."""
    readings, aqi = torch.full((30, 6), float("nan")), torch.full((30,), 400.0)
    readings[::2, 5], aqi[::2] = torch.linspace(-1, 1, 15), 100.0
    readings[:, 0] = torch.randn(30, generator=torch.Generator().manual_seed(0))
    asked = torch.full((1, 6), float("nan"))
    asked[0, [0, 5]] = 0.0
    said = distillation._process_targets(
        readings.double().numpy(), aqi, asked.double().numpy(), 15.0, {}
    )
    assert mean(said).item() == pytest.approx(100, abs=30)
    assert said.sum(1).item() == pytest.approx(1, abs=1e-5)


def test_by_heart_the_lessons_are_the_sessions_and_nothing_between(monkeypatch):
    monkeypatch.setattr(distillation, "LESSONS", 400)
    readings, aqi = planted()
    lessons = sessions_as_lessons(readings, aqi, sigma=5.0, seed=0)
    assert (lessons.readings.shape, lessons.targets.shape) == ((400, 6), (400, 50))
    told = smoothed_targets(aqi, 5.0)
    whose = (lessons.targets[:, None] - told).abs().amax(2).argmin(1)  # (400,)
    assert (lessons.targets - told[whose]).abs().max() < 1e-6
    shown = ~lessons.readings.isnan()
    assert torch.equal(lessons.readings[shown], readings[whose][shown])
    assert len(whose.unique()) == 40
    assert 0.2 < shown.all(1).float().mean() < 0.6
    assert bool((~shown).any(0).all())
    again = sessions_as_lessons(readings, aqi, sigma=5.0, seed=0)
    assert torch.equal(again.targets, lessons.targets)
    other = sessions_as_lessons(readings, aqi, sigma=5.0, seed=1)
    assert not torch.equal(other.targets, lessons.targets)
