"""Haze evidence: what scattering does to a picture, measured instead of learned.

Haze lifts the dark channel (He et al. 2009), washes out saturation and blue, and takes contrast
away with distance, which in an outdoor photo is with height up to the horizon. So each quantity is
taken in horizontal bands. A few numbers with a physical meaning carry over to places that were
never seen, where a network's features follow the buildings (docs/experiments.md).
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

BANDS = 8  # horizontal bands for means
COARSE_BANDS = 4  # for spreads and spectra, which need more pixels
_WINDOW = 8  # pixels: the side of the patch whose darkest value or spread is taken


def haze_statistics(images: Tensor) -> Tensor:
    """Statistics (B, 108) of pixels 0..255 (B, 3, H, W), H and W at least 64; mirror-invariant."""
    pixels = images.float() / 255
    light = pixels.mean(1, keepdim=True)  # (B, 1, H, W)
    brightest = pixels.amax(1, keepdim=True)
    darkest = pixels.amin(1, keepdim=True)
    saturation = (brightest - darkest) / (brightest + 1e-3)
    dark_channel = -max_pool2d(-darkest, _WINDOW, _WINDOW // 2)
    gradient = _gradient(light)
    mean = avg_pool2d(light, _WINDOW, _WINDOW // 2)
    spread = (avg_pool2d(light * light, _WINDOW, _WINDOW // 2) - mean * mean).clamp_min(1e-8).sqrt()
    red, green, blue = pixels[:, :1], pixels[:, 1:2], pixels[:, 2:]
    evidence = (saturation, dark_channel, gradient, spread, spread / (mean + 0.05))
    maps = (red, green, blue, *evidence, blue - red, red - green)
    smooth = avg_pool2d(light, 3, 1, 1, count_include_pad=False)
    smoother = avg_pool2d(smooth, 5, 1, 2, count_include_pad=False)
    spectrum = ((light - smooth).abs(), (smooth - smoother).abs(), _gradient(avg_pool2d(light, 4)))
    return torch.cat(
        [
            *(_bands(values, BANDS).mean(2) for values in maps),  # 10 x 8
            *(
                _bands(values, COARSE_BANDS).std(2)
                for values in (light, dark_channel, saturation, gradient)
            ),  # 4 x 4
            *(_bands(values, COARSE_BANDS).mean(2) for values in spectrum),  # 3 x 4
        ],
        1,
    )


STATISTICS = 10 * BANDS + 7 * COARSE_BANDS
# (108,): which coarse band, top first, a statistic was taken in.
BAND_OF_STATISTIC = torch.cat(
    [
        (torch.arange(BANDS) * COARSE_BANDS // BANDS).repeat(10),
        torch.arange(COARSE_BANDS).repeat(7),
    ]
)


def _gradient(light: Tensor) -> Tensor:
    """Absolute differences to the right and below, added; same shape."""
    right = light.diff(dim=3).abs()
    below = light.diff(dim=2).abs()
    return pad(right, (0, 1)) + pad(below, (0, 0, 0, 1))


def _bands(values: Tensor, count: int) -> Tensor:
    """Split (B, 1, H, W) into `count` bands from top to bottom: (B, count, pixels of a band)."""
    rows = values.shape[2] // count
    return values[:, 0, : rows * count].reshape(len(values), count, -1)
