"""The capture time that a camera wrote into EXIF 2.32 (4.6.5.2 and 4.6.5.3).

The time is that of the camera's own clock; only newer cameras add what that differs from UTC by.
"""

import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

__all__ = ["exif_clock"]

_SUB_DIRECTORY, _TAKEN, _OFFSET = 0x8769, 0x9003, 0x9011
_ASCII, _LONG = 2, 4
_MOST_TEXT = 32
_TIFF = {b"II*\0": "<", b"MM\0*": ">"}
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
