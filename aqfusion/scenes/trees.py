"""Single trees: a crown of leaves with a ragged, soft rim, lit from one side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.scenes.canvas import Canvas
from aqfusion.scenes.city import Light
from aqfusion.scenes.noise import fractal, sample

Floats = NDArray[np.floating[Any]]
LEAF = ((0.05, 0.085, 0.024), (0.062, 0.095, 0.028), (0.04, 0.07, 0.025), (0.075, 0.09, 0.03))


@dataclass(frozen=True)
class Tree:
    """Position and height of a tree in metres; about as wide as tall."""

    right: float
    away: float
    tall: float


class Foliage:
    """One sheet of leaf noise, from which each tree cuts its own piece."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.lumps = fractal(generator, (256, 256), 64, 0.62)
        self.leaves = fractal(generator, (256, 256), 8, 0.8)

    def paint(
        self,
        canvas: Canvas,
        tree: Tree,
        light: Light,
        generator: np.random.Generator,
    ) -> None:
        """Paint one tree; crowns of less than a pixel are not drawn."""
        away, tall = tree.away, tree.tall
        scale = canvas.focal / away
        wide = tall * generator.uniform(0.75, 1.1) * scale / 2
        high = tall * scale / 2
        if high < 0.8:
            return
        rows, columns = (
            np.arange(-int(1.5 * size) - 1, int(1.5 * size) + 2) for size in (high, wide)
        )
        v, u = np.asarray(rows[:, None] / high), np.asarray(columns[None, :] / wide)
        corner = generator.uniform(0, 256, 2)
        grain = np.clip(high, 4, 60)
        r, c = np.broadcast_arrays(corner[0] + v * grain, corner[1] + u * grain)
        lumps = sample(self.lumps, r, c)
        leaves = sample(self.leaves, 2.2 * r, 2.2 * c)
        body = 1 - np.hypot(u, v) ** 2 + 0.5 * lumps + 0.2 * leaves
        alpha = np.clip(body * np.clip(high / 3, 1, 6) + 0.3, 0, 1)
        lit = 0.62 - 0.42 * v + 0.28 * light.side * u + 0.24 * lumps + 0.2 * leaves
        shade = np.clip(lit, 0.1, 1.6)[..., None]
        tone = np.array(LEAF[generator.integers(len(LEAF))])
        colour = tone * (light.sun * shade * 1.25 + light.sky * (0.3 + 0.5 * shade))
        top = canvas.row_of(tall / 2, away) + rows[0]
        left = canvas.column_of(tree.right, away) + columns[0]
        canvas.patch(
            top, left, np.asarray(colour, np.float32), np.asarray(alpha, np.float32), away / 1000
        )


def grove(generator: np.random.Generator) -> list[Tree]:
    """Trees between 0.18 and 2.5 km, in clumps, and some alone."""
    clumps = np.exp(generator.uniform(np.log(185), np.log(2500), 130))
    aside = generator.uniform(-0.46, 0.46, 130)
    trees = []
    for away, side in zip(clumps, aside, strict=True):
        for _ in range(1 + generator.poisson(7)):
            there = max(180.0, away + generator.normal(0, 12))
            right = side * away + generator.normal(0, 14)
            trees.append(Tree(float(right), float(there), float(generator.gamma(16, 0.55))))
    return trees
