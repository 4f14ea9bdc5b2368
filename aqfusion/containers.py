"""Read the container of an upload in plain Python, before any image decoder sees a byte.

What comes out is the declared size, the orientation and the bytes with nothing left but the
parts that carry pixels. Comments, profiles, thumbnails, film clips and EXIF never reach Pillow,
whose readers take minutes over a file that holds a million of them.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from aqfusion.errors import InputError

PARTS = 20_000  # a PNG of 25 MB in the usual pieces of 8 kB has 3,200
SCANS = 64  # a progressive JPEG has about 10; each one walks over every pixel again
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_PALETTE = 3  # colour type in IHDR
PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_SCAN, JPEG_END = 0xDA, 0xD9
# all of C0-CF (frames and Huffman tables), quantization, restarts, and the two that tell colours
JPEG_KEPT = frozenset({*range(0xC0, 0xD0), 0xDB, 0xDD, 0xE0, 0xEE})
# a marker is FF and a byte that is neither stuffing, nor a restart, nor fill (ITU T.81, B.1.1)
JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")
ORIENTATION = 0x0112  # EXIF 2.32, 4.6.5.1
REFUSED = (
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
)


class PhotoError(InputError):
    """An upload that cannot serve as a photo; the message says what, the rule and the value."""


@dataclass(frozen=True)
class Container:
    """A recognised upload: `size` is (width, height) in pixels as stored, before `orientation`.

    `format` is JPEG, PNG or WEBP, `orientation` the EXIF number 1 to 8, `pixels` the file without
    the parts that no pixel needs.
    """

    format: str
    size: tuple[int, int]
    orientation: int
    pixels: bytes


def read_container(data: bytes, name: str) -> Container:
    """Recognise an upload by its first bytes; anything but JPEG, PNG or WebP is `PhotoError`."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(PNG_MAGIC):
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError) as error:  # a field lies behind the end of the file
        raise PhotoError(f"{name} must be a whole image file, got one cut short") from error
    except _Damaged as error:
        raise PhotoError(f"{name} must be a sound image file, got one with {error}") from error
    raise PhotoError(f"{name} must be a JPEG, PNG or WebP image, got {_describe(data)}")


class _Damaged(Exception):
    """The fault in words, to end the sentence "got one with"."""


def _describe(data: bytes) -> str:
    if not data:
        return "an empty file"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"mif1"):
        return "HEIC: save or share it as JPEG first"
    if data[4:12] == b"ftypavif":
        return "AVIF: save it as JPEG first"
    head = data[:64].lstrip()
    return next((kind for magic, kind in REFUSED if head.startswith(magic)), "something else")


def _jpeg(data: bytes) -> Container:
    size, orientation, scans = None, 1, 0
    kept = [b"\xff\xd8"]
    for marker, start, end in _jpeg_segments(data):
        segment = data[start:end]
        if marker in JPEG_FRAMES and size is None:
            height, width = struct.unpack_from(">HH", segment, 5)
            size = (width, height)
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0" and orientation == 1:
            orientation = _orientation(segment[10:])
        scans += marker == JPEG_SCAN
        if marker in JPEG_KEPT or marker == JPEG_SCAN:
            kept.append(segment)
    if size is None:
        raise _Damaged("no frame header")
    if scans > SCANS:
        raise _Damaged(f"{scans} scans, more than {SCANS}")
    return Container("JPEG", size, orientation, b"".join(kept))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end); a scan reaches to the next marker, the end marker closes it."""
    found, parts = JPEG_MARKER.search(data, 2), 0
    while found and found[1][0] != JPEG_END:
        marker, start = found[1][0], found.start()
        end = start + 2 + int(struct.unpack_from(">H", data, start + 2)[0])
        found = JPEG_MARKER.search(data, end)
        if marker == JPEG_SCAN:
            # what follows the end marker (second frames, film clips) is left behind
            end = found.start() if found else len(data)
            end += 2 if found and found[1][0] == JPEG_END else 0
        parts += 1
        if parts > PARTS:
            raise _Damaged(f"more than {PARTS} segments")
        yield marker, start, end


def _png(data: bytes) -> Container:
    kept, orientation = [PNG_MAGIC], 1
    palette = False
    for kind, start, end in _chunks(data, 8, ">I4s", 12):
        palette = palette or kind == b"PLTE"
        if kind == b"IDAT" and data[25] == PNG_PALETTE and not palette:
            raise _Damaged("no palette for its colours")
        if kind in PNG_KEPT:
            kept.append(data[start:end])
        elif kind == b"eXIf":
            orientation = _orientation(data[start + 8 : end - 4])
    width, height = struct.unpack_from(">II", data, 16)
    return Container("PNG", (width, height), orientation, b"".join(kept))


def _webp(data: bytes) -> Container:
    orientation = 1
    for kind, start, end in _chunks(data, 12, "<4sI", 8):
        if kind == b"EXIF":
            orientation = _orientation(data[start + 8 : end].removeprefix(b"Exif\0\0"))
    return Container("WEBP", _webp_size(data), orientation, data)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Canvas size from the first chunk (RFC 9649, 2.5 to 2.7): libwebp allocates it on opening."""
    kind, head = data[12:16], data[20:30]
    if kind == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise _Damaged("no picture in its first chunk")


def _chunks(
    data: bytes, position: int, head: str, overhead: int
) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of PNG or RIFF chunks; a last one that is cut ends with the data."""
    for _ in range(PARTS):
        if position + 8 > len(data):
            return
        one, other = struct.unpack_from(head, data, position)
        kind, length = (one, other) if isinstance(one, bytes) else (other, one)
        start, position = position, position + overhead + length
        yield kind, start, min(position, len(data))
        position += length % 2 if head[0] == "<" else 0  # RIFF pads to even lengths
    raise _Damaged(f"more than {PARTS} chunks")


def _orientation(tiff: bytes) -> int:
    """The EXIF orientation 1 to 8; broken or absent EXIF is 1, because the pixels still count."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return 1
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    if first + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, first)
    for entry in range(first + 2, min(first + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
        if tag == ORIENTATION and kind == 3:
            return value if 1 <= value <= 8 else 1
    return 1
