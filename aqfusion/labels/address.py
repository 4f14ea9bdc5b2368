"""Where a label store lies: SQLite file or PostgreSQL server, never with a password shown."""

from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from aqfusion.errors import InputError

__all__ = ["StoreError", "database_url", "without_password"]

_RULE = "the label store must be a file or an address like postgresql://user@host/name"


class StoreError(InputError):
    """A label store that cannot be opened, or is too busy to answer."""


def database_url(text: str) -> URL:
    """Read the path of an SQLite file, `sqlite:///path` or `postgresql://...`.

    Another address raises `StoreError`; it repeats what was given only where no password can be.
    """
    if "://" not in text:
        return _sqlite(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:  # whose text repeats the address
        raise StoreError(f"{_RULE}, got one that cannot be read") from error.with_traceback(None)
    kind = url.drivername.split("+")[0]
    if kind == "sqlite" and not url.query:
        return _sqlite(url.database or "")
    if kind in {"postgresql", "postgres"} and url.database:
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"{_RULE}, got {without_password(text)!r}")


def without_password(text: str) -> str:
    """Return an address as it may be shown.

    >>> without_password("sftp://me:secret@host:22/photos?key=secret"), without_password("/a/b")
    ('sftp://host:22/photos', '/a/b')
    """
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:  # half of an IPv6 address
        return f"{text.split('://')[0][:20]}://..."
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _sqlite(path: str) -> URL:
    if not path or path == ":memory:" or path.startswith("file:"):
        raise StoreError(f"{_RULE}, got {path!r}")
    return URL.create("sqlite", database=str(Path(path).expanduser().absolute()))
