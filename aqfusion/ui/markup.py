"""Text from outside where Streamlit reads Markdown, and small pictures inside HTML."""

import base64
import io
from collections.abc import Sequence

from PIL import Image


def plain(text: str) -> str:
    r"""Escape every sign of Markdown: no link, no image, no formula.

    >>> plain("*a* [b](c) :red[d] $x$")
    '\\*a\\* \\[b\\]\\(c\\) \\:red\\[d\\] \\$x\\$'
    >>> plain("http://x.y") == "http\\:\u2060//x.y"
    True
    """
    # Addresses become links by themselves, escaped or not: a word joiner parts them.
    for sign in ("://", "www.", "@"):
        text = text.replace(sign, f"{sign[0]}\u2060{sign[1:]}")
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-!|~:$" else sign for sign in text)


def plain_list(texts: Sequence[object], most: int) -> str:
    """Return a Markdown list of the first `most` texts from outside, and how many more there are.

    >>> plain_list(["a", "b", "c"], 2)
    '- a\\n- b\\n- and 1 more'
    """
    lines = [plain(str(text)) for text in texts[:most]]
    if len(texts) > most:
        lines.append(f"and {len(texts) - most:,} more")
    return "\n".join(f"- {line}" for line in lines)


def data_url(image: Image.Image, quality: int = 60) -> str:
    """The picture as WebP in a URL of its own."""
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=quality)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
