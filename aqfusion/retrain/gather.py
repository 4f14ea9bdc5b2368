"""A data folder and a model to the features file."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from aqfusion.dataset.folder import Row
from aqfusion.labels.fingerprint import fingerprint
from aqfusion.model.checkpoint import Checkpoint
from aqfusion.photo import Photo
from aqfusion.retrain.features import Features, Known
from aqfusion.retrain.look import joined, look
from aqfusion.retrain.trunk import trunk_hash
from aqfusion.training.sessions import sessions_of

__all__ = ["FRAMES", "gather"]

FRAMES = 8  # of a session, evenly spaced: neighbours in a film are nearly the same


def gather(
    checkpoint: Checkpoint, rows: Sequence[Row], licence: str, report: Callable[[str], None]
) -> Features:
    """Look at up to `FRAMES` photos of every session, and take the fingerprints of all."""
    sessions = sessions_of(rows)
    looks, owner, prints, print_owner = [], [], [], []
    for number, session in enumerate(sessions):
        count = min(FRAMES, len(session.rows))
        kept = {session.rows[i * len(session.rows) // count].photo for i in range(count)}
        frames: dict[Path, Photo] = {}
        for row in session.rows:
            photo = Photo.open(row.photo)
            prints.append(fingerprint(photo))
            print_owner.append(number)
            if row.photo in kept:
                frames[row.photo] = photo
        looks.append(look(checkpoint, list(frames.values())))
        owner += [number] * len(frames)
        report(f"looked at {number + 1} of {len(sessions)} sessions")
    seen = joined(looks)
    session_features = tuple(
        Known(s.key, s.place, s.group, s.aqi, s.rows[0].reading, len(s.rows)) for s in sessions
    )
    return Features(
        trunk_hash(checkpoint),
        licence,
        session_features,
        seen.features,
        seen.statistics,
        torch.tensor(owner),
        torch.tensor(prints, dtype=torch.int64),
        torch.tensor(print_owner),
    )
