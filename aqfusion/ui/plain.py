"""Text from outside where Streamlit reads Markdown."""


def plain(text: str) -> str:
    r"""Take the meaning from every sign that Markdown knows: no link, no image, no formula.

    >>> plain("*a* [b](c) :red[d] $x$")
    '\\*a\\* \\[b\\]\\(c\\) \\:red\\[d\\] \\$x\\$'
    >>> plain("http://x.y") == "http\\:\u2060//x.y"
    True
    """
    # Addresses become links by themselves, escaped or not: a word joiner parts them.
    for sign in ("://", "www.", "@"):
        text = text.replace(sign, f"{sign[0]}\u2060{sign[1:]}")
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-!|~:$" else sign for sign in text)
