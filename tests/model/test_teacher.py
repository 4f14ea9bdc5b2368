"""The forest's lessons on a planted relation: AQI follows the first reading alone."""

import pytest
import torch

from aqfusion.model import teacher
from aqfusion.model.bins import mean
from aqfusion.model.teacher import Lessons, prepare_lessons


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teacher, "TREES", 20)
        patch.setattr(teacher, "LESSONS", 2000)
        return taught()


def taught(seed: int = 0) -> Lessons:
    readings = torch.randn(80, 6, generator=torch.Generator().manual_seed(0))
    readings[::10, 5] = float("nan")
    aqi = (220 + 90 * readings[:, 0]).clamp(0, 500)
    return prepare_lessons(readings, aqi, torch.ones(80), sigma=15.0, seed=seed)


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
    monkeypatch.setattr(teacher, "TREES", 3)
    monkeypatch.setattr(teacher, "LESSONS", 50)
    one, same, other = taught(0), taught(0), taught(1)
    assert torch.equal(one.targets, same.targets)
    assert not torch.equal(one.targets, other.targets)
