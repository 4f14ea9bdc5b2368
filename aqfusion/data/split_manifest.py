"""MANIFEST.csv: sessions, groups and folds that somebody fixed; missing ones are computed.

Whatever cuts through a session or a group would make every metric optimistic: the first that is
entry of one holds, and others are faults.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aqfusion.csv_table.errors import CellError, TableFault
from aqfusion.csv_table.header import Columns
from aqfusion.csv_table.reader import read_rows
from aqfusion.csv_table.typed_row import RowCells, is_absent, plain_number
from aqfusion.data.group_split import FOLDS
from aqfusion.data.photo_files import MANIFEST_NAME, PhotoNames
from aqfusion.data.photo_table import MOST_BYTES, MOST_ROWS
from aqfusion.errors import InputError

__all__ = ["Manifest", "read_manifest"]

_COLUMNS = Columns(
    {
        "filename": ("photo", "image", "file", "imagename"),
        "location": ("place",),
        "session": (),
        "group": (),
        "fold5": ("fold",),
    },
    required=("filename",),
)


@dataclass(frozen=True)
class Entry:
    """The manifest's entry of one photo."""

    place: str | None
    session: str | None
    group: str | None


class Manifest:
    """Entries by file name, and the folds of groups; empty where there is no manifest."""

    def __init__(
        self, entries: Mapping[str, Entry] | None = None, folds: Mapping[str, int] | None = None
    ) -> None:
        """Keep both."""
        self._entries = dict(entries or {})
        self._names = PhotoNames(self._entries)
        self.folds = dict(folds or {})

    def __len__(self) -> int:
        """Return how many photos it lists."""
        return len(self._entries)

    def entry_for(self, photo: Path) -> Entry | None:
        """Return the entry of a photo; names are compared as those of the table are."""
        try:
            name = self._names.find(photo.name)
        except CellError:
            return None
        return None if name is None else self._entries[name]

    @property
    def has_groups(self) -> bool:
        """Whether any entry names a group."""
        return any(entry.group is not None for entry in self._entries.values())


def read_manifest(
    path: Path | None, on_fault: Callable[[TableFault], None], on_note: Callable[[str], None]
) -> Manifest:
    """Read a manifest cell by cell; one that cannot be read is a fault, and none of it is used."""
    if path is None:
        return Manifest()
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        header, rows = read_rows(content, _COLUMNS, MOST_BYTES, MOST_ROWS)
        entries, folds = _read(
            (
                RowCells(header, line, cells)
                for line, cells in rows
                if not isinstance(cells, TableFault)
            ),
            on_fault,
        )
    except InputError as error:
        on_note(f"{MANIFEST_NAME} is not used: {error}; groups and folds are made")
        return Manifest()
    made = [
        f"{name} are made from {source}"
        for name, column, source in (
            ("sessions", "session", "place, day and hour"),
            ("groups", "group", "place and day"),
            ("folds", "fold5", "whole groups"),
        )
        # A fold of photos that are in no stated group could cut through a day.
        if column not in header.at or (column == "fold5" and "group" not in header.at)
    ]
    if made:
        on_note(f"{MANIFEST_NAME} is incomplete: {', '.join(made)}")
    return Manifest(entries, folds)


def _read(
    rows: Iterable[RowCells], on_fault: Callable[[TableFault], None]
) -> tuple[dict[str, Entry], dict[str, int]]:
    entries: dict[str, Entry] = {}
    group_of: dict[str, str] = {}
    fold_of: dict[str, int] = {}
    for row in rows:
        name = row.text("filename")
        if is_absent(name):
            continue
        session = None if is_absent(row.text("session")) else row.text("session")
        group = None if is_absent(row.text("group")) else row.text("group")
        if session is not None and group is not None:
            first = group_of.setdefault(session, group)
            group = row.optional("group", partial(_same, "the whole session", first)) or first
        elif session is not None:
            group = group_of.get(session)
        fold = None if is_absent(row.text("fold5")) else row.optional("fold5", _fold)
        if group is not None and fold is not None:
            first_fold = str(fold_of.setdefault(group, fold))
            row.optional("fold5", partial(_same, "the whole group", first_fold))
        place = None if is_absent(row.text("location")) else row.text("location")
        entries.setdefault(name, Entry(place, session, group))
        for fault in row.kept():
            on_fault(
                TableFault(
                    fault.line, f"{MANIFEST_NAME} {fault.column}", fault.rule, fault.value, True
                )
            )
    return entries, fold_of


def _same(what: str, first: str, text: str) -> str:
    if text != first and _number(text) != _number(first):
        raise CellError(f"must be one for {what}, {first!r} as above")
    return first


def _number(text: str) -> object:
    try:
        return plain_number(text)
    except CellError:
        return text


def _fold(text: str) -> int:
    try:
        fold = plain_number(text)
    except CellError:
        fold = -1.0
    if fold not in range(FOLDS):
        raise CellError(f"must be a fold, 0 to {FOLDS - 1}")
    return int(fold)
