"""Photos to pixels: one way for training, evaluation and the app."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aqfusion.images.photo import Photo

STORED_SIZE = 192  # pixels a side: what every photo is brought to, in training and in the app


def pixels(photo: Photo, size: int = STORED_SIZE) -> NDArray[np.uint8]:
    """The whole photo squeezed to a square, uint8 (3, size, size); the sky is not cropped away."""
    image = photo.image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    array = np.asarray(image, dtype=np.uint8)  # (size, size, 3)
    return np.ascontiguousarray(array.transpose(2, 0, 1))
