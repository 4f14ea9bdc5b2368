"""The store's fixtures on SQLite alone: what both databases do alike is tested elsewhere."""

from pathlib import Path

import pytest


@pytest.fixture
def url(tmp_path: Path, empty_labels: bytes) -> str:
    """The address of an empty store."""
    path = tmp_path / "labels.db"
    path.write_bytes(empty_labels)
    return str(path)
