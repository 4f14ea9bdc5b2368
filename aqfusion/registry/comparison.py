"""Changes from a version's parent to the version, item by item: a file beside its weights."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aqfusion.files import replace_file
from aqfusion.registry.version import RegistryError, Version

__all__ = ["COMPARISON", "Comparison", "comparison", "write_comparison"]

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
    path = version.folder / COMPARISON
    if COMPARISON not in version.manifest["files"]:
        return {}
    try:
        changes: Comparison = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RegistryError(f"{path} must say what changed: {error!r}") from error
    return changes
