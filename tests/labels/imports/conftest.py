"""These tests need one database only."""

from tests.labels.busy import busy, busy_folder
from tests.labels.sqlite_only import url

__all__ = ["busy", "busy_folder", "url"]

collect_ignore = ["label_studio_sdk_check.py"]  # runs in a Python of its own, with other packages
