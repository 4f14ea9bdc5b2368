"""From the colour space that a picture was stored in to sRGB, which every network here expects.

A profile is part of an upload and therefore untrusted: one that is damaged, of another kind than
its picture, or too large is left out with a note, and the picture counts as sRGB.
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

__all__ = [
    "ADOBE_RGB",
    "MAX_PROFILE_BYTES",
    "ColourSpace",
    "cicp_profile",
    "matrix_profile",
    "to_srgb",
]

MAX_PROFILE_BYTES = 4_000_000  # a press profile has about 2 MB, a camera's a few kB
SAME_LEVELS = 2  # a profile that moves no colour by more levels than this is sRGB itself
_LEFT_OUT = "The photo's colour profile is {fault}: its colours are taken as sRGB"
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_CLASSES = {"scnr", "mntr", "prtr", "spac"}  # the classes that describe a picture's colours
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_INTENTS = (ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Intent.PERCEPTUAL)
_D50 = np.array([0.9642, 1.0, 0.8249])
# Bradford's cone responses, as ICC.1:2022, annex E
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_DIFFUSE_WHITE = 203.0  # cd/m², ITU-R BT.2408: what is paper white in HDR becomes white in sRGB


@dataclass(frozen=True)
class ColourSpace:
    """Chromaticities (x, y) of red, green, blue and white, and linear light by stored value."""

    primaries: tuple[tuple[float, float], ...]
    white: tuple[float, float]
    transfer: str


_D65 = (0.3127, 0.3290)
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
_BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
ADOBE_RGB = ColourSpace(((0.640, 0.330), (0.210, 0.710), (0.150, 0.060)), _D65, "adobe")
# code points of ITU-T H.273 that photos have; what is not listed counts as sRGB
_CICP_PRIMARIES = {1: _BT709, 9: _BT2020, 12: _P3}
_CICP_TRANSFER = {
    13: "srgb",
    1: "srgb",
    6: "srgb",
    14: "srgb",
    15: "srgb",
    8: "linear",
    16: "pq",
    18: "hlg",
}


def to_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, str | None]:
    """Convert RGB, RGBA, L, LA or CMYK to sRGB; the note says why a profile was ignored."""
    if len(profile) > MAX_PROFILE_BYTES:
        return image, _LEFT_OUT.format(fault=f"larger than {MAX_PROFILE_BYTES // 1_000_000} MB")
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    colours = image.convert({"RGBA": "RGB", "LA": "L"}[image.mode]) if alpha else image
    try:
        converted = _converted(colours, profile)
    except Exception:  # noqa: BLE001 - LittleCMS meets hostile bytes here
        return image, _LEFT_OUT.format(fault="damaged")
    if converted is None:
        return image, _LEFT_OUT.format(fault="of a different type than the picture")
    if converted is colours:
        return image, None
    if alpha:
        converted.putalpha(alpha)
    return converted, None


def _converted(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The image in sRGB, the same object if it is so already, `None` where the two do not fit."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = _MODES.get(source.profile.xcolor_space.strip())
    if mode is None or source.profile.device_class.strip() not in _CLASSES:
        return None
    if mode != image.mode and (mode, image.mode) != ("RGB", "L"):
        return None
    coloured = image if mode == image.mode else image.convert(mode)
    transform = _transform(source, mode)
    if mode == "RGB" and _is_srgb(transform):
        return image
    return transform.apply(coloured)


def _transform(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    """Made for each picture: it takes a millisecond, and no two threads share one."""
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    for intent in _INTENTS:
        try:
            return ImageCms.ImageCmsTransform(source, target, mode, "RGB", intent, flags=_FLAGS)
        except OSError:
            continue
    raise ValueError("no rendering intent works")


def _is_srgb(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether colours all over the cube stay the same; the description proves nothing."""
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(27, 27, 3)
    moved = np.asarray(transform.apply(Image.fromarray(cube))).astype(int) - cube
    return int(np.abs(moved).max()) <= SAME_LEVELS


def cicp_profile(primaries: int, transfer: int) -> bytes | None:
    """A profile for code points of ITU-T H.273; `None` where the picture counts as sRGB."""
    chromaticities, curve = _CICP_PRIMARIES.get(primaries), _CICP_TRANSFER.get(transfer, "srgb")
    if chromaticities is None or (chromaticities is _BT709 and curve == "srgb"):
        return None
    return matrix_profile(ColourSpace(chromaticities, _D65, curve))


def matrix_profile(space: ColourSpace) -> bytes:
    """An ICC profile, version 2, of three primaries and one curve."""
    columns = _to_d50(space)
    curve = b"curv" + bytes(4) + _curve(space.transfer)
    tags = [
        (b"desc", _description()),
        (b"cprt", b"text" + bytes(4) + b"public domain\0"),
        (b"wtpt", _xyz(_D50)),
        *((name, _xyz(columns[:, n])) for n, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))),
        *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(_D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _to_d50(space: ColourSpace) -> np.ndarray:
    """Columns of XYZ for red, green and blue, adapted from the space's white to D50."""

    def xyz(x: float, y: float) -> np.ndarray:
        return np.array([x / y, 1.0, (1 - x - y) / y])

    columns = np.stack([xyz(*primary) for primary in space.primaries], 1)
    white = xyz(*space.white)
    columns = columns * np.linalg.solve(columns, white)
    gain = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    return np.asarray(np.linalg.inv(_BRADFORD) @ gain @ _BRADFORD @ columns)


def _curve(transfer: str) -> bytes:
    """Count and values of a `curv` tag."""
    if transfer == "adobe":
        return struct.pack(">IH", 1, round(563 / 256 * 256))  # gamma 2.19921875
    if transfer == "linear":
        return struct.pack(">I", 0)
    v = np.linspace(0, 1, 1024)
    if transfer == "pq":  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = v ** (1 / m2)
        light = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / _DIFFUSE_WHITE
    elif transfer == "hlg":  # ITU-R BT.2100, on a screen of 1000 cd/m²
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(v <= 0.5, v**2 / 3, (np.exp((v - c) / a) + b) / 12)
        light = 1000 * scene**1.2 / _DIFFUSE_WHITE
    else:
        light = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    values = (light.clip(0, 1) * 65535).round().astype(">u2")
    return struct.pack(">I", len(values)) + values.tobytes()


def _description() -> bytes:
    text = b"made from code points\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)


def _xyz(values: Sequence[float] | np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _fixed(values: Sequence[float] | np.ndarray) -> bytes:
    """Numbers as s15Fixed16."""
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))
