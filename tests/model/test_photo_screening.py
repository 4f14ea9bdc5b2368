"""The guard on planted answers: what it must accept, what it must refuse, and in which words."""

import pytest
import torch
from torch import Tensor

from aqfusion.evaluation.photo_screening_evaluation import guard_figures
from aqfusion.images.photo import Photo
from aqfusion.model.photo_screening import RULES, STATISTIC_NAMES, PhotoScreening
from aqfusion.model.stored_weights import StoredWeights
from aqfusion.network.haze_features import statistics
from aqfusion.network.photo_screen import PhotoScreen
from aqfusion.network.pixel_tensors import stack
from aqfusion.synthetic_scenes.catalog import SCENES, scenes
from aqfusion.synthetic_scenes.non_sky import indoor, night, nothing
from aqfusion.training.photo_screening_training import ScreeningFeatures, fit_guard
from aqfusion.training.sessions import session_weights, weighted_quantile
from aqfusion.training.synthetic_negatives import SPOILERS, synthetic_negative
from tests.planted import sky

FEATURES = 6
OTHER_SIDE = 3.0  # where the planted embedding puts what is no photo of a sky


def embedding(count: int, side: float, seed: int) -> Tensor:
    """The first feature tells the sides apart, the second is louder, the third far from 0."""
    noise = torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(seed))
    mean = side * torch.eye(FEATURES)[0] + 9 * torch.eye(FEATURES)[2]
    return noise * torch.tensor([0.3, 5.0, 1, 1, 1, 1]) + mean


def hazy_skies(first_seed: int) -> Tensor:
    """60 skies from clear to hazy (60, 3, 96, 96) over a darker ground."""
    photos = [Photo.from_image(sky(20 + 7 * number, first_seed + number)) for number in range(60)]
    images = stack(photos, 96)
    images[:, :, 70:] //= 2
    return images


def reason(guard: PhotoScreen, figures: torch.Tensor, features: torch.Tensor) -> str | None:
    """Why what serves would refuse one picture."""
    arrays = {f"guard.{name}": values.numpy() for name, values in guard.state_dict().items()}
    screening = PhotoScreening(StoredWeights(arrays), features.shape[1])
    [words] = screening.reasons(figures.numpy(), features.numpy())
    return words


@pytest.fixture(scope="module")
def gallery() -> Tensor:
    return stack([Photo.open(SCENES / scene.file) for scene in scenes()], 96)


@pytest.fixture(scope="module")
def guard(gallery: Tensor) -> PhotoScreen:
    """Fitted on planted hazy skies over a dark ground, 20 sessions of 3."""
    photos = hazy_skies(0)
    session = torch.arange(20).repeat_interleave(3)
    made, way = synthetic_negative(photos, torch.Generator().manual_seed(0))
    return fit_guard(
        ScreeningFeatures(statistics(photos), embedding(60, 0, 1), session, session // 2),
        ScreeningFeatures(statistics(made), embedding(60, OTHER_SIDE, 2), way, way),
        ScreeningFeatures(
            statistics(gallery), embedding(len(gallery), 0, 3), *[torch.arange(len(gallery))] * 2
        ),
    )


def test_the_shipped_scenes_are_accepted(guard, gallery):
    assert not guard.refused(statistics(gallery), embedding(len(gallery), 0, 3)).any()


@pytest.mark.parametrize("draw", [night, indoor, nothing])
def test_rendered_pictures_without_a_sky_are_refused(guard, draw):
    pictures = stack([Photo.from_image(draw(seed, (200, 150))) for seed in range(3)], 96)
    assert guard.refused(statistics(pictures), embedding(3, OTHER_SIDE, 4)).all()


def test_a_night_is_refused_whatever_the_embedding_says(guard):
    dark = statistics(stack([Photo.from_image(night(5, (200, 150)))], 96))
    assert reason(guard, dark, embedding(1, 0, 5)) == "too dark, as at night or indoors"


def test_fresh_photos_of_the_kind_it_learned_from_are_accepted(guard):
    refused = guard.refused(statistics(hazy_skies(500)), embedding(60, 0, 10))
    assert refused.float().mean() <= 0.1


def test_a_strange_look_alone_is_refused_and_said(guard, gallery):
    fine = statistics(gallery[:1])
    assert reason(guard, fine, embedding(1, 0, 3)) is None
    assert (
        reason(guard, fine, embedding(1, 3 * OTHER_SIDE, 3))
        == "unlike the photos that the model was trained on"
    )


def test_the_look_leans_on_the_feature_that_tells(guard):
    size = guard.direction.abs()
    assert size.argmax() == 0
    assert size[1] < size[0] / 2


def test_a_batch_is_its_single_pictures(guard, gallery):
    numbers, look = statistics(gallery), embedding(len(gallery), 1.5, 6)
    single = torch.cat([statistics(image[None]) for image in gallery])
    assert torch.allclose(single, numbers, atol=1e-6)
    scores = [guard(numbers[i : i + 1], look[i : i + 1]) for i in range(len(numbers))]
    assert torch.allclose(torch.cat(scores), guard(numbers, look), atol=1e-5)


def test_a_guard_comes_back_from_float16_as_it_was(guard, gallery):
    state = {name: tensor.half() for name, tensor in guard.state_dict().items()}
    again = PhotoScreen(FEATURES)
    again.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    numbers, look = statistics(gallery), embedding(len(gallery), 1, 7)
    assert torch.equal(again(numbers, look), guard(numbers, look))
    assert torch.equal(again.threshold, guard.threshold)


def test_an_unfitted_guard_refuses_nothing():
    pictures = torch.zeros(2, 3, 40, 40, dtype=torch.uint8)
    assert not PhotoScreen(FEATURES).refused(statistics(pictures), torch.ones(2, FEATURES)).any()


def test_the_same_photos_give_the_same_guard(gallery):
    made, way = synthetic_negative(gallery, torch.Generator().manual_seed(1))
    number = torch.arange(len(gallery))
    real = ScreeningFeatures(
        statistics(gallery), embedding(len(gallery), 0, 8), number, number // 2
    )
    against = ScreeningFeatures(statistics(made), embedding(len(made), 2, 9), way, way)
    one, same = fit_guard(real, against, real), fit_guard(real, against, real)
    assert all(torch.equal(a, b) for a, b in zip(one.buffers(), same.buffers(), strict=True))


def test_a_single_group_still_gives_a_finite_guard(gallery):
    made, way = synthetic_negative(gallery, torch.Generator().manual_seed(1))
    alone = torch.zeros(len(gallery), dtype=torch.long)
    alike = torch.ones(len(gallery), FEATURES)
    real = ScreeningFeatures(statistics(gallery), alike, alone, alone)
    fitted = fit_guard(real, ScreeningFeatures(statistics(made), alike, way, way), real)
    assert all(bool(buffer.isfinite().all()) for buffer in fitted.buffers())


def test_every_rule_is_of_a_number_that_there_is():
    assert {rule.statistic for rule in RULES} <= {*STATISTIC_NAMES, "look"}
    assert RULES[-1].statistic == "look"


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (32, 32), (300, 40)])
@pytest.mark.parametrize("level", [0, 127, 255])
def test_constant_and_tiny_pictures_give_finite_numbers(size, level):
    numbers = statistics(torch.full((1, 3, *size), level, dtype=torch.uint8))
    assert numbers.shape == (1, len(STATISTIC_NAMES))
    assert numbers.isfinite().all()
    found = dict(zip(STATISTIC_NAMES, numbers[0].tolist(), strict=True))
    assert found["light"] == pytest.approx(level / 255, abs=1e-6)
    assert (found["flat_share"], found["dark_share"]) == (1.0, float(level == 0))


