"""Read the container of an upload in plain Python, before any image decoder sees a byte.

What comes out is the declared size, the orientation and the bytes with nothing left but the
parts that carry pixels. Comments, profiles, thumbnails, film clips and EXIF never reach Pillow,
whose readers take minutes over a file that holds a million of them.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aqfusion.errors import InputError
from aqfusion.images.colour_profile import MAX_PROFILE_BYTES as MOST_PROFILE
from aqfusion.images.colour_profile import cicp_profile
from aqfusion.images.exif import (
    exif_clock,
    exif_orientation,
    raw_profile,
    raw_profile_orientation,
    xmp_orientation,
)
from aqfusion.images.isobmff import HEIF_BRANDS, read_heif
from aqfusion.images.video_headers import DamagedFileError

PARTS = 20_000  # a PNG of 25 MB in the usual pieces of 8 kB has 3,200
SCANS = 64  # a progressive JPEG has about 10; each one walks over every pixel again
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
PNG_XMP = b"XML:com.adobe.xmp"
PNG_ORIENTED = (
    PNG_XMP,
    b"Raw profile type exif",
    b"Raw profile type APP1",
    b"Raw profile type xmp",
)
MOST_TEXT = 1_000_000  # bytes of a text that may state the orientation, unpacked
PNG_GREY, PNG_PALETTE = 0, 3  # colour types in IHDR
PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
# EXIF's number for quarter turns to the left, then an axis of mirroring (ISO/IEC 23008-12, 6.5)
HEIF_TURNS: dict[tuple[int, int | None], int] = {
    (0, None): 1,
    (1, None): 8,
    (2, None): 3,
    (3, None): 6,
    (0, 0): 4,
    (1, 0): 5,
    (2, 0): 2,
    (3, 0): 7,
    (0, 1): 2,
    (1, 1): 7,
    (2, 1): 4,
    (3, 1): 5,
}
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_SCAN, JPEG_END = 0xDA, 0xD9
JPEG_SEQUENTIAL = frozenset({0xC0, 0xC1})
XMP_NAME = b"http://ns.adobe.com/xap/1.0/\0"
# all of C0-CF (frames and Huffman tables), quantization, restarts, and the two that tell colours
JPEG_KEPT = frozenset({*range(0xC0, 0xD0), 0xDB, 0xDD, 0xE0, 0xEE})
# a marker is FF and a byte that is neither stuffing, nor a restart, nor fill (ITU T.81, B.1.1)
JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")
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
    """An upload that cannot serve as a photo; the message has the field, the rule and the value."""


@dataclass(frozen=True)
class Container:
    """A recognised upload: `size` is (width, height) in pixels as stored, before `orientation`.

    `format` is JPEG, PNG, WEBP, HEIC or AVIF, `orientation` the EXIF number 1 to 8, `pixels` the
    file without the parts that no pixel needs, `profile` an ICC profile of its colours. `is_cut`
    means that the end is missing. `coefficients` is how many bytes a JPEG's decoder holds however
    small the requested picture, `None` where a format is only decoded in full, and `variant` what
    the memory of the others depends on, `coded_pixels` how many they make if more than the size
    says. `taken_at` is the camera's clock, if EXIF has it.
    """

    format: str
    size: tuple[int, int]
    orientation: int
    pixels: bytes
    profile: bytes | None = None
    is_cut: bool = False
    coefficients: int | None = None
    variant: str = ""
    coded_pixels: int = 0
    taken_at: datetime | None = None


def read_container(data: bytes, name: str) -> Container:
    """Recognise an upload by its first bytes; what is no photo of a known kind is `PhotoError`."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(PNG_MAGIC):
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[4:8] == b"ftyp" and _brands(data) & HEIF_BRANDS:
            return _heif(data)
    except (struct.error, IndexError) as error:  # a field lies behind the end of the file
        raise PhotoError(f"{name} must be a complete image file, got a truncated one") from error
    except DamagedFileError as error:
        raise PhotoError(f"{name} must be a valid image file, got one with {error}") from error
    raise PhotoError(
        f"{name} must be a JPEG, PNG, WebP, HEIC or AVIF picture, got {_describe(data)}"
    )


def _describe(data: bytes) -> str:
    if not data:
        return "an empty file"
    if data[4:8] == b"ftyp":
        return "a video"
    head = data[:64].lstrip()
    return next((kind for magic, kind in REFUSED if head.startswith(magic)), "something else")


