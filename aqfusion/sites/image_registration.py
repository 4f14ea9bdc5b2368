"""Registration: the position of the reference photo's view in a new photo.

Points are found by their surroundings (SIFT, Lowe 2004; ORB sees fewer of them through haze) on
pictures of evened contrast, so that exposure and haze change little, and a turn, a shift and a
scale that most of them share is searched at random (RANSAC, Fischler and Bolles 1981).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aqfusion.images import opencv
from aqfusion.images.photo import Photo
from aqfusion.sites.landmark import Box, LandmarkError
from aqfusion.sites.reference_photo import ReferencePhoto

_SIDE = 640  # pixels of the longer side, in which both pictures are searched
_POINTS = 1000
_RATIO = 0.8  # of the distances to the nearest and the second nearest description (Lowe 2004)
_DARKEST = 60  # grey of 255
_NEAR = 2.5  # pixels: so close is agreement
_FEWEST = 15
_FEWEST_CELLS = 5  # of 6 x 4: a logo or a clock in the picture agrees too, but in one place
_MOST_SHIFT = 0.15  # of the width
_MOST_TURN = 8.0  # degrees
_MOST_SCALE = 1.25


class RegistrationError(LandmarkError):
    """A photo that does not show the view of the reference photo."""


@dataclass(frozen=True)
class Registration:
    """`matrix` (2, 3) takes shares of the reference's width to shares of the photo's width.

    Heights are shares of the widths too, so that a turn stays a turn. `points` agree on it.
    """

    matrix: tuple[tuple[float, float, float], tuple[float, float, float]]
    reference_height: float
    photo_height: float
    points: int

    def place(self, box: Box) -> Box:
        """The box of the reference in the photo, upright; raises if it is not all in it."""
        (a, b, right), (c, d, down) = self.matrix
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2 * self.reference_height
        scale = math.hypot(a, c)
        half_width = scale * (box.right - box.left) / 2
        half_height = scale * (box.bottom - box.top) / 2 * self.reference_height
        x, y = a * x + b * y + right, c * x + d * y + down
        left, top = x - half_width, (y - half_height) / self.photo_height
        right_side, bottom = x + half_width, (y + half_height) / self.photo_height
        outside = max(-left, -top, right_side - 1, bottom - 1)
        if outside > 0.1 * min(2 * half_width, 2 * half_height / self.photo_height):
            raise RegistrationError(
                "the landmark and its sky must be in the photo, got one outside"
            )
        sides = (min(max(side, 0.0), 1.0) for side in (left, top, right_side, bottom))
        return Box(*sides)

    @property
    def shift(self) -> float:
        """The shift of the view's centre, as a share of the width."""
        (a, b, right), (c, d, down) = self.matrix
        x, y = 0.5, self.reference_height / 2
        return math.hypot(a * x + b * y + right - x, c * x + d * y + down - self.photo_height / 2)


def register(reference: ReferencePhoto, photo: Photo) -> Registration:
    """Find the reference's view in a photo; raises `RegistrationError` if it is another one."""
    width, height = photo.image.size
    if photo.digest == reference.digest:
        return Registration(((1, 0, 0), (0, 1, 0)), height / width, height / width, _POINTS)
    before, after = _small(reference.image), _small(photo.image)
    brightest = float(np.percentile(after, 95))
    if brightest < _DARKEST:
        rule = (
            f"the photo must be bright enough to see the view, {_DARKEST} of 255 in its light parts"
        )
        raise RegistrationError(
            f"{rule}, got {brightest:.0f}: the photo is too dark or was taken at night"
        )
    cv2 = opencv.load()
    start, end = _matches(before, after)
    if len(start) < _FEWEST:
        raise _other_view(len(start))
    # its random choices are the same for the same points: OpenCV seeds them for itself
    matrix, agree = cv2.estimateAffinePartial2D(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=_NEAR, maxIters=5000, confidence=0.999
    )
    if matrix is None:
        raise _other_view(0)
    kept = agree.ravel().astype(bool)
    shape = before.shape
    cells = {(int(6 * x / shape[1]), int(4 * y / shape[0])) for x, y in start[kept]}
    if kept.sum() < _FEWEST or len(cells) < _FEWEST_CELLS:
        raise _other_view(int(kept.sum()))
    return _checked(matrix, shape, after.shape, int(kept.sum()))


def _checked(
    matrix: NDArray[Any], before: tuple[int, ...], after: tuple[int, ...], points: int
) -> Registration:
    """The result in shares, if it is a plausible move of a fixed camera."""
    (a, b, right), (c, d, down) = matrix.tolist()
    rate = before[1] / after[1]
    registration = Registration(
        ((a * rate, b * rate, right / after[1]), (c * rate, d * rate, down / after[1])),
        before[0] / before[1],
        after[0] / after[1],
        points,
    )
    turn, scale = math.degrees(math.atan2(c, a)), math.hypot(a, c) * rate
    got = (
        f"got {registration.shift:.0%} of the width, {turn:.0f} degrees, {scale:.2f} times the size"
    )
    if (
        registration.shift > _MOST_SHIFT
        or abs(turn) > _MOST_TURN
        or not 1 / _MOST_SCALE <= scale <= _MOST_SCALE
    ):
        rule = f"the photo must be moved by at most {_MOST_SHIFT:.0%} from the reference photo"
        raise RegistrationError(f"{rule}, {got}")
    return registration


def _matches(
    before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points (n, 2) of both pictures that look alike, each the other's nearest."""
    cv2 = opencv.load()
    finder = cv2.SIFT.create(nfeatures=_POINTS, contrastThreshold=0.02)
    even = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8))
    features = [finder.detectAndCompute(even.apply(picture), None) for picture in (before, after)]
    (points, descriptors), (others, other_descriptors) = features
    if descriptors is None or other_descriptors is None or len(points) < 2 or len(others) < 2:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    # RootSIFT (Arandjelovic and Zisserman 2012): the Hellinger distance is less moved by outliers
    descriptors, other_descriptors = (
        np.sqrt(rows / (rows.sum(1, keepdims=True) + 1e-7))
        for rows in (descriptors, other_descriptors)
    )
    likeness = descriptors @ other_descriptors.T  # (n, m), 1 is the same
    there, back = likeness.argmax(1), likeness.argmax(0)
    best = likeness[np.arange(len(there)), there]
    second = np.partition(likeness, -2, 1)[:, -2]
    distance, next_distance = np.sqrt(np.maximum(2 - 2 * best, 0)), np.sqrt(2 - 2 * second)
    good = (back[there] == np.arange(len(there))) & (distance < _RATIO * next_distance)
    start = np.array([point.pt for point in points], np.float32)[good]
    end = np.array([point.pt for point in others], np.float32)[there[good]]
    return start, end


def _small(picture: Image.Image) -> NDArray[np.uint8]:
    grey = picture.convert("L")
    grey.thumbnail((_SIDE, _SIDE))
    return np.asarray(grey)


def _other_view(points: int) -> RegistrationError:
    rule = f"the photo must show the reference photo's view in at least {_FEWEST} points"
    return RegistrationError(f"{rule} spread over it, got {points} that agree")
