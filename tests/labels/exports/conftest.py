"""These tests need one database only."""

from tests.labels.sqlite_only import url

__all__ = ["url"]
