"""The command line, by click: `main` runs it."""

from aqfusion.cli.main import main

__all__ = ["main"]
