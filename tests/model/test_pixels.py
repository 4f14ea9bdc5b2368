"""Photos to tensors: the whole photo, and an augmentation that leaves haze alone."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from aqfusion.images.photo import Photo
from aqfusion.model.pixels import pixels
from aqfusion.network.pixel_tensors import GAIN, augment, batches, stack


def test_the_whole_photo_is_squeezed_not_cropped():
    wide = Image.new("RGB", (400, 100), (10, 20, 30))
    wide.paste((200, 100, 50), (0, 0, 100, 100))  # the left quarter
    square = pixels(Photo.from_image(wide), 64)
    assert (square.shape, square.dtype) == ((3, 64, 64), np.uint8)
    assert square[:, 32, 2].tolist() == [200, 100, 50]
    assert square[:, 32, 62].tolist() == [10, 20, 30]
    assert (square[0] > 100).mean() == pytest.approx(0.25, abs=0.03)


def test_stack_puts_photos_of_any_size_into_one_tensor():
    photos = [Photo.from_image(Image.new("RGB", size)) for size in ((64, 48), (33, 200))]
    assert stack(photos, 32).shape == (2, 3, 32, 32)


def test_augment_keeps_the_colour_within_the_gain():
    colours = torch.tensor([[40, 120, 220], [150, 150, 140]], dtype=torch.uint8)
    images = colours.repeat(20, 1)[:, :, None, None].expand(-1, 3, 48, 64).contiguous()
    seen = augment(images, 32, torch.Generator().manual_seed(0))
    assert seen.shape == (40, 3, 32, 32)
    gain = seen.mean((2, 3)) / images[:, :, 0, 0].float()
    assert gain.min() >= math.exp(-GAIN) - 1e-3
    assert gain.max() <= math.exp(GAIN) + 1e-3
    assert gain.std() > 0.02  # and there is some
    spread = gain.max(1).values - gain.min(1).values
    assert spread.max() < 0.02  # one gain for all channels: the hue stays


def test_augment_never_turns_the_sky_down():
    ramp = torch.linspace(200, 0, 64)[:, None].expand(64, 64)
    seen = augment(ramp.expand(30, 3, 64, 64), 32, torch.Generator().manual_seed(0))
    rows = seen.mean((1, 3))
    assert bool((rows.diff(dim=1) < 0).all())


def test_augment_depends_on_its_generator_alone():
    images = torch.randint(256, (4, 3, 40, 40), generator=torch.Generator().manual_seed(0))
    one, same, other = (augment(images, 32, torch.Generator().manual_seed(n)) for n in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_batches_cover_everything_once():
    items = list(range(10))
    assert [items[part] for part in batches(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert batches(0, 4) == []
