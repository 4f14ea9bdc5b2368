"""How large a picture an HEVC or AV1 stream unpacks to, read from its own headers.

A container may state 64 x 64 pixels and hold a stream of 16384 x 16384, which a decoder allocates
before it compares the two.
"""

from dataclasses import dataclass

__all__ = ["CodedPicture", "DamagedFileError", "av1_picture", "hevc_picture"]

UNITS = 2_000  # of a stream; a photo has a few, or some hundred slices
PICTURES = 8  # of one item: layers of a progressive AVIF
_SPS = 33  # Rec. ITU-T H.265, table 7-1
_SLICES = range(32)
_HEADER_BYTES = 512
_SEQUENCE, _FRAME_HEADER, _FRAME = 1, 3, 6  # AV1 specification, 6.2.2


class DamagedFileError(Exception):
    """The fault in words, to end the sentence "got one with"."""


@dataclass(frozen=True)
class CodedPicture:
    """Width and height in pixels that a decoder makes room for, and bits of a sample.

    `is_subsampled` means that colours have half the width and height (4:2:0), or are none.
    """

    width: int
    height: int
    depth: int
    is_subsampled: bool = True

    def over(self, other: "CodedPicture | None") -> "CodedPicture":
        """The larger in each respect."""
        if other is None:
            return self
        return CodedPicture(
            max(self.width, other.width),
            max(self.height, other.height),
            max(self.depth, other.depth),
            self.is_subsampled and other.is_subsampled,
        )


class _Bits:
    """Bits from the front; beyond the end raises `DamagedFileError`."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        """The next bits as a number."""
        if count > self._left:
            raise DamagedFileError("a header that is cut short")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def exp_golomb(self) -> int:
        """A number of ue(v) or uvlc()."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise DamagedFileError("a header of nonsense")
        return (1 << zeros) - 1 + self.take(zeros)


def hevc_picture(config: bytes, content: bytes) -> CodedPicture:
    """Read an `hvc1` item by its `hvcC` configuration; it must be one picture."""
    largest, at = None, 23
    for _ in range(config[22]):
        kind, count, at = config[at] & 63, int.from_bytes(config[at + 1 : at + 3], "big"), at + 3
        for _unit in range(min(count, UNITS)):
            size = int.from_bytes(config[at : at + 2], "big")
            if kind == _SPS or (len(config) > at + 2 and config[at + 2] >> 1 & 63 == _SPS):
                largest = _sps(config[at + 2 : at + 2 + size]).over(largest)
            at += 2 + size
            if at > len(config):
                raise DamagedFileError("a configuration that is cut short")
    width, at, units, pictures = (config[21] & 3) + 1, 0, 0, 0
    while at + width + 3 <= len(content):
        size, start = int.from_bytes(content[at : at + width], "big"), at + width
        kind = content[start] >> 1 & 63
        if kind == _SPS:
            largest = _sps(content[start : start + size]).over(largest)
        if kind in _SLICES:
            pictures += content[start + 2] >> 7  # the first slice of a picture says so
        at, units = start + size, units + 1
        if units > UNITS or pictures > 1:
            raise DamagedFileError("more than one picture in one")
    if largest is None:
        raise DamagedFileError("a picture without its header")
    return largest


def _sps(unit: bytes) -> CodedPicture:
    """A sequence parameter set (H.265, 7.3.2.2), as far as its depth."""
    bits = _Bits(unit[2:_HEADER_BYTES].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    bits.take(96)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    bits.take(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.exp_golomb()
    chroma = bits.exp_golomb()
    if chroma == 3:
        bits.take(1)
    width, height = bits.exp_golomb(), bits.exp_golomb()
    if bits.take(1):
        for _ in range(4):
            bits.exp_golomb()
    return CodedPicture(width, height, 8 + bits.exp_golomb(), chroma < 2)


def av1_picture(content: bytes) -> CodedPicture:
    """Read an `av01` item; it may hold the layers of one picture, and no film."""
    largest, at, units, pictures = None, 0, 0, 0
    while at < len(content):
        head, at = content[at], at + 1
        kind = head >> 3 & 15
        at += head >> 2 & 1
        size = len(content) - at
        if head & 2:
            size = 0
            for n in range(8):
                byte, at = content[at], at + 1
                size |= (byte & 127) << 7 * n
                if not byte & 128:
                    break
        if kind == _SEQUENCE:
            largest = _sequence(content[at : at + min(size, _HEADER_BYTES)]).over(largest)
        pictures += kind in (_FRAME_HEADER, _FRAME)
        at, units = at + size, units + 1
        if units > UNITS or pictures > PICTURES:
            raise DamagedFileError("more than one picture in one")
    if largest is None:
        raise DamagedFileError("a picture without its header")
    return largest


def _sequence(payload: bytes) -> CodedPicture:
    """A sequence header (AV1 specification, 5.5), as far as its bit depth."""
    bits = _Bits(payload)
    profile = bits.take(3)
    bits.take(1)
    reduced = bits.take(1)
    if reduced:
        bits.take(5)
    else:
        _operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(across) + 1, bits.take(down) + 1
    if not reduced and (1 << across > 2 * width + 64 or 1 << down > 2 * height + 64):
        raise DamagedFileError("room for frames that are larger than it says")  # by an override
    _skip_tools(bits, reduced)
    high = bits.take(1)
    if profile == 2 and high:
        return CodedPicture(width, height, 12 if bits.take(1) else 10, False)
    return CodedPicture(width, height, 10 if high else 8, profile == 0)


def _operating_points(bits: _Bits) -> None:
    timed, delay = bits.take(1), None
    if timed:
        bits.take(64)
        if bits.take(1):
            bits.exp_golomb()
        if bits.take(1):
            delay = bits.take(5) + 1
            bits.take(42)
    initial = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay is not None and bits.take(1):
            bits.take(2 * delay + 1)
        if initial and bits.take(1):
            bits.take(4)


def _skip_tools(bits: _Bits, reduced: int) -> None:
    """Skip the flags of the codec's tools."""
    if not reduced and bits.take(1):  # frame ids
        bits.take(7)
    bits.take(3)  # superblocks, filter intra, intra edge
    if not reduced:
        bits.take(4)  # interintra, masked, warped, dual filter
        if bits.take(1):  # order hint
            bits.take(2)
            hints = True
        else:
            hints = False
        forced = 2 if bits.take(1) else bits.take(1)  # screen content tools
        if forced and not bits.take(1):
            bits.take(1)
        if hints:
            bits.take(3)
    bits.take(3)  # superres, cdef, restoration
