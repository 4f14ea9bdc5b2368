"""Which version is served: one small file, replaced whole; and what is served where it is damaged.

The file holds all promotions, oldest first; the last one is in force. So who made which version
current, when and why, is kept in the very write that does it.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from aqfusion.io.atomic_files import replace_file
from aqfusion.io.json_models import TableError, check, check_format, read_table
from aqfusion.registry.version import RegistryError, Version, faults, read_version

__all__ = ["CURRENT", "Promotion", "Served", "current_model", "promotions", "put_current"]

CURRENT = "current.json"
_FORMAT = 1
_LARGEST = 20_000_000  # bytes


@dataclass(frozen=True)
class Promotion:
    """A version became current, or the shipped model did (`None`); `at` is UTC in ISO 8601."""

    version: str | None
    by: str
    at: str
    reason: str


@dataclass(frozen=True)
class _History:
    promotions: tuple[Promotion, ...]


@dataclass(frozen=True)
class Served:
    """The argument for `load_model`, the version that it is, and a warning for a person.

    `version` is `None` where the settings' own model is served, `warning` where all is well.
    """

    model: str
    version: str | None
    warning: str | None = None


_Stamp = tuple[tuple[int, int, int], ...]  # inode, size and time of files
_seen: dict[tuple[str, str], tuple[_Stamp, Served]] = {}


def current_model(home: Path, model: str) -> Served:
    """The version to serve in place of the settings' `model`; it costs the status of some files.

    A version that came from another model than `model` is not served. A damaged one gives way to
    its parent, to whatever was current before, and at the end to `model` itself.
    """
    key = (str(home), model)
    if key in _seen:
        stamp, served = _seen[key]
        if stamp == _stamp(home, served):
            return served
    for _ in range(3):  # somebody may promote or prune meanwhile
        first = _stamp(home, None)
        served = _chosen(home, model)
        stamp = _stamp(home, served)
        if stamp[:1] == first[:1]:
            break
    _seen[key] = stamp, served
    return served


def promotions(home: Path) -> tuple[Promotion, ...]:
    """All promotions, oldest first; a damaged file raises `RegistryError`."""
    path = home / CURRENT
    if not path.exists():
        return ()
    try:
        if path.stat().st_size > _LARGEST:
            raise TableError(f"{CURRENT} must be a small file, got a large one")
        table = read_table(path)
        check_format(table, CURRENT, _FORMAT)
        history: _History = check(_History, table, CURRENT)
    except (OSError, TableError) as error:
        raise RegistryError(
            f"{path} must say which version is current: {error}",
            public=f"{CURRENT} must say which version is current",
        ) from error
    return history.promotions


def put_current(home: Path, promotion: Promotion) -> None:
    """Make a whole version current from this moment on; whoever writes holds the lock."""
    if promotion.version is not None and (wrong := faults(home, promotion.version)):
        raise RegistryError(wrong[0])
    earlier: tuple[Promotion, ...] = ()
    with suppress(RegistryError):  # a damaged file is replaced by a good one
        earlier = promotions(home)
    entries = [asdict(entry) for entry in (*earlier, promotion)]
    content = json.dumps({"format": _FORMAT, "promotions": entries}, indent=1, ensure_ascii=False)
    replace_file(home / CURRENT, content.encode())


def now_text(now: datetime) -> str:
    """A moment as promotions keep it."""
    return now.astimezone(UTC).isoformat(timespec="seconds")


def _chosen(home: Path, model: str) -> Served:
    try:
        made = promotions(home)
    except RegistryError as error:
        return Served(model, None, f"{error.public}; the model of the settings is used instead")
    if not made:
        return Served(model, None)
    warning = None
    for name in _candidates(home, made):
        version, wrong = _whole(home, name)
        if version is not None and wrong is None:
            same = version.manifest.get("base") == model  # else the settings name another model
            return Served(str(version.folder), name, warning) if same else Served(model, None)
        warning = warning or f"{wrong}; an earlier version is used instead"
    return Served(model, None, warning)


def _candidates(home: Path, made: Sequence[Promotion]) -> Iterator[str]:
    """The current version, those that it came from, then those that were current before."""
    tried: set[str] = set()
    name = made[-1].version
    if name is None:  # rolled back to the shipped model
        return
    while name is not None and name not in tried:
        yield name
        tried.add(name)
        try:
            name = read_version(home, name).parent
        except RegistryError:
            break
    for promotion in reversed(made[:-1]):
        if promotion.version is None:
            return
        if promotion.version not in tried:
            yield promotion.version
            tried.add(promotion.version)


def _whole(home: Path, name: str) -> tuple[Version | None, str | None]:
    version = None
    with suppress(RegistryError):
        version = read_version(home, name)
    wrong = faults(home, name)
    return version, wrong[0] if wrong else None


def _stamp(home: Path, served: Served | None) -> _Stamp:
    paths = [home / CURRENT]
    if served is not None and served.version is not None:
        folder = Path(served.model)
        paths += sorted(folder.iterdir()) if folder.is_dir() else [folder]
    return tuple(_of(path) for path in paths)


def _of(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return status.st_ino, status.st_size, status.st_mtime_ns
