"""What each Streamlit session may upload and holds in memory, and the share of each address.

An address may hold as much as is free beside it: alone half of all, two of them a third each. So
a stranger who parks files leaves room for the next visitor, whatever the number of strangers.

Only the server's event loop uses it, so it needs no lock.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from aqfusion.server.token_bucket import TokenBuckets

MEGABYTE = 2**20
_LEAST = 64 * 1024  # bytes that a file counts for at least: an empty one takes memory too
# The uploader shows a sentence only before a file comes, and a number once it is refused: so the
# photo of a telephone must still fit.
_PHOTO = 4 * MEGABYTE
_MOST_ISSUED = 2000  # upload addresses that a session may have open; the oldest goes first
_AT_ONCE, _PER_SECOND = 1000, 5.0  # files of one address: an import of 1,000, then 300 a minute
_LINGER_SECONDS = (
    30.0  # after the connection is lost; a phone that changes networks is back by then
)


class FileStore(Protocol):
    """Streamlit's manager of uploaded files, as far as it is used here."""

    def remove_file(self, session_id: str, file_id: str) -> None:
        """Forget a file."""

    def remove_session_files(self, session_id: str) -> None:
        """Forget all files of a session."""


@dataclass
class _Held:
    address: str
    size: int


@dataclass
class _Session:
    """A session as its websocket shows it; `drawn` are uploaders and the bytes each takes."""

    page: str = ""
    drawn: dict[str, int] = field(default_factory=dict)
    drawing: dict[str, int] = field(default_factory=dict)
    issued: OrderedDict[str, None] = field(default_factory=OrderedDict)
    held: dict[str, _Held] = field(default_factory=dict)
    in_widgets: set[str] = field(default_factory=set)
    lost_at: float | None = None


