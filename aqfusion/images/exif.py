"""What EXIF and its relatives state of a picture: how it must be turned, and when it was taken.

Cameras and programs write it as SHORT, LONG or BYTE, in either byte order, into EXIF, XMP or the
text that ImageMagick calls a raw profile. `None` means that nothing usable was stated.

The time is that of the camera's own clock; only newer cameras add what that differs from UTC by.
"""

import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

__all__ = [
    "exif_clock",
    "exif_orientation",
    "raw_profile",
    "raw_profile_orientation",
    "xmp_orientation",
]

ORIENTATION = 0x0112  # EXIF 2.32, 4.6.5.1
# integer types of TIFF 6.0 that a writer may choose for a small number: BYTE, SHORT, LONG, signed
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}
_TIFF = {b"II*\0": "<", b"MM\0*": ">"}
_XMP = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])\s*[\"'<]")
_XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"


def exif_orientation(exif: bytes) -> int | None:
    """Read the first directory of EXIF, with or without its `Exif` prefix."""
    tiff = _without_prefix(exif)
    order = _TIFF.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return None
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    if first + 2 > len(tiff):
        return None
    (count,) = struct.unpack_from(order + "H", tiff, first)
    for entry in range(first + 2, min(first + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind = struct.unpack_from(order + "HH", tiff, entry)
        if tag == ORIENTATION and kind in _INTEGERS:
            (value,) = struct.unpack_from(order + _INTEGERS[kind], tiff, entry + 8)
            if 1 <= value <= 8:
                return int(value)
    return None


def xmp_orientation(xmp: bytes) -> int | None:
    """Read an XMP packet, in UTF-8 as in image files."""
    match = _XMP.search(xmp)
    return int(match[1]) if match else None


def raw_profile(text: bytes) -> bytes:
    r"""Unpack what ImageMagick writes into a PNG's text: a name, a length, and lines of hex.

    >>> raw_profile(b"\nexif\n  4\n4949\n2a00"), raw_profile(b"\nexif\n  4\nnot hex")
    (b'II*\x00', b'')
    """
    lines = text.split(b"\n", 3)
    try:
        return bytes.fromhex(lines[3].decode("ascii")) if len(lines) == 4 else b""
    except ValueError:
        return b""


def raw_profile_orientation(text: bytes) -> int | None:
    r"""Read EXIF or XMP in a PNG's text.

    >>> raw_profile_orientation(b"\nexif\n  26\n49492a00080000000100\n12010300010000000600000000")
    6
    """
    profile = raw_profile(text)
    is_xmp = profile.startswith(_XMP_PREFIX) or text.split(b"\n", 2)[1:2] == [b"xmp"]
    return xmp_orientation(profile) if is_xmp else exif_orientation(profile)


def _without_prefix(exif: bytes) -> bytes:
    return exif.removeprefix(b"Exif\0\0").removeprefix(b"Exif\0\0")


_SUB_DIRECTORY, _TAKEN, _OFFSET = 0x8769, 0x9003, 0x9011
_ASCII, _LONG = 2, 4
_MOST_TEXT = 32
_TIME = re.compile(rb"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_AHEAD = re.compile(rb"([+-])(\d\d):([0-5]\d)")
_YEARS = range(1990, 2200)  # a clock that was never set stands before


def exif_clock(exif: bytes) -> datetime | None:
    """Read when the original was taken, with its offset if stated; `None` if invalid."""
    tiff = exif.removeprefix(b"Exif\0\0").removeprefix(b"Exif\0\0")
    order = _TIFF.get(tiff[:4])
    if order is None:
        return None
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        below = dict(_entries(tiff, order, first)).get(_SUB_DIRECTORY, b"")
        if len(below) != 4:
            return None
        tags = dict(_entries(tiff, order, struct.unpack(order + "I", below)[0]))
    except struct.error:  # a directory behind the end
        return None
    return _time(tags.get(_TAKEN, b""), tags.get(_OFFSET, b""))


def _entries(tiff: bytes, order: str, start: int) -> Iterator[tuple[int, bytes]]:
    """The tags of a directory with the bytes of their values, as far as those are wanted here."""
    (count,) = struct.unpack_from(order + "H", tiff, start)
    for place in range(start + 2, min(start + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, length, value = struct.unpack_from(order + "HHII", tiff, place)
        if tag == _SUB_DIRECTORY and kind == _LONG and length == 1:
            yield tag, tiff[place + 8 : place + 12]
        elif tag in (_TAKEN, _OFFSET) and kind == _ASCII and 4 < length <= _MOST_TEXT:
            yield tag, tiff[value : value + length].rstrip(b"\0 ")


def _time(clock_text: bytes, offset_text: bytes) -> datetime | None:
    time_match, offset_match = _TIME.fullmatch(clock_text), _AHEAD.fullmatch(offset_text)
    if time_match is None or int(time_match[1]) not in _YEARS:
        return None
    try:
        clock = datetime(*(int(part) for part in time_match.groups()))  # type: ignore[arg-type]
        if offset_match is None:
            return clock
        minutes = int(offset_match[1] + b"1") * (60 * int(offset_match[2]) + int(offset_match[3]))
        return clock.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    except ValueError:  # no such day, or farther ahead than any zone
        return None
