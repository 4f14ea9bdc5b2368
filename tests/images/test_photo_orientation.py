"""Upright, whoever wrote the orientation, in whatever type, byte order and place."""

import struct

import numpy as np
import pytest
from PIL import Image

from aqfusion.images.exif import exif_orientation, raw_profile_orientation, xmp_orientation
from aqfusion.images.photo import Photo
from tests.hostile import chunk, encode

XMP_NAME = b"http://ns.adobe.com/xap/1.0/\0"
TYPES = {"BYTE": (1, "B"), "SHORT": (3, "H"), "LONG": (4, "I")}


def tiff(kind: str = "SHORT", order: str = "<", value: int = 6, far: int = 8) -> bytes:
    """EXIF with one entry in a directory at `far`."""
    number, code = TYPES[kind]
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", far)
    field = struct.pack(order + code, value).ljust(4, b"\0")
    entry = struct.pack(order + "HHHI", 1, 0x0112, number, 1) + field
    return head.ljust(far, b"\0") + entry + bytes(4)


def xmp(value: int = 6, form: str = '{}="{}"') -> bytes:
    return f"<x:xmpmeta {form.format('tiff:Orientation', value)} />".encode()


def raw_profile(kind: bytes, profile: bytes) -> bytes:
    return b"\n%s\n%8d\n%s\n" % (kind, len(profile), profile.hex().encode())


def upright() -> Image.Image:
    image = Image.new("RGB", (96, 64), (20, 20, 20))
    image.paste((250, 250, 250), (0, 0, 48, 32))
    return image


STORED = upright().transpose(Image.Transpose.ROTATE_90)  # upright by orientation 6


def jpeg(*segments: bytes) -> bytes:
    """STORED with APP1 segments in that order."""
    data = encode(STORED, "JPEG", quality=95)
    parts = (b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment for segment in segments)
    return data[:2] + b"".join(parts) + data[2:]


def png(*chunks: bytes) -> bytes:
    data = encode(STORED, "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def webp(kind: bytes, body: bytes) -> bytes:
    name = {b"EXIF": "exif", b"XMP ": "xmp"}[kind]
    return encode(STORED, "WEBP", lossless=True, **{name: body})


EXIF = b"Exif\0\0"
FORMS = {
    **{f"{kind} {order}": jpeg(EXIF + tiff(kind, order)) for kind in TYPES for order in ("<", ">")},
    "a directory far away": jpeg(EXIF + tiff(far=900)),
    "XMP alone": jpeg(XMP_NAME + xmp()),
    "XMP, then EXIF": jpeg(XMP_NAME + xmp(1), EXIF + tiff()),
    "EXIF, then XMP": jpeg(EXIF + tiff(), XMP_NAME + xmp(3)),
    "EXIF that says nothing, then XMP": jpeg(EXIF + tiff(value=0), XMP_NAME + xmp()),
    "EXIF twice, the first empty": jpeg(EXIF + b"II*\0\x08\0\0\0\0\0\0\0", EXIF + tiff()),
    "prefix twice": jpeg(EXIF + EXIF + tiff()),
    "an element of XMP": jpeg(XMP_NAME + b"<tiff:Orientation>6</tiff:Orientation>"),
    "single quotes": jpeg(XMP_NAME + xmp(form="{}='{}'")),
    "PNG eXIf": png(chunk(b"eXIf", tiff("LONG", ">"))),
    "PNG eXIf with a prefix": png(chunk(b"eXIf", EXIF + tiff())),
    "PNG XMP": png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp())),
    "PNG raw profile, exif": png(
        chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile(b"exif", EXIF + tiff()))
    ),
    "PNG raw profile, APP1": png(
        chunk(b"tEXt", b"Raw profile type APP1\0" + raw_profile(b"generic", EXIF + tiff()))
    ),
    "PNG raw profile, XMP": png(
        chunk(b"tEXt", b"Raw profile type xmp\0" + raw_profile(b"xmp", xmp()))
    ),
    "WebP BYTE": webp(b"EXIF", tiff("BYTE", ">")),
    "WebP LONG with a prefix": webp(b"EXIF", EXIF + tiff("LONG")),
    "WebP XMP": webp(b"XMP ", xmp()),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form):
    photo = Photo.decode(FORMS[form])
    assert photo.image.size == photo.original_size == (96, 64)
    assert np.abs(np.asarray(photo.image).astype(int) - np.asarray(upright())).mean() < 3


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\0",
        b"junk" * 9,
        tiff(value=9),
        tiff("LONG", value=2**31),
        tiff()[:-5],
        b"II*\0\xff\xff\xff\xff\0\0",
        b"MM\0*\0\0\0\x08\xff\xff",
    ],
)
def test_what_states_nothing_is_none(exif):
    assert exif_orientation(exif) is None


def test_neither_does_other_text():
    assert xmp_orientation(b"<x tiff:Orientation='9'/>") is None
    assert xmp_orientation(b"tiff:Orientation=") is None
    assert raw_profile_orientation(b"exif") is None
    assert raw_profile_orientation(b"\nexif\n 4\nzz zz\n") is None
