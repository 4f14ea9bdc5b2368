"""Photos, ZIPs and a table that a stranger sends: listed without unpacking, read one at a time.

No name from outside is part of a path. A ZIP's directory is held in memory and its entries say of
themselves how large they are: both are bounded before they are believed.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import PurePosixPath

from aqfusion.bulk.bulk_item import BulkError, BulkItem
from aqfusion.bulk.item_list import COLUMNS, TABLES, PhotoFiles, note_others, rows_of
from aqfusion.csv_table.header import CsvTableError
from aqfusion.csv_table.reader import is_spreadsheet, read_rows
from aqfusion.images.photo import MAX_BYTES, PhotoError
from aqfusion.io.file_address import FileEntry

__all__ = ["MOST_ROWS", "UploadedBatch", "UploadedFile", "list_files"]

MOST_ROWS = 2000  # of a table without photos
MOST_TABLE_BYTES = 5_000_000
_MOST_UNPACKED = 1_000_000_000  # of a ZIP, photo after photo
_MOST_READ = 1_000_000  # at once: so long may a ZIP's directory be, that of thousands of photos
_PIECE = 1 << 16
_LONGEST_NAME = 300
_ZIP = b"PK"
# Others unpack a few bytes to any size at once.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
Read = Callable[[], bytes]


@dataclass(frozen=True)
class UploadedFile:
    """A file by its sender's name for it, and what gives its bytes."""

    name: str
    content: Read


@dataclass(frozen=True)
class UploadedBatch:
    """The items of an upload, and what is to be known of it; `read` gives a photo's bytes."""

    items: tuple[BulkItem, ...]
    notes: tuple[str, ...] = ()
    _contents: dict[str, Read] = field(default_factory=dict, repr=False)

    @property
    def photos(self) -> int:
        """How many items have a photo."""
        return sum(item.address is not None for item in self.items)

    def read(self, item: BulkItem) -> bytes:
        """An item's photo; one that is damaged in its ZIP raises `PhotoError`."""
        return self._contents[item.address or ""]()


def list_files(
    files: Sequence[UploadedFile], most_photos: int, local: tzinfo | None = None
) -> UploadedBatch:
    """List photos, alone or with one table; what is too much, or nothing, raises `InputError`."""
    contents: dict[str, Read] = {}
    tables: list[tuple[str, bytes]] = []
    for file in files:
        start = file.content()
        if start.startswith(_ZIP) and not is_spreadsheet(start):
            _add_zip(contents, start, most_photos)
        elif PurePosixPath(file.name.casefold()).suffix in TABLES:
            tables.append((file.name, start))
        else:
            contents[_free_name(contents, file.name)] = file.content
    if len(tables) > 1:
        raise BulkError(f"a batch must have one table or none, got {len(tables)}")
    photos = PhotoFiles(FileEntry(name, "") for name in contents)
    if len(photos.entries) > most_photos:
        raise BulkError(
            f"a batch must have at most {most_photos} photos, got {len(photos.entries)}: send them "
            "in parts, or use the terminal: python -m aqfusion predict --folder FOLDER"
        )
    notes = note_others(photos.others, ())
    items: list[BulkItem] = []
    if tables:
        items, of_table = _of_table(tables[0][1], photos, local)
        notes = (*of_table, *notes)
    named = {item.address for item in items}
    items += [BulkItem(name, name) for name in photos.entries if name not in named]
    if not items:
        raise BulkError("a batch must have a photo or a table of readings, got neither")
    return UploadedBatch(tuple(items), notes, {name: contents[name] for name in photos.entries})


def _of_table(
    content: bytes, photos: PhotoFiles, local: tzinfo | None
) -> tuple[list[BulkItem], tuple[str, ...]]:
    header, rows = read_rows(content, COLUMNS, MOST_TABLE_BYTES, MOST_ROWS)
    items = rows_of(header, list(rows), photos, local)
    if not items:
        raise CsvTableError("the table must have a row below its titles, got none")
    notes = header.notes.sentences()
    if header.ignored:
        titles = ", ".join(repr(title[:40]) for title in header.ignored[:8])
        notes = (*notes, f"columns that are not read: {titles}")
    return [replace(item, file=item.file and item.file[:_LONGEST_NAME]) for item in items], notes


class _ShortReads(io.BytesIO):
    """Bytes of which nobody may ask for many at once, as `zipfile` does for a long directory."""

    def read(self, size: int | None = -1) -> bytes:
        left = len(self.getbuffer()) - self.tell()
        if min(left, left if size is None or size < 0 else size) > _MOST_READ:
            raise BulkError("a ZIP must have a directory of at most 1 MB, got more")
        return super().read(size)


def _add_zip(contents: dict[str, Read], data: bytes, most_photos: int) -> None:
    try:
        archive = zipfile.ZipFile(_ShortReads(data))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except BulkError:
        raise
    except Exception as error:  # what a damaged directory raises is anything
        raise BulkError("a ZIP must be a whole file, got a damaged one") from error
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_UNPACKED:
        most = _MOST_UNPACKED // 1_000_000
        raise BulkError(f"a ZIP must unpack to at most {most} MB, got {unpacked // 1_000_000} MB")
    if len(entries) > 20 * most_photos:
        raise BulkError(f"a ZIP must have at most {20 * most_photos} files, got {len(entries)}")
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        name = "/".join(part for part in parts if part not in ("", ".", ".."))
        contents[_free_name(contents, name)] = _Entry(archive, entry)


@dataclass(frozen=True)
class _Entry:
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    def __call__(self) -> bytes:
        """The entry's bytes; one more than a photo may have ends the reading."""
        if self.info.flag_bits & 1:
            raise PhotoError("photo must not be encrypted in its ZIP")
        if self.info.compress_type not in _METHODS:
            raise PhotoError("photo must be packed in its ZIP by the usual method, deflate")
        data = bytearray()
        try:
            with self.archive.open(self.info) as stream:
                while len(data) <= MAX_BYTES and (piece := stream.read(_PIECE)):
                    data += piece
        except Exception as error:  # what a damaged entry raises is anything
            raise PhotoError("photo must be whole, got one that is damaged in its ZIP") from error
        return bytes(data)


def _free_name(contents: dict[str, Read], name: str) -> str:
    """A name as every table can keep it, told apart from those before."""
    plain = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)[-_LONGEST_NAME:]
    free, number = plain, 1
    while free in contents:
        number += 1
        stem, dot, ending = plain.rpartition(".")
        free = f"{stem} ({number}){dot}{ending}" if dot else f"{plain} ({number})"
    return free
