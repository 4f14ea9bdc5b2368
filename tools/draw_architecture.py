"""Draw docs/architecture.svg: the packages in layers, each above all that it imports.

    python tools/draw_architecture.py          writes the picture
    python tools/draw_architecture.py --check  says whether the picture is that of the imports

An arrow is drawn where no longer way through other packages leads to the same import.
"""

import argparse
import sys
from collections import defaultdict
from functools import cache
from html import escape
from pathlib import Path

from tools.count_house import Module, imported_modules, read_modules

ROOT = Path(__file__).resolve().parents[1]
PICTURE = Path("docs/architecture.svg")
_GROUND = frozenset({"errors", "settings", "io"})  # imported from everywhere: drawn without arrows
_OUTSIDE = frozenset({"aqfusion", "__main__"})  # the front doors, which lead to everything
_WIDTH, _BOX, _HEIGHT, _GAP, _MARGIN = 1000, 126, 34, 44, 24  # px
_STYLE = (
    "rect{fill:#fff;stroke:#4b6584;rx:6}text{font:13px sans-serif;fill:#1f2d3d;"
    "text-anchor:middle}path{fill:none;stroke:#9aa9ba;marker-end:url(#a)}"
)


def part_of(module: str) -> str:
    """Return the package or single module directly below `aqfusion`."""
    return module.split(".")[1] if "." in module else module


def imports_between(modules: list[Module]) -> dict[str, set[str]]:
    """Which parts of the package import which others, inside functions and for types too."""
    names = [module.name for module in modules]
    imports: dict[str, set[str]] = {part_of(name): set() for name in names}
    for module in modules:
        own = part_of(module.name)
        imports[own] |= {part_of(name) for name in imported_modules(module.tree, names)} - {own}
    hidden = _OUTSIDE | _GROUND
    return {part: used - hidden for part, used in imports.items() if part not in hidden}


def layers(imports: dict[str, set[str]]) -> list[list[str]]:
    """Parts by the length of the longest way down, the ground first; a circle is an error."""
    on_the_way: list[str] = []

    @cache
    def depth(part: str) -> int:
        if part in on_the_way:
            raise ValueError(f"imports must not go in a circle, got {' -> '.join(on_the_way)}")
        on_the_way.append(part)
        below = max((depth(used) + 1 for used in imports[part]), default=0)
        on_the_way.pop()
        return below

    rows: dict[int, list[str]] = defaultdict(list)
    for part in sorted(imports):
        rows[depth(part)].append(part)
    return [rows[number] for number in sorted(rows)]


def direct(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """The imports without those that follow from others (the transitive reduction)."""

    @cache
    def below(part: str) -> frozenset[str]:
        return frozenset(imports[part]).union(*(below(used) for used in imports[part]))

    return {
        part: {used for used in uses if not any(used in below(other) for other in uses)}
        for part, uses in imports.items()
    }


def svg(imports: dict[str, set[str]]) -> str:
    """The picture: one row for each layer, the highest on top."""
    rows = layers(imports)[::-1]
    place = {}  # part -> centre of its box in px
    for row, parts in enumerate(rows):
        for column, part in enumerate(parts, start=1):
            x = _WIDTH * column // (len(parts) + 1)
            place[part] = (x, _MARGIN + row * (_HEIGHT + _GAP) + _HEIGHT // 2)
    height = 2 * _MARGIN + len(rows) * (_HEIGHT + _GAP) - _GAP
    arrows = [
        _arrow(place[part], place[used])
        for part, uses in sorted(direct(imports).items())
        for used in sorted(uses)
    ]
    widest = {part: min(_BOX, _WIDTH // (len(row) + 1) - 8) for row in rows for part in row}
    boxes = [_box(part, *place[part], widest[part]) for part in sorted(place)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            "<title>Packages of aqfusion; an arrow leads to what is imported</title>",
            f"<style>{_STYLE}</style>",
            '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" '
            'style="fill:#9aa9ba;stroke:none;marker-end:none"/></marker></defs>',
            f'<rect width="{_WIDTH}" height="{height}" style="fill:#f7f9fb;stroke:none"/>',
            *arrows,
            *boxes,
            "</svg>",
            "",
        ]
    )


def _arrow(upper: tuple[int, int], lower: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = upper, lower
    y1, y2 = y1 + _HEIGHT // 2, y2 - _HEIGHT // 2
    half = (y2 - y1) // 2
    return f'<path d="M{x1} {y1}C{x1} {y1 + half} {x2} {y2 - half} {x2} {y2}"/>'


def _box(part: str, x: int, y: int, width: int) -> str:
    corner = f'x="{x - width // 2}" y="{y - _HEIGHT // 2}"'
    return (
        f'<rect {corner} width="{width}" height="{_HEIGHT}"/>'
        f'<text x="{x}" y="{y + 5}">{escape(part)}</text>'
    )


def main() -> None:
    """Write the picture, or compare it with the one that is there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 where the picture is old")
    picture, path = svg(imports_between(read_modules(ROOT))), ROOT / PICTURE
    if not parser.parse_args().check:
        path.write_text(picture, encoding="utf-8")
    elif not path.is_file() or path.read_text(encoding="utf-8") != picture:
        sys.exit(f"{PICTURE} is not the picture of today's imports: run this without --check")


if __name__ == "__main__":
    main()