def test_no_pictures_give_no_numbers():
    assert statistics(torch.zeros(0, 3, 8, 8, dtype=torch.uint8)).shape == (0, len(STATISTIC_NAMES))


def test_numbers_are_of_the_part_that_they_name():
    picture = torch.zeros(1, 3, 224, 224, dtype=torch.uint8)
    picture[:, 0, :112] = 255  # pure red above, black below
    found = dict(zip(STATISTIC_NAMES, statistics(picture)[0].tolist(), strict=True))
    assert found["top_light"] == pytest.approx(0.299, abs=1e-5)
    assert found["fall"] == pytest.approx(0.299, abs=1e-5)
    assert (found["top_warmth"], found["top_green"]) == pytest.approx((1.0, -0.5))
    assert (found["vivid_warm_share"], found["dark_share"], found["haze"]) == (0.5, 0.5, 0.0)


def test_every_way_spoils_and_the_seed_decides(gallery):
    photos = gallery.repeat(2, 1, 1, 1)[: 2 * len(SPOILERS)]
    made, way = synthetic_negative(photos, torch.Generator().manual_seed(3))
    again, _ = synthetic_negative(photos, torch.Generator().manual_seed(3))
    assert torch.equal(made, again)
    assert way.tolist() == 2 * list(range(len(SPOILERS)))
    assert (made.shape, made.dtype) == (photos.shape, torch.uint8)
    assert not any(bool((picture == photos).flatten(1).all(1).any()) for picture in made)


def test_sessions_weigh_alike_and_quantiles_follow():
    weights = session_weights(torch.tensor([7, 7, 7, 2]))
    assert weights.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    values = torch.tensor([1.0, 2.0, 3.0, 9.0])
    found = [weighted_quantile(values, weights, level).item() for level in (0.1, 0.5, 0.6)]
    assert found == [1, 3, 9]


def test_figures_count_alarms_by_place_and_catches_by_set():
    figures = guard_figures(
        ["Here", "There", "There", "There"],
        torch.tensor([0.1, -1.0, 0.0, 2.0]),
        {"night": torch.tensor([1.0, 2.0]), "blank": torch.tensor([1.0, -1.0, -1.0, -1.0])},
    )
    assert figures == {
        "photos": 4,
        "false_alarms": 0.5,
        "false_alarms_per_place": {"Here": 1.0, "There": 0.3333},
        "pictures": {"night": {"caught": 2, "of": 2}, "blank": {"caught": 1, "of": 4}},
        "caught": 0.625,
    }


def test_figures_want_a_place_per_photo():
    with pytest.raises(ValueError, match="places must be one per photo, got 1 for 2"):
        guard_figures(["Here"], torch.zeros(2), {})
