"""The store of the settings, opened for one command."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aqfusion.commands.options import Commands, Parser, add_json_option
from aqfusion.settings import load_settings

if TYPE_CHECKING:
    from aqfusion.labels.store import LabelStore

__all__ = ["add_role_option", "labels_parser", "now", "opened"]


def labels_parser(commands: "Commands[Parser]", name: str, about: str) -> argparse.ArgumentParser:
    """Add one of the commands below `labels`."""
    sentence = f"{about[:1].upper()}{about[1:]}."
    parser = commands.add_parser(name, help=about, description=sentence, allow_abbrev=False)
    add_json_option(parser)
    return parser


def add_role_option(parser: argparse.ArgumentParser) -> None:
    """Add `--role`; the store knows which there are."""
    parser.add_argument(
        "--role", required=True, metavar="ROLE", help="visitor, annotator, expert or admin"
    )


@contextmanager
def opened() -> "Iterator[LabelStore]":
    """Open the store, and close it in the end."""
    from aqfusion.labels.store import LabelStore

    store = LabelStore.of(load_settings())
    try:
        yield store
    finally:
        store.close()


def now() -> datetime:
    """Tell the time, with its zone."""
    return datetime.now(UTC)
