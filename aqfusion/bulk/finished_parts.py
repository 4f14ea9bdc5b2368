"""Finished portions, kept beside the results until those are whole.

A part is a file whose name is the hash of what its rows depend on: model, site, program and the
photos' names, sizes and times. So a run that goes on takes exactly what is still true.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aqfusion.bulk.bulk_item import BulkError, Portion, Row
from aqfusion.io.file_address import FileAddress
from aqfusion.io.file_lock import locked

__all__ = ["FinishedParts", "parts_name"]

_PATIENCE = 0.5  # seconds
_LOCK = "run.lock"


def parts_name(name: str) -> str:
    """The folder of the parts of a results file, by their names."""
    return f"{name}.parts"


class FinishedParts:
    """The parts of one results file, in the folder `<its name>.parts` beside it."""

    def __init__(self, out: FileAddress) -> None:
        """Name the folder; nothing is made before the first part is."""
        self._out = out
        self.folder = FileAddress(parts_name(out.text.rstrip("/")))
        self._keys: set[str] = set()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second run from this file, on this machine; `BulkError` for that one."""
        folder = self.folder.path
        if folder is None:  # of another machine: what two runs write is the same
            self._keys = self._listed()
            yield
            return
        with locked(folder / _LOCK, _PATIENCE) as is_held:
            if not is_held:
                raise BulkError(
                    f"{self._out.shown} is being written by another run: wait until it ends, or "
                    "name another file"
                )
            self._keys = self._listed()
            yield

    def has(self, portion: Portion) -> bool:
        """Whether a portion was finished before."""
        return portion.key in self._keys

    def write(self, portion: Portion, rows: Sequence[Row]) -> None:
        """Keep the rows of a portion, whole or not at all."""
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        with self._file(portion.key).written() as stream:
            stream.write(text.encode())
        self._keys.add(portion.key)

    def read(self, portion: Portion) -> list[Row]:
        """The rows of a finished portion."""
        content = self._file(portion.key).read(-1)
        return [json.loads(line) for line in content.splitlines()]

    def remove(self) -> None:
        """Delete all parts."""
        self.folder.remove_folder()

    def _file(self, key: str) -> FileAddress:
        return self.folder.below(f"{key}.jsonl")

    def _listed(self) -> set[str]:
        if not self.folder.is_folder():
            return set()
        names = (entry.name for entry in self.folder.entries())
        return {name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl")}
