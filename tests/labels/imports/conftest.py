"""These tests need one database only."""

from tests.labels.busy import busy, busy_folder
from tests.labels.sqlite_only import url

__all__ = ["busy", "busy_folder", "url"]
