"""A small picture inside HTML or CSS: no file is served, so no file name is public."""

import base64
import io

from PIL import Image


def data_url(image: Image.Image, quality: int = 60) -> str:
    """The picture as WebP in a URL of its own."""
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=quality)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
