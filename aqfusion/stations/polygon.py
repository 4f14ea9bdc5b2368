"""Rings of points: their area, cut to a box, and with fewer points."""

import math
from collections.abc import Callable
from itertools import pairwise

Point = tuple[float, float]
Ring = list[Point]  # closed: the last point is the first
Box = tuple[float, float, float, float]  # west, south, east, north


def area(ring: Ring) -> float:
    """Signed area, positive when the ring runs against the clock.

    >>> area([(0, 0), (2, 0), (2, 1), (0, 1), (0, 0)])
    2.0
    """
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(ring)) / 2


def clip(ring: Ring, box: Box) -> Ring:
    """The part of a ring inside a box (Sutherland and Hodgman, 1974); empty where there is none.

    >>> clip([(0, 0), (4, 0), (4, 1), (0, 1), (0, 0)], (1, -1, 3, 5))
    [(1.0, 1.0), (1.0, 0.0), (3.0, 0.0), (3.0, 1.0), (1.0, 1.0)]
    """
    west, south, east, north = box
    for axis, edge, inside in (
        (0, west, lambda point: point[0] >= west),
        (0, east, lambda point: point[0] <= east),
        (1, south, lambda point: point[1] >= south),
        (1, north, lambda point: point[1] <= north),
    ):
        ring = _half(ring, axis, edge, inside)
    return ring


def simplify(ring: Ring, off: float, box: Box) -> Ring:
    """Fewer points, none of the dropped ones further than `off` away (Douglas and Peucker, 1973).

    Points on the edge of the box stay, so that neighbouring boxes still meet.
    """
    if len(ring) < 4:
        return []
    # A ring has no ends to hold on to: its point furthest from the first is taken as one.
    far = max(range(len(ring)), key=lambda index: math.dist(ring[0], ring[index]))
    west, south, east, north = box
    held = {0, far, len(ring) - 1}
    held |= {i for i, (x, y) in enumerate(ring) if x in (west, east) or y in (south, north)}
    kept: Ring = [ring[0]]
    for start, end in pairwise(sorted(held)):
        kept += _thinned(ring[start : end + 1], off)[1:]
    return kept


def _half(ring: Ring, axis: int, edge: float, inside: Callable[[Point], bool]) -> Ring:
    kept: Ring = []
    for start, end in pairwise(ring):
        if inside(start) != inside(end):
            share = (edge - start[axis]) / (end[axis] - start[axis])
            crossing = [start[i] + share * (end[i] - start[i]) for i in (0, 1)]
            crossing[axis] = float(edge)
            kept.append((crossing[0], crossing[1]))
        if inside(end):
            kept.append(end)
    return [*kept, kept[0]] if kept and kept[0] != kept[-1] else kept


def _thinned(line: Ring, off: float) -> Ring:
    """The line with only the points that matter; a stack, as coasts are longer than recursion."""
    keep, todo = {0, len(line) - 1}, [(0, len(line) - 1)]
    while todo:
        start, end = todo.pop()
        if end - start < 2:
            continue
        worst = max(
            range(start + 1, end), key=lambda index: _away(line[index], line[start], line[end])
        )
        if _away(line[worst], line[start], line[end]) > off:
            keep.add(worst)
            todo += [(start, worst), (worst, end)]
    return [line[index] for index in sorted(keep)]


def _away(point: Point, start: Point, end: Point) -> float:
    """How far a point is from the straight piece between two others."""
    (x, y), (ax, ay), (bx, by) = point, start, end
    length = (bx - ax) ** 2 + (by - ay) ** 2
    share = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length if length else 0.0
    share = min(1.0, max(0.0, share))
    return math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay))
