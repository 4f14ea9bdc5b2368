"""Haze statistics: what a planted veil of airlight does to them, and what does not matter."""

import pytest
import torch

from aqfusion.model.architecture import COARSE_HAZE_BANDS, HAZE_BANDS, HAZE_STATISTICS
from aqfusion.network.haze_features import haze_features

# The order of the maps whose band means come first, as in `haze_statistics`.
MAPS = ("red", "green", "blue", "saturation", "dark", "gradient", "spread", "contrast", "br", "rg")
SPREADS = ("light", "dark", "saturation", "gradient")


def means(statistics: torch.Tensor, name: str) -> torch.Tensor:
    """The band means (B, 8) of a map, top band first."""
    start = HAZE_BANDS * MAPS.index(name)
    return statistics[:, start : start + HAZE_BANDS]


def spreads(statistics: torch.Tensor, name: str) -> torch.Tensor:
    """The spreads (B, 4) of a map within coarse bands."""
    start = HAZE_BANDS * len(MAPS) + COARSE_HAZE_BANDS * SPREADS.index(name)
    return statistics[:, start : start + COARSE_HAZE_BANDS]


def city(seed: int = 0) -> torch.Tensor:
    """Blocks of strong colours (2, 3, 64, 96), 0..255."""
    generator = torch.Generator().manual_seed(seed)
    blocks = torch.randint(256, (2, 3, 16, 24), generator=generator).float()
    return blocks.repeat_interleave(4, 2).repeat_interleave(4, 3)


def veiled(images: torch.Tensor, transmission: float | torch.Tensor) -> torch.Tensor:
    """Koschmieder's law: what is left of the scene, and airlight of 220 in its place."""
    return transmission * images + (1 - transmission) * 220.0


def test_there_are_as_many_as_is_said_for_any_size_from_64_on():
    for height, width in ((64, 64), (192, 192), (64, 200), (129, 77)):
        images = torch.randint(256, (2, 3, height, width)).byte()
        assert haze_features(images).shape == (2, HAZE_STATISTICS)
    assert HAZE_STATISTICS == 108


def test_bytes_and_floats_say_the_same_and_a_photo_says_it_in_any_company():
    images = city().byte()
    together = haze_features(images)
    assert torch.equal(haze_features(images.float()), together)
    alone = torch.cat([haze_features(image[None]) for image in images])
    assert (alone - together).abs().max() < 1e-5


@pytest.mark.parametrize("size", [64, 192])
def test_a_mirrored_photo_says_nearly_the_same(size):
    images = torch.nn.functional.interpolate(city(), (size, size))
    there, back = haze_features(images), haze_features(images.flip(3))
    spread_of_gradient = slice(
        HAZE_STATISTICS - 4 * COARSE_HAZE_BANDS, HAZE_STATISTICS - 3 * COARSE_HAZE_BANDS
    )
    paired = (there - back).abs()[:, spread_of_gradient]
    # Right and below are paired from another corner in a mirror; that alone moves a little.
    assert paired.max() < 0.1 * there[:, spread_of_gradient].max()
    rest = (there - back).abs()
    rest[:, spread_of_gradient] = 0
    assert rest.max() < 1e-5


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (120, 120, 120), (30, 90, 250)])
def test_a_picture_of_one_colour_gives_finite_statistics(colour):
    image = torch.tensor(colour)[None, :, None, None].expand(1, 3, 64, 64).byte()
    said = haze_features(image)
    assert bool(said.isfinite().all())
    assert means(said, "gradient").abs().max() == 0
    assert means(said, "dark") == pytest.approx(min(colour) / 255, abs=1e-6)
    assert means(said, "blue") == pytest.approx(colour[2] / 255, abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_veil_takes_colour_and_contrast_and_lifts_the_darkest(seed):
    clear, thin, thick = (haze_features(veiled(city(seed), t)) for t in (1.0, 0.7, 0.3))
    for before, after in ((clear, thin), (thin, thick)):
        for name in ("saturation", "gradient", "spread", "contrast"):
            assert bool((means(after, name) < means(before, name)).all()), name
        assert bool((means(after, "dark") > means(before, "dark")).all())
        for name in ("light", "saturation"):
            assert bool((spreads(after, name) < spreads(before, name)).all()), name


def test_a_veil_over_the_horizon_is_seen_in_its_band_and_not_elsewhere():
    """Planted: the third of eight bands is veiled."""
    clear = torch.nn.functional.interpolate(city(), (192, 192))
    transmission = torch.ones(192, 1)
    transmission[48:72] = 0.2
    before, after = haze_features(clear), haze_features(veiled(clear, transmission))

    def moved(name: str) -> list[bool]:
        return ((means(after, name) - means(before, name)).abs() > 0.02).any(0).tolist()

    third = [number == 2 for number in range(8)]
    assert moved("saturation") == moved("red") == third
    # Windows of 8 pixels every 4 make 47 rows, 5 to a band: the third ends a little higher.
    assert moved("dark") == [number in (2, 3) for number in range(8)]


def test_the_dark_channel_is_the_darkest_of_a_window_and_of_its_three_colours():
    """One pixel without blue darkens all the windows that hold it, two by two of 47 by 47."""
    image = torch.full((1, 3, 192, 192), 255.0)
    image[0, 2, 105, 50] = 0
    dark = means(haze_features(image), "dark")[0]
    assert (1 - dark).tolist() == pytest.approx([*[0] * 5, 4 / (5 * 47), 0, 0], abs=1e-6)
