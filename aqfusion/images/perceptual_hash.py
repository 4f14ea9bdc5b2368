"""Photos that are nearly the same: 64 bits per photo that survive re-encoding and slight cropping.

40 bits say where the picture is lighter and darker (signs of the lowest waves of its grey image,
as in pHash), 24 say how bright and how blue its upper half is. The usual 64 bits of shape take no
notice of haze: a fixed camera's photo of a clear day was as near to that of a smoggy one as to its
own copies, and all plain skies were one.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aqfusion.images.photo import Photo

# Bits that may differ. Measured on the 7,424 photos of the India/Nepal set, burst frames of 94
# sessions, and copies of every sixth of them; the share that finds its original, the share of
# photos that find a frame of their own session, and of photos that find one of another day:
#   bits  JPEG 75  half size  1 % off each edge  2.5 % off  own session  another day
#    2     99.8      97.3           87.3            34.1        35.5         0.7
#    3     99.9      99.3           95.2            54.6        48.7         1.8
#    4      100       100           98.3            72.1        59.7         4.0
# Of 64 bits of pHash, 4 find 90.4 % of the first crops and 2.2 % another day, 6 98.2 and 6.4 %.
NEAR = 3

_SIDE = 32
_SHAPE_BITS = 40
_RANGE = 1 << 64
_LEAST_WAVE = 1.0  # grey levels; less is rounding, whose sign is chance on a plain picture
# The odd 24ths of the same photos, so that each bit splits them: mean grey of the upper half, and
# how far its blue is above its red.
_BRIGHTNESS = (108, 124, 135, 148, 155, 162, 169, 174, 179, 185, 193, 204)
_BLUENESS = (-16, -7, -3, 1, 6, 11, 16, 25, 40, 63, 90, 108)
_GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601

# Orthonormal cosines (32, 32), a wave per row, and the lowest waves by the sum of their numbers.
_HALVES = (2 * np.arange(_SIDE) + 1) / (2 * _SIDE)
_WAVES = np.cos(np.pi * np.arange(_SIDE)[:, None] * _HALVES) * np.sqrt(2 / _SIDE)
_ORDER = sorted(
    ((row, column) for row in range(_SIDE) for column in range(_SIDE)),
    key=lambda wave: (sum(wave), wave),
)
_LOWEST = tuple(np.array(_ORDER[1 : 1 + _SHAPE_BITS]).T)  # without the mean


def perceptual_hash(photo: Photo) -> int:
    """64 bits as a signed number, as a database's BIGINT keeps them."""
    small = photo.image.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float64)  # (32, 32, 3)
    waves = _WAVES @ (pixels @ _GREY) @ _WAVES.T
    red, _, blue = upper = pixels[: _SIDE // 2].mean((0, 1))
    bits = np.concatenate(
        [
            waves[_LOWEST] > _LEAST_WAVE,
            upper @ _GREY > np.array(_BRIGHTNESS),  # a small change of tone is one bit
            blue - red > np.array(_BLUENESS),
        ]
    )
    return int(np.packbits(bits).view(">i8")[0])


def hamming_distance(first: int, second: int) -> int:
    """How many of the 64 bits differ.

    >>> hamming_distance(0, -1), hamming_distance(6, 5)
    (64, 2)
    """
    return ((first ^ second) & (1 << 64) - 1).bit_count()


class FingerprintIndex:
    """Fingerprints in the order they came in, and which of them are near a given one.

    All are compared at each question: 2 ms for a million (8 MB), one core. Not for use by several
    threads while one of them adds.
    """

    def __init__(self, fingerprints: Iterable[int] = ()) -> None:
        self._all: NDArray[np.int64] = np.fromiter(fingerprints, dtype=np.int64)
        self._count = len(self._all)

    def __len__(self) -> int:
        """How many were added."""
        return self._count

    def add(self, fingerprint: int) -> int:
        """Add one, and return its position."""
        if self._count == len(self._all):
            room = np.zeros(max(1024, self._count), dtype=np.int64)
            self._all = np.concatenate([self._all, room])
        self._all[self._count] = fingerprint
        self._count += 1
        return self._count - 1

    def near(self, fingerprint: int, within: int = NEAR) -> tuple[int, ...]:
        """Positions of those at most `within` bits apart, the nearest first, of equals the first.

        The same fingerprint is 0 bits apart, an item's own among them.
        """
        # As unsigned numbers: numpy counts the bits of the absolute value of signed ones.
        differing = (self._all[: self._count] ^ np.int64(fingerprint)).view(np.uint64)
        apart = np.bitwise_count(differing)
        matches = np.flatnonzero(apart <= within)
        nearest: list[int] = matches[np.argsort(apart[matches], kind="stable")].tolist()
        return tuple(nearest)


def fingerprint_text(value: int) -> str:
    """Return a fingerprint as items keep it, 16 hex digits.

    >>> fingerprint_text(-1), fingerprint_value("ffffffffffffffff")
    ('ffffffffffffffff', -1)
    """
    return f"{value % _RANGE:016x}"


def fingerprint_value(text: str) -> int:
    """Return the signed number of 16 hex digits."""
    value = int(text, 16)
    return value - _RANGE if value >= _RANGE // 2 else value