def _jpeg(data: bytes) -> Container:
    frame, scans, first_scan, is_cut = b"", 0, b"", True
    exif, xmp, taken_at = None, None, None
    profile: dict[int, bytes] = {}
    kept = [b"\xff\xd8"]
    for marker, start, end in _jpeg_segments(data):
        if marker == JPEG_END:
            is_cut = False
            break
        segment = data[start:end]
        if marker in JPEG_FRAMES and not frame:
            frame = segment
        elif marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            exif = exif or exif_orientation(segment[4:])
            taken_at = taken_at or exif_clock(segment[4:])
        elif marker == 0xE1 and segment[4:].startswith(XMP_NAME):
            xmp = xmp or xmp_orientation(segment)
        elif marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0" and len(segment) > 18:
            profile.setdefault(segment[16], segment[18:])  # one of at most 255 pieces
        if marker == JPEG_SCAN:
            scans += 1
            first_scan = first_scan or segment
        if marker in JPEG_KEPT or marker == JPEG_SCAN:
            kept.append(segment)
    if not frame:
        raise DamagedFileError("no frame header")
    if scans > SCANS:
        raise DamagedFileError(f"{scans} scans, more than {SCANS}")
    height, width = struct.unpack_from(">HH", frame, 5)
    if is_cut:
        kept.append(b"\xff\xd9")  # the decoder fills up what is missing, and does not wait for it
    return Container(
        "JPEG",
        (width, height),
        exif or xmp or 1,
        b"".join(kept),
        b"".join(profile[number] for number in sorted(profile)) or None,
        is_cut and scans > 0,
        _coefficients(frame) if scans > 1 or _is_spread(frame, first_scan) else 0,
        taken_at=taken_at,
    )


def _is_spread(frame: bytes, scan: bytes) -> bool:
    """Whether more than one scan makes the picture, so that a decoder must hold all of it."""
    return frame[1] not in JPEG_SEQUENTIAL or scan[4:5] != frame[9:10]


