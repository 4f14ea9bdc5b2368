"""Growth curves as SVG: both axes logarithmic, so that a straight line is a power."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 44, 52  # px around the axes
_COLOURS = ("#8a94a0", "#0b6e8f", "#c2571a", "#4b7f52")  # the naive way first, in grey
_DASHES = ("5 4", "", "", "2 3")
_STYLE = (
    "text{font:12px sans-serif;fill:#1f2d3d}.title{font-size:14px;font-weight:600}"
    ".grid{stroke:#dbe2e9}.axis{stroke:#4b6584}polyline{fill:none;stroke-width:2.2}"
)


@dataclass(frozen=True)
class Picture:
    """Curves of points (x, y), all above 0, the naive way's first."""

    title: str
    across: str
    up: str
    curves: Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    start: float  # px
    end: float

    @classmethod
    def of(cls, values: Sequence[float], start: float, end: float) -> "_Axis":
        return cls(_step(min(values), up=False), _step(max(values), up=True), start, end)

    def px(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> Iterator[float]:
        """1, 2, 5, 10 ... where there is room, else powers of ten."""
        decades = math.log10(self.high / self.low)
        digits = (1, 2, 5) if decades <= 3 else (1,)
        for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1):
            for digit in digits:
                value = digit * 10.0**power
                if self.low * 0.999 <= value <= self.high * 1.001:
                    yield value


def _step(value: float, up: bool) -> float:
    """The nearest of 1, 2, 5, 10 ... that does not lie inside."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = [digit * power for digit in (1, 2, 5, 10)]
    if up:
        return next(step for step in steps if step >= value * 0.999)
    return next(step for step in steps[::-1] if step <= value * 1.001)


def svg(picture: Picture) -> str:
    """The picture as text."""
    points = [point for curve in picture.curves.values() for point in curve]
    across = _Axis.of([x for x, _ in points], _LEFT, _WIDTH - _RIGHT)
    up = _Axis.of([y for _, y in points], _HEIGHT - _BOTTOM, _TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(picture.title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" style="fill:#f7f9fb"/>',
        f'<text class="title" x="{_LEFT}" y="24">{escape(picture.title)}</text>',
    ]
    for value in across.ticks():
        x = across.px(value)
        lines.append(f'<path class="grid" d="M{x} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
        lines.append(_text(x, _HEIGHT - _BOTTOM + 18, _number(value), "middle"))
    for value in up.ticks():
        y = up.px(value)
        lines.append(f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>')
        lines.append(_text(_LEFT - 8, y + 4, _number(value), "end"))
    lines.append(
        f'<path class="axis" style="fill:none" '
        f'd="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}"/>'
    )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    lines.append(_text(middle, _HEIGHT - 12, picture.across, "middle"))
    lines.append(_text(_LEFT - 56, _TOP - 6, picture.up, "start"))
    lines += _curves(picture, across, up)
    return "\n".join([*lines, "</svg>", ""])


def _curves(picture: Picture, across: _Axis, up: _Axis) -> Iterator[str]:
    ends = {name: up.px(curve[-1][1]) for name, curve in picture.curves.items()}
    labels = _apart(ends)
    for number, (name, curve) in enumerate(picture.curves.items()):
        colour, dash = _COLOURS[number], _DASHES[number]
        at = [(across.px(x), up.px(y)) for x, y in curve]
        way = " ".join(f"{x},{y}" for x, y in at)
        yield f'<polyline style="stroke:{colour};stroke-dasharray:{dash}" points="{way}"/>'
        for x, y in at:
            yield f'<circle cx="{x}" cy="{y}" r="3" style="fill:{colour}"/>'
        x = _WIDTH - _RIGHT + 10
        yield f'<text x="{x}" y="{labels[name] + 4}" style="fill:{colour}">{escape(name)}</text>'


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """Labels in px, moved down where they would cover each other."""
    placed: dict[str, float] = {}
    lowest = -math.inf
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        lowest = placed[name] = max(height, lowest + 16)
    return placed


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
