"""The photos of a data folder that lie nearest to one in a model's embedding space.

Near is what the model embeds alike: air, light, horizon; not the same view. Frames of one session
are near each other as a rule, so that only the nearest of each session is returned.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.model import array_cache
from aqfusion.model.architecture import EMBED_DIM
from aqfusion.model.array_math import Array
from aqfusion.model.predictor import Embedding, Predictor


@dataclass(frozen=True, eq=False)
class SavedIndex:
    """Numbers of the frames (N,) that could be read, their embeddings (N, 128) and digests."""

    frames: Array
    embeddings: Array
    digests: tuple[str, ...]


def keep(path: Path, key: str, content: SavedIndex) -> None:
    """Write the file whole or not at all."""
    digests = b"".join(bytes.fromhex(digest) for digest in content.digests)
    arrays = {
        "frames": content.frames,
        "embeddings": content.embeddings,
        "digests": np.frombuffer(digests, np.uint8).reshape(-1, 32),
    }
    array_cache.keep(path, key, arrays)


def kept(path: Path, key: str) -> SavedIndex | None:
    """The index saved under this key, which stands for model and photos; `None`: no such."""
    arrays = array_cache.kept(path, key)
    if arrays is None:
        return None
    digests = tuple(bytes(row).hex() for row in arrays["digests"])
    return SavedIndex(arrays["frames"], arrays["embeddings"], digests)


# Per session, evenly spread. Odd, so that the middle frame, which the gallery shows, is one.
FRAMES = 7
_REVISION = 2  # raised when a photo would get another embedding, or the file another format
_PATIENCE = 0.5  # seconds between two reports to one who waits for another's building

Report = Callable[[int, int], object]  # photos done, of how many
Stamp = tuple[int, int] | None  # bytes and time of change of a file that is there
Look = tuple[Array, str] | None  # embedding (128,) and digest of a photo that can be read


@dataclass(frozen=True)
class Neighbour:
    """The frame of a session that is nearest to a photo: cosine 0 to 1, opposites being 0 too.

    `is_query` where it is the very photo, pixel by pixel; its similarity is then 1.
    """

    row: DatasetRow
    similarity: float
    is_query: bool


@dataclass(frozen=True, eq=False)
class EmbeddingIndex:
    """N frames with their embeddings (N, 128) and photo digests; some may have been unreadable.

    Two indices of the same `key` are the same.
    """

    key: str
    rows: tuple[DatasetRow, ...]
    embeddings: Array
    digests: tuple[str, ...]
    unreadable: int

    def nearest(self, embedding: Embedding, count: int, digest: str = "") -> tuple[Neighbour, ...]:
        """The `count` nearest sessions, nearest first; `digest` identifies the photo itself."""
        vector = embedding.vector[0]
        lengths = np.linalg.norm(self.embeddings, axis=1) * np.linalg.norm(vector)
        cosine = self.embeddings @ vector / lengths.clip(1e-8)  # (N,)
        same = [digest == other for other in self.digests]
        # Before all others, whatever rounding makes of its cosine.
        rank = np.where(same, 2.0, cosine)
        neighbours: dict[str, Neighbour] = {}
        for i in np.argsort(-rank, kind="stable").tolist():
            if len(neighbours) == count:
                break
            row, similarity = self.rows[i], 1.0 if same[i] else float(cosine[i].clip(0, 1))
            neighbours.setdefault(row.session, Neighbour(row, similarity, same[i]))
        return tuple(neighbours.values())


class SimilarPhotos:
    """The index of one data folder by one model: made once, then kept in memory and in a file.

    Threads may share it. A file that is damaged, or was made for other photos or another model,
    is made anew.
    """

    def __init__(self, predictor: Predictor, rows: Sequence[DatasetRow], folder: Path) -> None:
        """`rows` are all of the data folder, `folder` is where the file lies or will lie."""
        self._predictor = predictor
        self._frames = frames_of(rows)
        where = hashlib.sha256(str(self._frames[0].photo.parent.resolve()).encode()).hexdigest()
        self._file = folder / f"{predictor.name}-{where[:12]}.safetensors"
        self._building = threading.Lock()
        self._looks: dict[tuple[Path, Stamp], Look] = {}  # of a building that was cut off
        self._cached: EmbeddingIndex | None = None

    def cached(self) -> EmbeddingIndex | None:
        """The index where it has been made and still fits the folder; takes milliseconds."""
        key = self._key()
        cached = self._cached
        if cached is not None and cached.key == key:
            return cached
        content = kept(self._file, key)
        return self._remember(key, content) if content else None

    def build(self, report: Report) -> EmbeddingIndex:
        """Embed the frames, unless it is done; an error of `report` stops it, to go on later.

        Of several threads one builds, and the others get its progress in `report`.
        """
        while not self._building.acquire(timeout=_PATIENCE):
            report(len(self._looks), len(self._frames))
        try:
            return self.cached() or self._built(report)
        finally:
            self._building.release()

    def _built(self, report: Report) -> EmbeddingIndex:
        key = self._key()  # before the first look: what changes meanwhile is noticed next time
        looks: list[Look] = []
        for row in self._frames:
            at = (row.photo, _stamp(row.photo))
            if at not in self._looks:
                self._looks[at] = self._look(row.photo)
            looks.append(self._looks[at])
            report(len(looks), len(self._frames))
        content = SavedIndex(
            np.array([i for i, look in enumerate(looks) if look], np.int64),
            np.array([look[0] for look in looks if look], np.float32).reshape(-1, EMBED_DIM),
            tuple(look[1] for look in looks if look),
        )
        with suppress(OSError):  # a home that cannot be written costs time, not the answer
            keep(self._file, key, content)
        self._looks.clear()
        return self._remember(key, content)

    def _look(self, path: Path) -> Look:
        try:
            photo = Photo.open(path)
        except PhotoError:
            return None
        return self._predictor.embed(photo).vector[0], photo.digest

    def _remember(self, key: str, content: SavedIndex) -> EmbeddingIndex:
        rows = tuple(self._frames[i] for i in content.frames.tolist())
        unreadable = len(self._frames) - len(rows)
        index = EmbeddingIndex(key, rows, content.embeddings, content.digests, unreadable)
        self._cached = index
        return index

    def _key(self) -> str:
        """All that an index depends on: the weights, the frames and what is known of them."""
        checkpoint = self._predictor.checkpoint
        facts = [
            (row.photo.name, row.place, row.session, row.aqi, _stamp(row.photo))
            for row in self._frames
        ]
        text = repr((_REVISION, checkpoint.sha256, checkpoint.config.image_size, facts))
        return hashlib.sha256(text.encode()).hexdigest()


def frames_of(rows: Sequence[DatasetRow]) -> tuple[DatasetRow, ...]:
    """At most `FRAMES` rows of each session, evenly spread by file name."""
    sessions: dict[str, list[DatasetRow]] = {}
    for row in sorted(rows, key=lambda row: row.photo.name):
        sessions.setdefault(row.session, []).append(row)
    return tuple(
        members[(2 * i + 1) * len(members) // (2 * count)]
        for members in sessions.values()
        for count in [min(FRAMES, len(members))]
        for i in range(count)
    )


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
