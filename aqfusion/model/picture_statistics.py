"""Statistics of a picture by plain arithmetic: its light, its colours, and how calm it is.

Each number has a physical meaning, so that a refusal can be put in words. All are between -1
and 1 but the two in decades (log10), and none is NaN, whatever the picture. How edges spread over
the height, and the entropy of the histogram, were tried as well and added nothing: some of
the real photos look down on a town and show no sky at all.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, max_pool2d

NAMES = (
    "top_light",  # mean luma of the upper half, 0 to 1
    "light",  # mean luma
    "brightest",  # luma that 2 % of the pixels exceed
    "dark_share",  # share of pixels that are nearly black
    "white_share",  # share of pixels that are clipped white
    "fall",  # luma of the upper third less that of the lower: a sky is the brighter part
    "colour",  # decades of the mean distance between channels: -3 is black and white
    "vivid_warm_share",  # share of strongly coloured pixels that are not blue: no sky is so
    "top_warmth",  # red less blue of the upper half
    "top_green",  # green less the mean of red and blue there: daylight keeps near 0
    "smoothest_row",  # decades of the luma spread within the calmest tenth of the rows
    "flat_share",  # share of neighbours that are exactly alike: drawn, not photographed
    "haze",  # mean dark channel (He et al. 2009): light that every colour has
)
_SIDE = 112  # pixels: enough for edges, small enough to hide the noise of a sensor
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_FAINTEST = 1e-3  # a quarter of a grey level of 255: keeps logarithms finite


def statistics(images: Tensor) -> Tensor:
    """The numbers of `NAMES` (B, F) of uint8 pictures (B, 3, H, W), of any size."""
    rgb = adaptive_avg_pool2d(images.float() / 255, (_SIDE, _SIDE))  # (B, 3, S, S)
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
