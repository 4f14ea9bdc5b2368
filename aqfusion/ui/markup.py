"""Text from outside where Streamlit reads Markdown or Plotly HTML, and pictures inside HTML.

`tests/ui/test_markdown_lint.py` holds that nothing from outside gets there another way.
"""

import base64
import io
import logging
import re
import time
from collections.abc import Sequence
from html import escape
from threading import Lock

import streamlit as st
from PIL import Image

from aqfusion.errors import InputError

# Addresses become links and short codes pictures by themselves, escaped or not: a word joiner,
# which nobody sees, parts them.
_AUTOMATIC = re.compile(
    r"(?<=:)(?=//)|(?i:(?<=www))(?=\.)|(?<=@)|(?<=:)(?=[\w/]*[A-Za-z_+-][\w+/-]*:)"
)
# An underscore between letters means nothing, nor does a colon before a blank.
_SIGNS = re.compile(r"[\\`*{}\[\]()<>#+\-!|~$&=^]|:(?!\s|$)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_NUMBERED = re.compile(r"(?m)^(\s*\d+)([.)])")


def plain(text: str) -> str:
    r"""Escape every sign of Markdown: no link, no image, no formula, no short code.

    >>> plain("*a* [b](c) :red[d] $x$")
    '\\*a\\* \\[b\\]\\(c\\) \\:red\\[d\\] \\$x\\$'
    >>> plain("http://x.y") == "http\\:\u2060//x.y"
    True
    >>> plain("WWW.x.y &colon;") == "WWW\u2060.x.y \\&colon;"
    True
    """
    text = _AUTOMATIC.sub("\u2060", text)
    return _NUMBERED.sub(r"\1\\\2", _SIGNS.sub(r"\\\g<0>", text))


def chart_text(text: str) -> str:
    """Escape text for Plotly, whose titles, ticks and hovers know links and more of HTML.

    >>> chart_text('<a href="http://x.y">here</a>')
    '&lt;a href="http://x.y"&gt;here&lt;/a&gt;'
    """
    return escape(text, quote=False)


_log = logging.getLogger(__name__)
_LOG_EVERY = 60.0  # seconds: visitors who reload must not fill the log
_MOST_LOGGED = 100
_logged: dict[str, float] = {}
_lock = Lock()


def public_text(error: InputError) -> str:
    """An error in words for a stranger, as text; what only the operator may know is logged."""
    if error.public != str(error):
        _log_once(str(error))
    return error.public


def show_error(
    error: InputError, before: str = "", icon: str = ":material/error:", kind: str = "error"
) -> None:
    """Show an error where a page is, after the constant words `before`; kind may be "warning"."""
    words = before + plain(public_text(error))
    st.warning(words, icon=icon) if kind == "warning" else st.error(words, icon=icon)


def _log_once(text: str) -> None:
    now = time.monotonic()
    with _lock:
        if now - _logged.get(text, -_LOG_EVERY) < _LOG_EVERY:
            return
        if len(_logged) >= _MOST_LOGGED:
            _logged.clear()
        _logged[text] = now
    _log.warning("Shown to visitors without its details: %s", text)


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
