"""`labels add-user` and `labels invite`: accounts, by whoever holds the terminal."""

import argparse
import getpass
import sys

from aqfusion.commands.labels.opened import add_role_option, labels_parser, now, opened
from aqfusion.commands.options import Commands, Parser, UsageError, print_json


def add_add_user_command(commands: "Commands[Parser]") -> None:
    """Add `labels add-user`."""
    parser = labels_parser(commands, "add-user", "make an account; its PIN is asked for")
    parser.add_argument("name", metavar="NAME")
    add_role_option(parser)
    parser.add_argument(
        "--pin-stdin", action="store_true", help="read the PIN from the first line of input"
    )
    parser.set_defaults(run=run_add_user)


def add_invite_command(commands: "Commands[Parser]") -> None:
    """Add `labels invite`."""
    parser = labels_parser(
        commands, "invite", "print a secret with which one person can make an account, once"
    )
    add_role_option(parser)
    parser.set_defaults(run=run_invite)


def run_add_user(arguments: argparse.Namespace) -> None:
    """Make the account and print it, without its PIN."""
    pin = sys.stdin.readline().rstrip("\r\n") if arguments.pin_stdin else _asked()
    with opened() as store:
        operator = store.accounts.operator(now())
        made = store.accounts.add_user(operator, arguments.name, pin, arguments.role, now())
    print_json({"user": made.id, "name": made.name, "role": made.role})


def run_invite(arguments: argparse.Namespace) -> None:
    """Print the secret, which is shown only now."""
    from aqfusion.labels.invites import INVITE_LASTS

    with opened() as store:
        operator, at = store.accounts.operator(now()), now()
        token = store.invites.make(operator, arguments.role, at)
    expires = (at + INVITE_LASTS).isoformat(timespec="seconds")
    print_json({"invitation": token, "role": arguments.role, "expires": expires})


def _asked() -> str:
    """Ask twice on the terminal, where nothing of it is shown."""
    if not sys.stdin.isatty():
        raise UsageError("add-user must ask for a PIN at a terminal, or be given --pin-stdin")
    pin = getpass.getpass("PIN: ")
    if getpass.getpass("Once more: ") != pin:
        raise UsageError("PIN must be typed the same twice, got two different ones")
    return pin
