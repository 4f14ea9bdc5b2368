"""A site's reference photo, small and grey: what its landmarks are drawn on and matched by."""

import base64
import binascii
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aqfusion.sites.landmark import LandmarkError

# Every site names this class, and the terminal and the label store start without PIL and numpy:
# both come late, where they are needed.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from aqfusion.images.photo import Photo

MOST_BYTES = 60_000
LONGEST_SIDE = 800
_QUALITIES = (80, 70, 60, 50, 40, 30, 20)


@dataclass(frozen=True)
class ReferencePhoto:
    """`jpeg` is grey, its longest side 800 px at most; `digest` is that of the `Photo` in full."""

    digest: str
    jpeg: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Check what can be wrong without decoding."""
        if not re.fullmatch("[0-9a-f]{64}", self.digest):
            rule = "reference photo: digest must be 64 digits of 0-9 and a-f"
            raise LandmarkError(f"{rule}, got {self.digest[:70]!r}")
        if not self.jpeg.startswith(b"\xff\xd8\xff"):
            raise LandmarkError("reference photo must be a JPEG, got another file")
        if len(self.jpeg) > MOST_BYTES:
            rule = f"reference photo must have at most {MOST_BYTES:,} bytes"
            raise LandmarkError(f"{rule}, got {len(self.jpeg):,}")

    @classmethod
    def from_photo(cls, photo: "Photo") -> "ReferencePhoto":
        """Shrink a photo until it fits."""
        grey = photo.image.convert("L")
        grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        while True:
            for quality in _QUALITIES:
                stream = io.BytesIO()
                grey.save(stream, "JPEG", quality=quality, optimize=True)
                if stream.tell() <= MOST_BYTES:
                    return cls(photo.digest, stream.getvalue())
            grey = grey.reduce(2)

    @classmethod
    def from_base64(cls, digest: str, text: str) -> "ReferencePhoto":
        """Read what `base64` wrote; text from outside that is none raises `LandmarkError`."""
        if len(text) > 2 * MOST_BYTES:
            rule = f"reference photo must have at most {MOST_BYTES:,} bytes"
            raise LandmarkError(f"{rule}, got about {len(text) * 3 // 4:,}")
        try:
            jpeg = base64.b64decode(text.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise LandmarkError("reference photo must be base64 text, got other text") from None
        reference = cls(digest, jpeg)
        reference.grey()  # raises for a file that only begins like a JPEG
        return reference

    @property
    def base64(self) -> str:
        """The JPEG as text for a file in JSON."""
        return base64.b64encode(self.jpeg).decode("ascii")

    @property
    def image(self) -> "Image.Image":
        """The picture, grey."""
        from PIL import Image

        return Image.fromarray(self.grey())

    def grey(self) -> "NDArray[np.uint8]":
        """Its pixels (height, width)."""
        import numpy as np

        from aqfusion.images.photo import Photo, PhotoError

        try:
            picture = Photo.decode(self.jpeg, "reference photo").image
        except PhotoError as error:
            raise LandmarkError(str(error)) from error
        return np.asarray(picture.convert("L"))
