"""A version of the model: an immutable folder, named by its manifest's hash, and its changes.

`manifest.json` holds the SHA-256 of every other file, the folder's name that of the manifest: so a
damaged file is noticed wherever it is.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import put_in_place, replace_file, unfinished_folder
from aqfusion.io.json_models import TableError, read_table

__all__ = [
    "COMPARISON",
    "MANIFEST",
    "Comparison",
    "RegistryError",
    "Version",
    "comparison",
    "faults",
    "read_version",
    "title",
    "version_names",
    "write_comparison",
    "write_version",
]

MANIFEST = "manifest.json"
_NAME = re.compile(r"v([0-9]{4,9})-([0-9a-f]{12})")
_BUILDING = "building"
_LARGEST_MANIFEST = 5_000_000  # bytes


class RegistryError(InputError):
    """A version that is absent or damaged, or a change that the registry does not allow."""


@dataclass(frozen=True, eq=False)
class Version:
    """A whole version: its folder, which a model can be loaded from, and what is known of it."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name, as v0001-0123456789ab."""
        return self.folder.name

    @property
    def number(self) -> int:
        """Its place in the order of making."""
        return number_of(self.name)

    @property
    def parent(self) -> str | None:
        """The version that it came from; `None` where that is the shipped model."""
        return self.manifest.get("parent")

    @property
    def passed(self) -> bool:
        """Whether the gate let it through."""
        return bool(self.manifest.get("gate", {}).get("passed"))


def number_of(name: str) -> int:
    """The number in a version's name; 0 for any other name."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else 0


def title(name: str | None) -> str:
    """The name of a version in a sentence.

    >>> title("v0012-0123456789ab"), title(None)
    ('version 12', 'the shipped model')
    """
    return f"version {number_of(name)}" if name else "the shipped model"


def version_names(home: Path) -> tuple[str, ...]:
    """Names of all version folders, oldest first, whole or not."""
    if not home.is_dir():
        return ()
    names = (path.name for path in home.iterdir() if _NAME.fullmatch(path.name))
    return tuple(sorted(names, key=lambda name: (number_of(name), name)))


def write_version(
    home: Path, fill: Callable[[Path], None], about: Mapping[str, Any], above: int = 0
) -> Version:
    """Make a version of the files that `fill` puts into an empty folder, whole or not at all.

    `about` becomes its manifest. Its number is above all that are there, and above `above`.
    """
    with unfinished_folder(home / _BUILDING) as building:
        fill(building)
        files = {path.name: _sha256(path) for path in sorted(building.iterdir())}
        manifest = {**about, "files": files}
        content = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
        replace_file(building / MANIFEST, content)
        last = max([above, *map(number_of, version_names(home))])
        folder = home / f"v{last + 1:04}-{hashlib.sha256(content).hexdigest()[:12]}"
        put_in_place(building, folder)
    return Version(folder, manifest)


def read_version(home: Path, name: str) -> Version:
    """Read a version without looking at its large files; `RegistryError` where it is not one."""
    if not _NAME.fullmatch(name):
        raise RegistryError(f"version must be one like v0001-0123456789ab, got {name[:80]!r}")
    path = home / name / MANIFEST
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise RegistryError(f"version {name} must have a small manifest, got a large file")
        content = path.read_bytes()
    except OSError as error:
        raise RegistryError(
            f"version must be in {home}, got {name}: {error.strerror}",
            public=f"version {name} must be among the versions of this server",
        ) from error
    if not name.endswith(hashlib.sha256(content).hexdigest()[:12]):
        raise RegistryError(
            f"version {name} must have the manifest whose hash is in its name, got another"
        )
    manifest = json.loads(content)  # it is what was written: JSON
    return Version(home / name, manifest)


def faults(home: Path, name: str) -> tuple[str, ...]:
    """Faults of a version, every file read and compared; none where it is whole."""
    try:
        version = read_version(home, name)
    except RegistryError as error:
        return (str(error),)
    messages = []
    stated: Mapping[str, str] = version.manifest["files"]
    for file, sha256 in stated.items():
        try:
            same = _sha256(version.folder / file) == sha256
        except OSError as error:
            messages.append(f"version {name}: {file} must be readable: {error.strerror}")
            continue
        if not same:
            messages.append(
                f"version {name}: {file} must have the SHA-256 {sha256[:12]}, got another"
            )
    names = {path.name for path in version.folder.iterdir()} - {MANIFEST, *stated}
    return (*messages, *(f"version {name}: {file!r} must not be there" for file in sorted(names)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


COMPARISON = "comparison.json"

# By part: "frozen" sessions, "corrections" by networks that had not learned them, all that was
# "learned" as item and band, and what was "left_out" with the reason.
Comparison = Mapping[str, Sequence[Any]]


def write_comparison(folder: Path, changes: Comparison) -> None:
    """Write it into the folder of a version that is being made."""
    content = json.dumps(changes, separators=(",", ":"), ensure_ascii=False)
    replace_file(folder / COMPARISON, content.encode())


def comparison(version: Version) -> Comparison:
    """Read it; nothing where a version has none, `RegistryError` where it is damaged."""
    if COMPARISON not in version.manifest["files"]:
        return {}
    try:
        changes: Comparison = read_table(version.folder / COMPARISON)
    except TableError as error:
        raise RegistryError(f"version {version.name}: {error}") from error
    return changes
