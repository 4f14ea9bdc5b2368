"""Read the boxes of a HEIC or AVIF file (ISO/IEC 14496-12 and 23008-12) before a decoder does.

What comes out is the size, depth, rotation, profile and EXIF of the primary picture. Film tracks,
EXIF and XMP are made invisible, so that no decoder walks through them.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from aqfusion.images.video_headers import CodedPicture, DamagedFileError, av1_picture, hevc_picture

__all__ = ["HEIF_BRANDS", "HeifFile", "read_heif"]

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
HEIF_BRANDS |= {b"mif1", b"msf1", b"mif2", b"avif", b"avis"}
CODECS = {b"hvc1": "HEIC", b"av01": "AVIF"}
GRIDS = 8
ITEMS = 1000  # a picture of 48 megapixels in tiles of 512 x 512 has 200
BOXES = 20_000
ENTRIES = 20_000  # references, associations and extents of all items together
MOST_AREA = 50_000_000
ALIGNED = 64  # a coded picture is filled up to whole blocks
MOST_EXIF = 1_000_000  # bytes; cameras write some thousands, and a thumbnail
ALPHA = (b"auxid:1", b":alpha")  # names of auxiliary pictures (ISO/IEC 23008-12, HEVC and MIAF)
_LONGEST_NAME = 80
Span = tuple[int, int]


@dataclass(frozen=True)
class HeifFile:
    """The primary picture: `size` as stored, before it is turned `angle` quarters to the left.

    `mirror` is the axis of `imir` (0 top and bottom change places, 1 left and right) or `None`,
    `depth` the bits of a sample, `is_subsampled` whether all colours are 4:2:0, `colours` an ICC
    profile or the code points of primaries and transfer, `exif` begins with its TIFF header and is
    empty where there is none. `coded_pixels` is how many a decoder may make on the way to it.
    """

    codec: str
    size: tuple[int, int]
    coded_pixels: int
    angle: int
    mirror: int | None
    depth: int
    is_subsampled: bool
    has_alpha: bool
    colours: bytes | tuple[int, int] | None
    pixels: bytes
    exif: bytes


@dataclass
class _ItemBoxes:
    """The items of the `meta` box, by their ids."""

    primary: int = 0
    kinds: dict[int, tuple[bytes, int]] = field(default_factory=dict)  # with the place of the kind
    properties: list[tuple[bytes, Span]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    about: dict[int, list[int]] = field(default_factory=dict)  # what metadata describes
    extents: dict[int, list[Span]] = field(default_factory=dict)
    left: int = ENTRIES

    def spend(self, entries: int) -> None:
        """Count entries, so that no table keeps a reader for long."""
        self.left -= entries + 1
        if self.left < 0:
            raise DamagedFileError(f"more than {ENTRIES} entries")


def read_heif(data: bytes) -> HeifFile:
    """Read and bound a file; one that is damaged or hides a larger picture raises."""
    clean, items = bytearray(data), None
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"ftyp":
            for at in range(start, end - 3, 4):  # a still picture, not the film beside it
                brand = {b"avis": b"avif", b"msf1": b"mif1"}.get(data[at : at + 4])
                clean[at : at + 4] = brand or data[at : at + 4]
        elif kind == b"moov":
            clean[start - 4 : start] = b"free"
        elif kind == b"meta" and items is None:
            items = _meta(data, start + 4, end)
    if items is None or items.primary not in items.kinds:
        raise DamagedFileError("no primary picture")
    for kind, at in items.kinds.values():
        if kind in (b"Exif", b"mime", b"uri "):
            clean[at : at + 4] = b"skip"
    codec, largest = _checked(data, items)
    own = _own(data, items, items.primary)
    angle = data[own[b"irot"][0]] & 3 if b"irot" in own else 0
    mirror = data[own[b"imir"][0]] & 1 if b"imir" in own else None
    size = _extent(data, items, items.primary)
    colours, exif = _colours(data, items), _exif(data, items)
    has_alpha = any(
        kind == b"auxC" and any(name in data[at : at + _LONGEST_NAME] for name in ALPHA)
        for kind, (at, _) in items.properties
    )
    return HeifFile(
        codec,
        size,
        _coded_pixels(data, items),
        angle,
        mirror,
        largest.depth,
        largest.is_subsampled,
        has_alpha,
        colours,
        bytes(clean),
        exif,
    )


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of the bodies of boxes that follow one another."""
    for _ in range(BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        last = end if size == 0 else min(end, start + size)
        if last < body:
            raise DamagedFileError("a box of no size")
        yield kind, body, last
        start = last
    raise DamagedFileError(f"more than {BOXES} boxes")


def _meta(data: bytes, start: int, end: int) -> _ItemBoxes:
    items, own_data = _ItemBoxes(), (0, 0)
    boxes = {kind: (at, last) for kind, at, last in _boxes(data, start, end)}
    if b"idat" in boxes:
        own_data = boxes[b"idat"]
    if b"pitm" in boxes:
        at, _ = boxes[b"pitm"]
        items.primary = _number(data, at + 4, 2 if data[at] == 0 else 4)
    if b"iinf" in boxes:
        at, last = boxes[b"iinf"]
        for kind, body, _ in _boxes(data, at + (6 if data[at] == 0 else 8), last):
            if kind == b"infe" and data[body] >= 2:
                wide = 2 if data[body] == 2 else 4
                place = body + 4 + wide + 2
                items.kinds[_number(data, body + 4, wide)] = (data[place : place + 4], place)
                if len(items.kinds) > ITEMS:
                    raise DamagedFileError(f"more than {ITEMS} items")
    if b"iprp" in boxes:
        for kind, body, last in _boxes(data, *boxes[b"iprp"]):
            if kind == b"ipco":
                items.properties = [(k, (a, b)) for k, a, b in _boxes(data, body, last)]
            elif kind == b"ipma":
                _associations(data, body, items)
    if b"iref" in boxes:
        at, last = boxes[b"iref"]
        wide = 2 if data[at] == 0 else 4
        for kind, body, _ in _boxes(data, at + 4, last):
            references = {b"dimg": items.parts, b"cdsc": items.about}.get(kind)
            if references is not None:
                count = _number(data, body + wide, 2)
                first = body + wide + 2
                items.spend(count)
                references[_number(data, body, wide)] = [
                    _number(data, first + wide * n, wide) for n in range(count)
                ]
    if b"iloc" in boxes:
        _locations(data, boxes[b"iloc"][0], own_data, items)
    return items


def _number(data: bytes, at: int, width: int) -> int:
    if at + width > len(data):
        raise IndexError(at)
    return int.from_bytes(data[at : at + width], "big")


def _associations(data: bytes, at: int, items: _ItemBoxes) -> None:
    """The properties of each item, in their order."""
    wide, broad = (2 if data[at] < 1 else 4), data[at + 3] & 1
    count, at = _number(data, at + 4, 4), at + 8
    for _ in range(min(count, ITEMS)):
        item, many, at = _number(data, at, wide), _number(data, at + wide, 1), at + wide + 1
        step = 2 if broad else 1
        items.spend(many)
        mask = 0x7FFF if broad else 0x7F
        owned = [_number(data, at + step * n, step) & mask for n in range(many)]
        items.owned.setdefault(item, []).extend(owned)
        at += step * many


def _locations(data: bytes, at: int, own_data: Span, items: _ItemBoxes) -> None:
    """The byte ranges of each item."""
    version, sizes = data[at], _number(data, at + 4, 2)
    offset, length, base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index = sizes & 15 if version else 0
    wide = 2 if version < 2 else 4
    count, at = _number(data, at + 6, wide), at + 6 + wide
    for _ in range(min(count, ITEMS)):
        item, at = _number(data, at, wide), at + wide
        method = _number(data, at, 2) & 15 if version else 0
        at += 4 if version else 2
        start, extents, at = _number(data, at, base), _number(data, at + base, 2), at + base + 2
        spans = []
        items.spend(extents)
        for _extent_number in range(extents):
            first = start + _number(data, at + index, offset)
            size = _number(data, at + index + offset, length)
            at += index + offset + length
            if method == 1:
                first += own_data[0]
            spans.append((first, first + size if size else len(data)))
        if method < 2:
            items.extents[item] = spans


def _own(data: bytes, items: _ItemBoxes, item: int) -> dict[bytes, Span]:
    """An item's properties by kind; of equal ones the first, as decoders take them."""
    spans: dict[bytes, Span] = {}
    for number in items.owned.get(item, []):
        if 1 <= number <= len(items.properties):
            kind, span = items.properties[number - 1]
            spans.setdefault(kind, span)
    return spans


def _extent(data: bytes, items: _ItemBoxes, item: int) -> tuple[int, int]:
    """Width and height of an item, by its property."""
    own = _own(data, items, item)
    if b"ispe" not in own:
        raise DamagedFileError("a picture of no size")
    at = own[b"ispe"][0]
    return _number(data, at + 4, 4), _number(data, at + 8, 4)


def _checked(data: bytes, items: _ItemBoxes) -> tuple[str, CodedPicture]:
    """The primary picture's codec and the largest there is; each must have its stated size."""
    left, largest, grids = 2 * len(data), CodedPicture(0, 0, 8), 0
    for item, (kind, _) in items.kinds.items():
        if kind not in (*CODECS, b"grid"):
            continue
        width, height = _extent(data, items, item)
        content = b"".join(data[a:b] for a, b in items.extents.get(item, []) if a < len(data))
        left -= len(content)
        if left < 0:
            raise DamagedFileError("items that share their bytes")
        if kind == b"grid":
            grids += 1
            if grids > GRIDS:
                raise DamagedFileError(f"more than {GRIDS} grids")
            _check_grid(data, items, item, content)
            continue
        config = _own(data, items, item).get(b"hvcC" if kind == b"hvc1" else b"av1C")
        if config is None:
            raise DamagedFileError("a picture without its configuration")
        coded = _coded(kind, data[config[0] : config[1]], content)
        if coded.width > width + ALIGNED or coded.height > height + ALIGNED:
            raise DamagedFileError("a picture that is larger than it says")
        largest = coded.over(largest)
    kind = items.kinds[items.primary][0]
    codecs = {items.kinds.get(p, (b"", 0))[0] for p in items.parts.get(items.primary, [])}
    codecs = codecs if kind == b"grid" else {kind}
    if len(codecs) != 1 or next(iter(codecs)) not in CODECS:
        raise DamagedFileError("a picture of a kind that is not read")
    return CODECS[codecs.pop()], largest


def _coded(kind: bytes, config: bytes, content: bytes) -> CodedPicture:
    return hevc_picture(config, content) if kind == b"hvc1" else av1_picture(content)


def _check_grid(data: bytes, items: _ItemBoxes, item: int, content: bytes) -> None:
    """Tiles must cover the size of the grid and not much more."""
    rows, columns = content[2] + 1, content[3] + 1
    wide = 4 if content[1] & 1 else 2
    stated = _number(content, 4, wide), _number(content, 4 + wide, wide)
    tiles = items.parts.get(item, [])
    if stated != _extent(data, items, item) or len(tiles) != rows * columns:
        raise DamagedFileError("a grid that does not fit its tiles")
    sizes = [_extent(data, items, tile) for tile in tiles]
    if sum(width * height for width, height in sizes) > 2 * MOST_AREA:
        raise DamagedFileError("tiles that are larger than their grid")


def _coded_pixels(data: bytes, items: _ItemBoxes) -> int:
    """The most of any picture: a grid may cut a small one out of large tiles."""
    most = 0
    for item, (kind, _) in items.kinds.items():
        if kind in (*CODECS, b"grid"):
            parts = [item, *items.parts.get(item, [])] if kind == b"grid" else [item]
            areas = [math.prod(_extent(data, items, part)) for part in parts]
            most = max(most, areas[0], sum(areas[1:]))
    return most


def _colours(data: bytes, items: _ItemBoxes) -> bytes | tuple[int, int] | None:
    """An ICC profile where there is one, else code points."""
    points = None
    for number in items.owned.get(items.primary, []):
        if not 1 <= number <= len(items.properties):
            continue
        kind, (start, end) = items.properties[number - 1]
        if kind == b"colr" and data[start : start + 4] in (b"prof", b"rICC"):
            return data[start + 4 : end]
        if kind == b"colr" and data[start : start + 4] == b"nclx":
            points = _number(data, start + 4, 2), _number(data, start + 6, 2)
    return points


def _exif(data: bytes, items: _ItemBoxes) -> bytes:
    """The first EXIF that is not assigned to another picture (ISO/IEC 23008-12, A.2.1)."""
    for item, (kind, _) in items.kinds.items():
        if kind == b"Exif" and items.primary in items.about.get(item, [items.primary]):
            content = bytearray()
            for start, end in items.extents.get(item, []):
                content += data[start : min(end, start + MOST_EXIF - len(content))]
            return bytes(content[4 + int.from_bytes(content[:4], "big") :])
    return b""
