"""The items of a folder, of a table, or of a table whose photos lie in a folder.

A table's photos are found by name. Its columns are `photo`, the six pollutants, `time` and
`timezone`, in any order; units stand in the titles, as in `o3 (ppb)`, and are µg/m³ (CO mg/m³)
where none does. A cell that breaks a rule is left out, and the row says so.
"""

import mimetypes
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.bulk.bulk_item import BulkError, BulkItem
from aqfusion.csv_table.column_titles import POLLUTANT_TITLES
from aqfusion.csv_table.errors import CellError, TableFault
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.reader import read_rows
from aqfusion.csv_table.typed_row import RowCells, is_absent, past
from aqfusion.data.photo_files import PhotoNames, is_passed_over, path_parts
from aqfusion.io.file_address import FileAddress, FileEntry
from aqfusion.time_zones import DateOrder, date_order, read_time, zone

__all__ = [
    "COLUMNS",
    "TABLES",
    "ItemList",
    "PhotoFiles",
    "is_picture",
    "list_folder",
    "list_table",
    "note_others",
    "rows_of",
]

PHOTO_ENDINGS = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".heic", ".heif", ".avif")
TABLES = (".csv", ".tsv", ".txt", ".xlsx")
MOST_BYTES, MOST_ROWS = 200_000_000, 2_000_000
_LONGEST_PATH = 1000
COLUMNS = Columns(
    {
        "photo": ("image", "file", "filename", "path", "imagename", "photoname", "imagefile"),
        **{name: POLLUTANT_TITLES[name] for name in POLLUTANTS},
        "time": ("datetime", "timestamp", "takenat"),
        "timezone": ("tz", "timezonename"),
    },
    required=(),
    one_of=("photo", *POLLUTANTS),
)
_kinds = mimetypes.MimeTypes()  # without the tables of this machine's system


@dataclass(frozen=True)
class ItemList:
    """The items in their order, and sentences on what was passed over or taken for granted."""

    items: tuple[BulkItem, ...]
    notes: tuple[str, ...] = ()


def is_picture(name: str) -> bool:
    """Return whether a file's name is that of a picture, of a kind that can be read or not.

    >>> [is_picture(name) for name in ("a.JPG", "b.heic", "c.bmp", "notes.txt", "photo")]
    [True, True, True, False, False]
    """
    lowered = name.casefold()
    kind, _encoding = _kinds.guess_type(f"file.{lowered.rpartition('.')[2]}")
    return lowered.endswith(PHOTO_ENDINGS) or (
        "." in lowered and kind is not None and kind.startswith("image/")
    )


class PhotoFiles:
    """Photos by their path below a folder, found by that path or by their last name alone."""

    def __init__(self, entries: Iterable[FileEntry]) -> None:
        """Keep all that are pictures; hidden files and those of systems are passed over."""
        shown = [entry for entry in entries if not any(map(is_passed_over, _parts(entry)))]
        self.entries = {entry.name: entry for entry in sorted(shown, key=lambda e: e.name)}
        self.others = [name for name in self.entries if not is_picture(name)]
        for name in self.others:
            del self.entries[name]

    def find(self, text: str) -> FileEntry:
        """Return the file that a table means; none, or several, raise `CellError`."""
        parts = path_parts(text)
        name = self._paths.find("/".join(parts))
        if name is None:
            last = self._last_names.find(parts[-1])
            paths = self._by_last_name.get(last or "", ())
            if len(paths) > 1:
                raise CellError(f"must mean one file, but fits {paths[0]!r} and {paths[1]!r}")
            name = paths[0] if paths else None
        if name is None:
            raise CellError("must be the name of a photo that is there")
        return self.entries[name]

    @cached_property
    def _paths(self) -> PhotoNames:
        return PhotoNames(self.entries)

    @cached_property
    def _by_last_name(self) -> dict[str, list[str]]:
        by_last_name = defaultdict(list)
        for name in self.entries:
            by_last_name[name.rpartition("/")[2]].append(name)
        return by_last_name

    @cached_property
    def _last_names(self) -> PhotoNames:
        return PhotoNames(self._by_last_name)


def list_folder(folder: FileAddress, own: Sequence[str] = ()) -> ItemList:
    """List all photos in a folder and those below it, by name; `own` are names of the run's."""
    files = _files(folder)
    if not files.entries:
        raise BulkError(f"--folder must hold photos, got none in {folder.shown}")
    items = tuple(_item(folder, entry) for entry in files.entries.values())
    return ItemList(items, note_others(files.others, own))