def _coefficients(frame: bytes) -> int:
    """Bytes of all coefficients: two for each sample of each component (ITU T.81, B.2.2)."""
    height, width, count = (int(value) for value in struct.unpack_from(">HHB", frame, 5))
    factors = [(value >> 4, value & 15) for value in frame[11 : 10 + 3 * count : 3]]
    across = max([1, *(h for h, _ in factors)])
    down = max([1, *(v for _, v in factors)])
    return 2 * width * height * sum(h * v for h, v in factors) // (across * down)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) up to the end marker, which a file that is cut does not have.

    A scan reaches to the next marker.
    """
    match, parts, scanned = JPEG_MARKER.search(data, 2), 0, False
    while match and match[1][0] != JPEG_END:
        marker, start = match[1][0], match.start()
        if scanned and start + 4 > len(data):
            return
        end = start + 2 + int(struct.unpack_from(">H", data, start + 2)[0])
        if scanned and end > len(data):
            return  # cut within a table or a scan's header: the picture so far still counts
        match = JPEG_MARKER.search(data, end)
        if marker == JPEG_SCAN:
            # what follows the end marker (second frames, film clips) is left behind
            end = match.start() if match else len(data)
            end += 2 if match and match[1][0] == JPEG_END else 0
            scanned = True
        parts += 1
        if parts > PARTS:
            raise DamagedFileError(f"more than {PARTS} segments")
        yield marker, start, end
    if match:
        yield JPEG_END, match.start(), match.end()


def _png(data: bytes) -> Container:
    kept, palette = [PNG_MAGIC], False
    exif, profile, texts, colours = None, None, dict[bytes, bytes](), b""
    taken_at = None
    for kind, start, end in _chunks(data, 8, ">I4s", 12):
        palette = palette or kind == b"PLTE"
        if kind == b"IDAT" and data[25] == PNG_PALETTE and not palette:
            raise DamagedFileError("no palette for its colours")
        if kind in PNG_KEPT:
            kept.append(data[start:end])
        elif kind == b"eXIf":
            exif = exif or exif_orientation(data[start + 8 : end - 4])
            taken_at = taken_at or exif_clock(data[start + 8 : end - 4])
        elif kind == b"iCCP" and profile is None:
            profile = _inflated(data[start + 8 : end - 4].partition(b"\0")[2][1:], MOST_PROFILE)
        elif kind == b"cICP" and not colours:
            colours = data[start + 8 : end - 4]
        elif kind in PNG_TEXTS:
            name, _, text = data[start + 8 : end - 4].partition(b"\0")
            if name in PNG_ORIENTED and name not in texts:
                texts[name] = _png_text(kind, text)
    packed = [texts.get(name, b"") for name in PNG_ORIENTED[1:]]
    raw = (raw_profile_orientation(text) for text in packed)
    stated = exif or next(filter(None, raw), None) or xmp_orientation(texts.get(PNG_XMP, b""))
    taken_at = taken_at or next(
        filter(None, (exif_clock(raw_profile(text)) for text in packed)), None
    )
    if len(colours) == 4:  # code points win over a profile (PNG, third edition, 4.3)
        profile = cicp_profile(colours[0], colours[1])
    size = struct.unpack_from(">II", data, 16)
    depth, colour = data[24], data[25]
    variant = "PNG"
    if colour in (PNG_GREY, PNG_PALETTE):
        variant = "PNG of palette or grey" if depth <= 8 else "PNG of 16-bit grey"
    return Container(
        "PNG", size, stated or 1, b"".join(kept), profile, variant=variant, taken_at=taken_at
    )


def _png_text(kind: bytes, text: bytes) -> bytes:
    """The text after its name, unpacked but never to more than `MOST_TEXT` bytes."""
    if kind == b"tEXt":
        return text[:MOST_TEXT]
    if kind == b"zTXt":
        return _inflated(text[1:], MOST_TEXT)
    packed, parts = text[:1] == b"\1", text[2:].split(b"\0", 2)  # language, translated name
    body = parts[2] if len(parts) == 3 else b""
    return _inflated(body, MOST_TEXT) if packed else body[:MOST_TEXT]


def _inflated(data: bytes, most: int) -> bytes:
    """Unpack up to `most` bytes and one; what is damaged is as far as it goes, or nothing."""
    try:
        return zlib.decompressobj().decompress(data, most + 1)
    except zlib.error:
        return b""


def _webp(data: bytes) -> Container:
    exif, xmp, profile, taken_at = None, None, None, None
    variant = "lossy WebP" if data[12:16] == b"VP8 " else "WebP"
    for kind, start, end in _chunks(data, 12, "<4sI", 8):
        if kind in (b"ANIM", b"ANMF"):
            variant = "animated WebP"
        elif kind == b"EXIF":
            exif = exif or exif_orientation(data[start + 8 : end])
            taken_at = taken_at or exif_clock(data[start + 8 : end])
        elif kind == b"XMP ":
            xmp = xmp or xmp_orientation(data[start + 8 : end])
        elif kind == b"ICCP" and profile is None:
            profile = data[start + 8 : end][: MOST_PROFILE + 1]
    size, turn = _webp_size(data), exif or xmp or 1
    return Container("WEBP", size, turn, data, profile, variant=variant, taken_at=taken_at)


def _brands(data: bytes) -> set[bytes]:
    """Major and compatible brands of a file of boxes."""
    end = min(int.from_bytes(data[:4], "big"), 400)
    return {data[at : at + 4] for at in (8, *range(16, end, 4))}


def _heif(data: bytes) -> Container:
    read = read_heif(data)
    colours = read.colours
    profile = cicp_profile(*colours) if isinstance(colours, tuple) else colours
    size, orientation = read.size, HEIF_TURNS[read.angle, read.mirror]
    if read.codec == "HEIC":  # its decoder turns the picture itself; EXIF does not count here
        size, orientation = (size[::-1] if read.angle % 2 else size), 1
    taken_at = exif_clock(read.exif)
    variant = read.codec
    if read.depth > 8:
        variant = f"{read.codec} of more than 8 bits"
    elif not read.is_subsampled or read.has_alpha:
        variant = f"{read.codec} with 4:4:4 or alpha"
    return Container(
        *(read.codec, size, orientation, read.pixels, profile),
        variant=variant,
        coded_pixels=read.coded_pixels,
        taken_at=taken_at,
    )


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
    raise DamagedFileError("no picture in its first chunk")


def _chunks(
    data: bytes, position: int, head: str, overhead: int
) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of PNG or RIFF chunks; a last one that is cut ends with the data."""
    for _ in range(PARTS):
        if position + 8 > len(data):
            return
        first, second = struct.unpack_from(head, data, position)
        kind, length = (first, second) if isinstance(first, bytes) else (second, first)
        start, position = position, position + overhead + length
        yield kind, start, min(position, len(data))
        position += length % 2 if head[0] == "<" else 0  # RIFF pads to even lengths
    raise DamagedFileError(f"more than {PARTS} chunks")
