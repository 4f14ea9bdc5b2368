"""Pictures of nothing: what a camera takes by mistake."""

import numpy as np
from PIL import Image

from aqfusion.scenes.noise import fractal


def nothing(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """One exact colour, a covered lens, or a finger over the lens, in turn by `seed`.

    A grey wall is not among them: nobody could tell its picture from one of thick haze.
    """
    generator = np.random.default_rng([seed, 13])
    shape = (size[1], size[0], 3)
    colour = generator.uniform(0, 255, 3)
    if seed % 3 == 0:
        pixels = np.broadcast_to(colour, shape)
    elif seed % 3 == 1:
        pixels = generator.uniform(0, 22) + generator.normal(0, generator.uniform(0.5, 5), shape)
    else:
        skin = np.array([200, 80, 55]) * generator.uniform(0.4, 1.1)
        uneven = fractal(generator, shape[:2], 200, 0.3)[..., None]
        pixels = skin * (1 + 0.12 * uneven) + generator.normal(0, 2, shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