def list_table(
    table: FileAddress,
    folder: FileAddress | None,
    local: tzinfo | None = None,
    own: Sequence[str] = (),
) -> ItemList:
    """List a table's rows, and then the photos of `folder` that it does not name.

    Without `folder` the photos lie beside the table or below. `local` is the clock of times that
    name none. A file that is no table raises `CsvTableError`.
    """
    try:
        content = table.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "there is no such file"
        raise CsvTableError(f"--table must be a readable file, got {table.shown}: {reason}") from (
            error
        )
    header, rows = read_rows(content, COLUMNS, MOST_BYTES, MOST_ROWS)
    place = folder or table.parent()
    has_photos = "photo" in header.at or folder is not None
    if folder is not None and "photo" not in header.at:
        raise BulkError("--table must have a column photo where there is a --folder, got none")
    files = _files(place) if has_photos else PhotoFiles(())
    items = rows_of(header, list(rows), files, local)
    if not items:
        raise CsvTableError("the table must have a row below its titles, got none")
    listed = [
        replace(item, address=place.below(item.address).text) if item.address else item
        for item in items
    ]
    notes = header.notes.sentences()
    if header.ignored:
        titles = ", ".join(repr(title[:40]) for title in header.ignored[:8])
        notes = (*notes, f"columns that are not read: {titles}")
    if folder is not None:
        named = {item.address for item in listed}
        rest = (_item(place, entry) for entry in files.entries.values())
        listed += [item for item in rest if item.address not in named]
        notes = (*notes, *note_others(files.others, (table.name, *own)))
    return ItemList(tuple(listed), notes)


def rows_of(
    header: Header,
    rows: Sequence[tuple[int, Sequence[str] | TableFault]],
    files: PhotoFiles,
    local: tzinfo | None,
) -> list[BulkItem]:
    """An item of each row, in order; its `address` is the photo's name among `files`."""
    order = date_order(
        header.cell(cells, "time") for _, cells in rows if not isinstance(cells, TableFault)
    )
    if order:
        header.notes.add(
            f"dates are read with the {order}, because some can only be read in that way"
        )
    now = datetime.now(UTC)
    return [
        BulkItem(line=line, error=f"{cells.column or 'the line'} {cells.reason}")
        if isinstance(cells, TableFault)
        else _row(RowCells(header, line, cells), header, files, _Clock(local, order, now))
        for line, cells in rows
    ]


@dataclass(frozen=True)
class _Clock:
    local: tzinfo | None
    order: DateOrder | None
    now: datetime


def _row(row: RowCells, header: Header, files: PhotoFiles, clock: _Clock) -> BulkItem:
    name = row.text("photo")
    entry = None
    if not is_absent(name):
        entry = row.take("photo", files.find, _LONGEST_PATH)
    reading = row.reading()
    local = clock.local
    if not is_absent(row.text("timezone")):
        local = row.optional("timezone", zone)
    elif header.zone:
        local = row.optional("time", lambda _: zone(str(header.zone)))

    def read(text: str) -> datetime | None:
        return None if is_absent(text) else past(read_time(text, local, clock.order), clock.now)

    time = row.optional("time", read)
    return BulkItem(
        file=name[:_LONGEST_PATH] if name else None,
        address=entry.name if entry else None,
        state=entry.state if entry else "",
        reading=reading,
        taken_at=time,
        line=row.line,
        problem=_sentences(row.cell_faults),
        error=_sentences(row.faults),
    )


def _sentences(faults: Sequence[TableFault]) -> str | None:
    return "; ".join(f"{fault.column} {fault.reason}" for fault in faults) or None


def _files(folder: FileAddress) -> PhotoFiles:
    if not folder.is_folder():
        raise BulkError(f"--folder must be a folder that exists, got {folder.shown}")
    return PhotoFiles(folder.entries())


def _item(folder: FileAddress, entry: FileEntry) -> BulkItem:
    return BulkItem(_plain(entry.name), folder.below(entry.name).text, entry.state)


def _plain(name: str) -> str:
    """A name as every table can keep it."""
    return name.encode("utf-8", "backslashreplace").decode()


def note_others(others: Sequence[str], own: Iterable[str]) -> tuple[str, ...]:
    """A sentence on files that are no pictures, but for the run's `own`; empty without any."""
    names = [name for name in others if name.split("/")[0] not in {*own}]
    if not names:
        return ()
    listed = ", ".join(_plain(name)[:60] for name in names[:3])
    more = ", ..." if len(names) > 3 else ""
    return (f"files of other kinds are passed over ({len(names)}): {listed}{more}",)


def _parts(entry: FileEntry) -> Iterator[str]:
    yield from entry.name.split("/")
