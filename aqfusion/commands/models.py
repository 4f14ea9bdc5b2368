"""`models`: the versions of the model, which is current, and the way back."""

import argparse
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aqfusion.commands.options import Commands, Parser, UsageError, add_json_option, print_json
from aqfusion.settings import load_settings

if TYPE_CHECKING:
    from aqfusion.registry.registry import Registry
    from aqfusion.registry.version import Version

_MOST_DAYS = 3650


def add_models_command(commands: "Commands[Parser]") -> None:
    """Add `models` and its own commands."""
    parser = commands.add_parser(
        "models",
        help="list, promote, roll back, verify and prune retrained models",
        description="The versions that retraining made; AQFUSION_MODELS is their folder.",
        allow_abbrev=False,
    )
    own = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    for name, says in (
        ("list", "all versions, and which is current"),
        ("verify", "compare every file with its SHA-256"),
        ("prune", "delete what was never current and is no ancestor"),
    ):
        add_json_option(own.add_parser(name, help=says, allow_abbrev=False))
    show = own.add_parser("show", help="all about one version", allow_abbrev=False)
    show.add_argument("version", metavar="VERSION")
    promote = own.add_parser("promote", help="make a version current", allow_abbrev=False)
    promote.add_argument("version", metavar="VERSION")
    promote.add_argument("--reason", required=True, help="why; it is kept")
    rollback = own.add_parser("rollback", help="go back to the version before", allow_abbrev=False)
    rollback.add_argument("--reason", default="", help="why; it is kept")
    drift = own.add_parser(
        "drift", help="what visitors bring against what was learned from", allow_abbrev=False
    )
    drift.add_argument("--days", default="30", metavar="N", help="of late (default: 30)")
    for each in (show, promote, rollback, drift):
        add_json_option(each)
    parser.set_defaults(run=run_models)


def run_models(arguments: argparse.Namespace) -> None:
    """Do it, and print what there is then."""
    from aqfusion.registry.registry import TERMINAL, Registry

    registry, now = Registry.of(load_settings()), datetime.now(UTC)
    if arguments.what == "list":
        print_json(_list(registry))
    elif arguments.what == "show":
        version = registry.read(arguments.version)
        print_json({**_line(version), "manifest": dict(version.manifest)})
    elif arguments.what == "promote":
        promotion = registry.promote(TERMINAL, arguments.version, arguments.reason, now)
        print_json({"promotion": asdict(promotion)})
    elif arguments.what == "rollback":
        print_json({"promotion": asdict(registry.rollback(TERMINAL, arguments.reason, now))})
    elif arguments.what == "prune":
        print_json({"deleted": list(registry.prune(TERMINAL))})
    elif arguments.what == "drift":
        print_json(_drift(registry, _days(arguments.days), now))
    else:
        _verify(registry)


def _list(registry: "Registry") -> dict[str, Any]:
    served = registry.current()
    return {
        "folder": str(registry.home),
        "serving": asdict(served),
        "versions": [_line(version) for version in registry.versions()],
        "promotions": [asdict(one) for one in registry.promotions()],
    }


def _drift(registry: "Registry", days: int, now: datetime) -> dict[str, Any]:
    from aqfusion.commands.labels.opened import opened
    from aqfusion.drift.reference import reference_of
    from aqfusion.drift.report import counted_of, report
    from aqfusion.model.predict import load_model

    served = registry.current()
    reference = reference_of(load_model(served.model), registry.model)
    with opened() as store:
        found = report(counted_of(store, store.accounts.operator(now), now, days), reference)
    return {"serving": asdict(served), **asdict(found), "first": found.first.isoformat()}


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _MOST_DAYS):
        raise UsageError(f"--days must be a whole number from 1 to {_MOST_DAYS}, got {text!r}")
    return int(text)


def _line(version: "Version") -> dict[str, Any]:
    known = version.manifest
    return {
        "version": version.name,
        "parent": version.parent,
        **{name: known.get(name) for name in ("base", "made_at", "by", "gate")},
    }


def _verify(registry: "Registry") -> None:
    found = registry.verify()
    wrong = [sentence for sentences in found.values() for sentence in sentences]
    if wrong:
        raise UsageError("; ".join(wrong))
    print_json({"whole": list(found)})
