"""Synthetic negatives: photos changed until no sky by day is left, to train the photo screen on.

It is not measured on them. Pixels of real photos keep the grain, the sharpness and the colours of a
camera, so that it cannot separate the classes by those. Everything is drawn from one generator.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

# Of six photos (6, 3, H, W) the first is changed; the others lend patches.
Spoiler = Callable[[Tensor, torch.Generator], Tensor]


def synthetic_negative(images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """One synthetic negative per photo, uint8 (B, 3, H, W) both, and each one's way (B,).

    The ways take turns. Three of them use only the size of a photo.
    """
    way = torch.arange(len(images)) % len(SPOILERS)
    made = torch.empty_like(images)
    for number, chosen in enumerate(way):
        lent = torch.randint(len(images), (6,), generator=generator)
        picture = SPOILERS[int(chosen)](images[lent].float() / 255, generator)
        made[number] = (picture.clamp(0, 1) * 255).round().to(torch.uint8)
    return made, way


def _darkened(photos: Tensor, generator: torch.Generator) -> Tensor:
    """A night exposure: little light, much noise, and lamps in the lower part."""
    _, height, width = photos[0].shape
    gain = _uniform(generator, 0.02, 0.28)
    dark = photos[0] ** _uniform(generator, 1.2, 2.5) * gain
    for _ in range(int(_uniform(generator, 0, 25))):
        down, right = _uniform(generator, 0.3, 1), _uniform(generator, 0, 1)
        lamp = _uniform(generator, 0.3, 1.5) * torch.tensor([1.0, 0.8, 0.5])[:, None, None]
        radius = _uniform(generator, 0.004, 0.03)
        dark = dark + lamp * (-((_distance(height, width, down, right) / radius) ** 2)).exp()
    return dark + _uniform(generator, 0.005, 0.03) * _normal(photos[0], generator)


def _colourless(photos: Tensor, generator: torch.Generator) -> Tensor:
    """Black and white, as scans and old pictures are."""
    grey = photos[0].mean(0, keepdim=True)
    stretched = (grey - 0.5) * _uniform(generator, 0.8, 2.0) + 0.5
    return stretched.expand(3, -1, -1)


def _miscoloured(photos: Tensor, generator: torch.Generator) -> Tensor:
    """Colours that no sky has: channels exchanged and made stronger, or a negative."""
    photo = photos[0]
    if _uniform(generator, 0, 1) < 0.3:
        return 1 - photo
    order = torch.tensor([[2, 0, 1], [2, 1, 0], [1, 0, 2], [0, 2, 1], [1, 2, 0]])
    photo = photo[order[torch.randint(5, (), generator=generator)]]
    grey = photo.mean(0, keepdim=True)
    tint = torch.rand(3, 1, 1, generator=generator) - 0.5
    return grey + (photo - grey) * _uniform(generator, 1.5, 4) + 0.35 * tint


def _magnified(photos: Tensor, generator: torch.Generator) -> Tensor:
    """A piece of the lower part, enlarged: the close-up of a thing, in warmer or cooler light."""
    _, height, width = photos[0].shape
    size = max(2, int(_uniform(generator, 0.08, 0.25) * height))
    top = int(_uniform(generator, 0.6, 1) * (height - size))
    left = int(_uniform(generator, 0, 1) * (width - size))
    piece = photos[:1, :, top : top + size, left : left + size]
    large = interpolate(piece, (height, width), mode="bicubic", align_corners=False)[0]
    spread = (large - large.mean()) / large.std().clamp_min(0.05)
    light = torch.empty(3, 1, 1).uniform_(0.2, 0.7, generator=generator)
    return light + _uniform(generator, 0.12, 0.3) * spread


def _collage(photos: Tensor, generator: torch.Generator) -> Tensor:
    """Dead leaves: discs and boxes that hide each other, as things in a room do."""
    _, height, width = photos[0].shape
    picture = photos[0] * _light(generator)
    for _ in range(int(_uniform(generator, 12, 60))):
        down, right = _uniform(generator, 0, 1), _uniform(generator, 0, 1)
        away = _distance(height, width, down, right)
        if _uniform(generator, 0, 1) < 0.6:
            rows, columns = _grid(height, width)
            high, wide = _uniform(generator, 0.03, 0.3), _uniform(generator, 0.03, 0.3)
            inside = ((rows - down).abs() < high) & ((columns - right).abs() < wide)
        else:
            inside = away < _uniform(generator, 0.03, 0.2)
        fill = photos[int(torch.randint(1, 6, (), generator=generator))]
        if _uniform(generator, 0, 1) < 0.6:
            fill = fill.mean((1, 2), keepdim=True) + 0.1 * (fill - fill.mean((1, 2), keepdim=True))
        picture = torch.where(inside, fill * _light(generator), picture)
    return picture


def _drawn(photos: Tensor, generator: torch.Generator) -> Tensor:
    """A page: lines of dark marks on light paper, or flat coloured bars."""
    _, height, width = photos[0].shape
    rows, columns = _grid(height, width)
    angle = _uniform(generator, -0.2, 0.2)
    along, across = columns + angle * rows, rows - angle * columns
    lines, letters = _uniform(generator, 6, 30), _uniform(generator, 20, 90)
    ink = (across * lines % 1 < _uniform(generator, 0.3, 0.6)) & (
        (along * letters + 7.3 * (across * lines).floor()).sin() > _uniform(generator, -0.5, 0.6)
    )
    paper, mark = torch.rand(2, 3, 1, 1, generator=generator)
    strength = _uniform(generator, 0, 1)
    paper, mark = 1 - 0.35 * strength * paper, mark * strength
    uneven = 1 - _uniform(generator, 0, 0.4) * _distance(height, width, 0.2, 0.3)
    return torch.where(ink, mark, paper) * uneven


def _speckled(photos: Tensor, generator: torch.Generator) -> Tensor:
    """Noise in cells of any size: gravel, cloth, an untuned screen."""
    _, height, width = photos[0].shape
    total = torch.zeros_like(photos[0])
    for _ in range(3):
        cells = max(2, int(height * _uniform(generator, 0.02, 1)))
        grid = torch.randn(1, 3, cells, cells, generator=generator)
        total = total + interpolate(grid, (height, width), mode="bilinear")[0]
    grey = total.mean(0, keepdim=True)
    total = grey + (total - grey) * _uniform(generator, 0, 1)
    return _light(generator) * 0.5 + _uniform(generator, 0.05, 0.25) * total


def _empty(photos: Tensor, generator: torch.Generator) -> Tensor:
    """One colour, exactly or with the grain of a covered lens."""
    colour = torch.rand(3, 1, 1, generator=generator)
    if _uniform(generator, 0, 1) < 0.5:
        return colour.expand_as(photos[0])
    return 0.12 * colour + _uniform(generator, 0.003, 0.02) * _normal(photos[0], generator)


SPOILERS: tuple[Spoiler, ...] = (
    _darkened,
    _colourless,
    _miscoloured,
    _magnified,
    _collage,
    _drawn,
    _speckled,
    _empty,
)


def _uniform(generator: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * torch.rand((), generator=generator).item()


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator)


def _light(generator: torch.Generator) -> Tensor:
    """The colour of a lamp or a shadow (3, 1, 1): warm more often than blue."""
    strength = _uniform(generator, 0.3, 1.3)
    warmth = torch.tensor([1.0, 0.85, 0.65])[:, None, None] ** _uniform(generator, -0.5, 2)
    return strength * warmth


def _grid(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Rows (H, 1) and columns (1, W) from 0 to 1."""
    return torch.linspace(0, 1, height)[:, None], torch.linspace(0, 1, width)[None, :]


def _distance(height: int, width: int, down: float, right: float) -> Tensor:
    """Distance (H, W) from a point, in picture sizes."""
    rows, columns = _grid(height, width)
    return ((rows - down) ** 2 + (columns - right) ** 2).sqrt()