class UploadRefusal(Exception):
    """Why an upload is not taken: the status of the response, and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        """Keep both."""
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


_NO_ROOM = "The server holds as many uploads as it can. Remove files or try again in a minute."


class UploadLedger:
    """The books of all uploads in this process."""

    def __init__(self, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Hold at most `most_bytes` of uploads at one time."""
        self._most_bytes, self._clock = most_bytes, clock
        self._sessions: dict[str, _Session] = {}
        self._by_address: Counter[str] = Counter()
        self._total = 0
        self._buckets = TokenBuckets(_AT_ONCE, _PER_SECOND, clock)

    @property
    def held_bytes(self) -> int:
        """What all sessions hold, with what is on its way."""
        return self._total

    # What the websocket shows.

    def run_began(self, session: str) -> None:
        """A run of the whole page."""
        self._sessions.setdefault(session, _Session()).drawing = {}

    def sees_page(self, session: str, page: str, files: FileStore) -> None:
        """Another page than before ends what the last one drew."""
        visit = self._sessions.get(session)
        if visit is not None and visit.page != page:
            self._drop(session, [*visit.held], files)
            visit.page, visit.drawn = page, {}
            visit.issued.clear()

    def drew_uploader(self, session: str, widget: str, most_bytes: int) -> None:
        """The page has an uploader that takes files of so many bytes."""
        if visit := self._sessions.get(session):
            visit.drawing[widget] = visit.drawn[widget] = most_bytes

    def run_ended(self, session: str) -> None:
        """The whole page is drawn: what this run did not draw is there no longer."""
        if visit := self._sessions.get(session):
            visit.drawn = dict(visit.drawing)

    def issued(self, session: str, file_ids: Iterable[str]) -> None:
        """Streamlit has handed out addresses for these files."""
        if visit := self._sessions.get(session):
            visit.issued.update(dict.fromkeys(file_ids))
            while len(visit.issued) > _MOST_ISSUED:
                visit.issued.popitem(last=False)

    def widgets_hold(self, session: str, file_ids: set[str], files: FileStore) -> None:
        """The browser says which files its uploaders hold: those they let go of are dropped."""
        if visit := self._sessions.get(session):
            self._drop(session, visit.in_widgets - file_ids, files)
            visit.in_widgets = file_ids & visit.held.keys()

    # What comes by HTTP.

    def check_request(self, session: str, address: str, count: int) -> None:
        """Refuse to issue addresses for `count` files to a session that may not upload now."""
        visit = self._sessions.get(session)
        if visit is None or not visit.drawn:
            raise UploadRefusal(403, "This page takes no files. Reload it and try again.")
        if count > _AT_ONCE:
            raise UploadRefusal(429, f"At most {_AT_ONCE:,} files can come at once, got {count:,}.")
        if self._room(visit, address) < _PHOTO:
            raise UploadRefusal(507, _NO_ROOM)
        if not self._buckets.take(address, count):
            raise UploadRefusal(429, "Too many files came from your network. Wait a minute.")

    def begin(self, session: str, file_id: str, address: str, declared: int | None) -> None:
        """A file comes: its address must have been issued, and its size is set aside for it."""
        visit = self._sessions.get(session)
        if visit is None or file_id not in visit.issued or not visit.drawn:
            raise UploadRefusal(403, "This page did not ask for that file. Reload it.")
        size = max(declared or 0, _LEAST)
        self._check_size(visit, address, size, size)
        del visit.issued[file_id]  # serves once
        visit.held[file_id] = _Held(address, 0)
        self._grow(visit.held[file_id], size)

    def received(self, session: str, file_id: str, size: int) -> None:
        """`size` bytes of it have come by now; beyond its share it is refused."""
        visit = self._sessions.get(session)
        held = visit.held.get(file_id) if visit is not None else None
        if visit is None or held is None:  # the page was left
            raise UploadRefusal(403, "The page that asked for this file is gone.")
        more = size - held.size
        if more > 0:
            self._check_size(visit, held.address, size, more)
            self._grow(held, more)

    def holds(self, session: str, file_id: str) -> bool:
        """Whether the file still counts, so that it may be kept."""
        visit = self._sessions.get(session)
        return visit is not None and file_id in visit.held

    def forget(self, session: str, file_id: str) -> None:
        """The file did not come, or the browser removed it."""
        visit = self._sessions.get(session)
        held = visit.held.pop(file_id, None) if visit is not None else None
        if held is not None:
            self._grow(held, -held.size)

    def _check_size(self, visit: _Session, address: str, size: int, more: int) -> None:
        largest = max(visit.drawn.values(), default=0)
        if size > largest + MEGABYTE:  # the body has boundaries and names beside the file
            raise UploadRefusal(413, f"A file here must have at most {largest // MEGABYTE} MB.")
        if more > self._room(visit, address):
            raise UploadRefusal(507, _NO_ROOM)

    def _room(self, visit: _Session, address: str) -> int:
        """How much more may come so that the address then holds as much as is left free."""
        own = max(self._by_address[address], sum(held.size for held in visit.held.values()))
        return (self._most_bytes + MEGABYTE - self._total - own) // 2  # the megabyte as above

    def _grow(self, held: _Held, size: int) -> None:
        held.size += size
        self._total += size
        self._by_address[held.address] += size
        if not self._by_address[held.address]:
            del self._by_address[held.address]

    # What is over.

    def sweep(self, is_connected: Callable[[str], bool], files: FileStore) -> None:
        """Drop the files of sessions that have been gone for a while."""
        now = self._clock()
        for session, visit in [*self._sessions.items()]:
            if is_connected(session):
                visit.lost_at = None
                continue
            visit.lost_at = now if visit.lost_at is None else visit.lost_at
            if now - visit.lost_at >= _LINGER_SECONDS:
                self._drop(session, [*visit.held], files)
                files.remove_session_files(session)
                del self._sessions[session]

    def _drop(self, session: str, file_ids: Iterable[str], files: FileStore) -> None:
        for file_id in [*file_ids]:
            files.remove_file(session, file_id)
            self.forget(session, file_id)
