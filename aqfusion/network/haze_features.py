"""Haze features: what scattering does to a picture, measured instead of learned.

Haze lifts the dark channel (He et al. 2009), washes out saturation and blue, and takes contrast
away with distance, which in an outdoor photo is with height up to the horizon. So each quantity is
taken in horizontal bands. A few numbers with a physical meaning carry over to places that were
never seen, where a network's features follow the buildings (docs/experiments.md).

Each number has a physical meaning, so that a refusal can be put in words. All are between -1
and 1 but the two in decades (log10), and none is NaN, whatever the picture. How edges spread over
the height, and the entropy of the histogram, were tried as well and added nothing: some of
the real photos look down on a town and show no sky at all.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from aqfusion.model.architecture import COARSE_HAZE_BANDS, HAZE_BANDS

_WINDOW = 8  # pixels: the side of the patch whose darkest value or spread is taken


def haze_features(images: Tensor) -> Tensor:
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
            *(_bands(values, HAZE_BANDS).mean(2) for values in maps),  # 10 x 8
            *(
                _bands(values, COARSE_HAZE_BANDS).std(2)
                for values in (light, dark_channel, saturation, gradient)
            ),  # 4 x 4
            *(_bands(values, COARSE_HAZE_BANDS).mean(2) for values in spectrum),  # 3 x 4
        ],
        1,
    )


def _gradient(light: Tensor) -> Tensor:
    """Absolute differences to the right and below, added; same shape."""
    right = light.diff(dim=3).abs()
    below = light.diff(dim=2).abs()
    return pad(right, (0, 1)) + pad(below, (0, 0, 0, 1))


def _bands(values: Tensor, count: int) -> Tensor:
    """Split (B, 1, H, W) into `count` bands from top to bottom: (B, count, pixels of a band)."""
    rows = values.shape[2] // count
    return values[:, 0, : rows * count].reshape(values.shape[0], count, -1)


_SIDE = 112  # pixels: enough for edges, small enough to hide the noise of a sensor
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_FAINTEST = 1e-3  # a quarter of a grey level of 255: keeps logarithms finite


def statistics(images: Tensor) -> Tensor:
    """The numbers of `STATISTIC_NAMES` (B, F) of uint8 pictures (B, 3, H, W), of any size."""
    height, width = images.shape[2:]
    rgb = _windows(height) @ (images.float() / 255) @ _windows(width).T  # (B, 3, S, S)
    luma = (rgb * torch.tensor(_LUMA)[:, None, None]).sum(1)  # (B, S, S)
    chroma = rgb.amax(1) - rgb.amin(1)  # (B, S, S)
    half, third = _SIDE // 2, _SIDE // 3
    red, green, blue = rgb[:, :, :half].mean((2, 3)).unbind(1)  # (B,) each
    here = luma[:, :-1, :-1]
    steps = (luma[:, 1:, :-1] - here).abs() + (luma[:, :-1, 1:] - here).abs()
    apart = luma - luma.mean(2, keepdim=True)
    return torch.stack(
        [
            luma[:, :half].mean((1, 2)),
            luma.mean((1, 2)),
            _ranked(luma.flatten(1), 0.98),
            _share(luma < 0.08),
            _share(rgb.amin(1) > 0.985),
            luma[:, :third].mean((1, 2)) - luma[:, -third:].mean((1, 2)),
            _decades(chroma.mean((1, 2))),
            _share((chroma > 0.4) & (rgb[:, 2] < rgb.amax(1))),
            red - blue,
            green - (red + blue) / 2,
            _decades(_ranked(apart.square().mean(2).sqrt(), 0.1)),
            _share(steps < 1e-4),
            _dark_channel(rgb).mean((1, 2)),
        ],
        1,
    )


def _windows(count: int) -> Tensor:
    """Weights (S, `count`) of adaptive average pooling along one side.

    By products of matrices it is one formula for every size, which ONNX has as well.
    """
    number, pixel = torch.arange(_SIDE)[:, None], torch.arange(count)[None]
    first, end = number * count // _SIDE, ((number + 1) * count + _SIDE - 1) // _SIDE
    inside = ((pixel >= first) & (pixel < end)).float()
    return inside / inside.sum(1, keepdim=True)


def _ranked(values: Tensor, share: float) -> Tensor:
    """The value (B,) that `share` of each row (B, N) do not exceed; of no rows, none."""
    return values.sort(1).values[:, int(share * (values.shape[1] - 1))]


def _decades(values: Tensor) -> Tensor:
    return (values + _FAINTEST).log10()


def _share(mask: Tensor) -> Tensor:
    return mask.float().mean((1, 2))


def _dark_channel(rgb: Tensor) -> Tensor:
    """The least light of any channel within 7 pixels, (B, S, S)."""
    return -max_pool2d(-rgb.amin(1, keepdim=True), 7, 1, 3)[:, 0]
