"""`labels`: the label store at the terminal: import and export, scores, backups, accounts."""

import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aqfusion.cli.options import (
    SERVED,
    Choice,
    PathText,
    TimeZone,
    UsageError,
    WholeNumber,
    by_option,
    json_option,
    label_store,
    model_option,
    not_both,
    now,
    print_json,
    report,
    served_model,
    status_options,
    terminal_actor,
    time_limit_option,
)
from aqfusion.errors import InputError
from aqfusion.io.temporary_files import private_folder
from aqfusion.settings import load_settings

if TYPE_CHECKING:
    from aqfusion.background_jobs import RunningJob

# As the store has them, which is not imported to print a help.
ROLES = ("visitor", "annotator", "expert", "admin")
FORMATS = ("csv", "jsonl", "events", "label-studio", "training")
MOST_ANSWERS = 20  # of an item
_MOST_FAULTS = 20  # in lines; the JSON has all
_EVERY = 320  # items between two lines of progress

_role_option = click.option("--role", required=True, type=Choice(ROLES), help="role of the account")


@click.group(
    no_args_is_help=False,
    short_help="The label store: import, export, stats, backup, restore, accounts.",
)
def labels() -> None:
    """Work on the label store that AQFUSION_LABELS and AQFUSION_PHOTOS name.

    Whoever can read the database may use all of these commands.
    """


@labels.command("import", short_help="Import photos, an export or answers from Label Studio.")
@click.argument("source", metavar="FOLDER_OR_FILE", type=PathText())
@click.option(
    "--overlap",
    type=WholeNumber(1, MOST_ANSWERS),
    default=1,
    metavar="N",
    help="answers wanted for each item (default: 1)",
)
@click.option("--frozen", is_flag=True, help="keep these items for testing: no training uses them")
@click.option("--licence", metavar="TEXT", help="licence of the photos, as the pages show it")
@click.option(
    "--timezone",
    type=TimeZone(),
    metavar="ZONE",
    help="zone of times that name none, for example Asia/Kolkata or +05:30; without it, these "
    "times are left out",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="print as JSON what would be imported, and write nothing; no store is needed",
)
@json_option
def import_photos(
    source: str, timezone: tzinfo | None, dry_run: bool, **terms: str | int | bool | None
) -> None:
    """Import a data folder, a folder of photos, a CSV of photos, an export (.jsonl) or answers.

    Answers are those of Label Studio (its .json export). A second import adds what is missing.
    """
    if dry_run:
        _try_import(source, timezone)
    else:
        _import(source, timezone, **terms)  # type: ignore[arg-type]  # click has checked them


def _try_import(source: str, timezone: tzinfo | None) -> None:
    from aqfusion.labels.imports.import_source import dry_run, list_source

    summary = dry_run(list_source(Path(source), now(), timezone))
    print_json({"source": source, **summary})
    if not summary["items"]:
        raise UsageError(f"No photo could be imported from {source}")


def _import(
    source: str, timezone: tzinfo | None, overlap: int, frozen: bool, licence: str | None
) -> None:
    from aqfusion.labels.imports.import_source import import_from_source
    from aqfusion.labels.imports.item_import import Terms

    terms = Terms(overlap, "frozen" if frozen else "train", licence)
    with label_store() as store:
        operator = store.accounts.operator(now())
        done = import_from_source(store, operator, Path(source), terms, now(), report, timezone)
    for fault in done.faults[:_MOST_FAULTS]:
        report(str(fault))
    if len(done.faults) > _MOST_FAULTS:
        report(f"and {len(done.faults) - _MOST_FAULTS} more; the JSON has all of them")
    for note in done.notes:
        report(note)
    if done.ignored:
        report(f"columns that are not read: {', '.join(map(repr, done.ignored))}")
    if done.new:
        report("to put the most informative items first: python -m aqfusion labels score")
    print_json({"source": source, **asdict(done)})


@labels.command(short_help="Export as csv, jsonl, events, label-studio or training.")
@click.option("--format", "kind", required=True, type=Choice(FORMATS), help="format of the export")
@click.option(
    "--out", required=True, type=PathText(), metavar="PATH", help="the file or folder to write"
)
@json_option
def export(kind: str, out: str) -> None:
    """Export as csv (a row per item, and a second file with a row per answer), jsonl (everything,
    for labels import), events (csv), label-studio or training (folders).
    """
    from aqfusion.labels.exports.export import export as export_store

    with label_store() as store:
        operator = store.accounts.operator(now())
        done = export_store(store, operator, kind, Path(out), report)
    for sentence in done.left_out:
        report(sentence)
    if done.missing:
        report(f"{len(done.missing)} photos are missing in the store")
    print_json(
        {
            "format": kind,
            "wrote": [str(path) for path in done.wrote],
            "count": done.count,
            "left_out": list(done.left_out),
            "missing_photos": list(done.missing),
        }
    )


@labels.command()
@json_option
def stats() -> None:
    """Count items, answers and events."""
    from aqfusion.labels.progress import totals

    with label_store() as store:
        sums = totals(store.database)
        counts, snapshot = store.overview.counts(), store.snapshot_hash()
    print_json({"items": sum(counts.values()), "status": counts, **sums, "snapshot": snapshot})


@labels.command()
@json_option
def verify() -> None:
    """Check that the current state follows from all events."""
    with label_store() as store:
        faults = store.verify()
    print_json({"sound": not faults, "faults": list(faults)})
    if faults:
        raise InputError(f"The store has {len(faults)} faults, the first: {faults[0]}")


@labels.command(short_help="Write everything to one new file, or keep the newest backups.")
@click.argument("path", metavar="[PATH]", type=PathText(), required=False)
@click.option(
    "--keep",
    type=WholeNumber(1, 1000),
    metavar="N",
    help="instead of PATH: make a backup named by its time, and keep the newest N good ones",
)
@click.option(
    "--out",
    type=PathText(),
    metavar="FOLDER",
    help="folder of --keep (default: AQFUSION_BACKUPS, or backups in AQFUSION_HOME)",
)
@click.option(
    "--daily", is_flag=True, help="with --keep: do nothing where the last good one is of today"
)
@json_option
def backup(path: str | None, keep: int | None, out: str | None, daily: bool) -> None:
    """Write everything to one new file, photos and hashes of PINs included: keep it safe.

    With --keep, as cron or a timer would call it, each backup is restored into a temporary store
    before it counts as good; older ones that this command made are deleted after that.
    """
    if keep is not None:
        if path is not None:
            raise UsageError("backup takes either PATH or --keep. Name a folder with --out")
        _keep_backups(keep, out, daily)
        return
    if path is None or out is not None or daily:
        raise UsageError("backup needs a PATH, or --keep with or without --out and --daily")
    from aqfusion.labels.backup import backup as write_backup

    with label_store() as store:
        held = write_backup(store, store.accounts.operator(now()), Path(path), now())
    if held.missing:
        report(f"{len(held.missing)} photos are missing in the store")
    print_json({"wrote": path, **asdict(held)})


def _keep_backups(keep: int, out: str | None, daily: bool) -> None:
    from aqfusion.labels.scheduled_backups import backup_folder, make_scheduled

    folder = Path(out) if out is not None else backup_folder(load_settings())
    with label_store() as store:
        operator, at = store.accounts.operator(now()), now()
        made = make_scheduled(store, operator, folder, keep, at, daily=daily)
    if made is None:
        report("the last backup is of today")
        print_json({"folder": str(folder), "wrote": None})
        return
    if made.missing_photos:
        report(f"{made.missing_photos} photos are missing in the store")
    print_json({"folder": str(folder), "wrote": made.name, **asdict(made)})


@labels.command()
@click.argument("path", metavar="PATH", type=PathText())
@json_option
def restore(path: str) -> None:
    """Restore a backup into an empty store, completely or not at all."""
    from aqfusion.labels.backup import restore as read_backup

    with label_store() as store:
        held = read_backup(store, Path(path), now())
    print_json({"restored": path, **asdict(held)})


@labels.command()
@click.argument("name", metavar="NAME")
@_role_option
@click.option("--pin-stdin", is_flag=True, help="read the PIN from the first line of input")
@json_option
def add_user(name: str, role: str, pin_stdin: bool) -> None:
    """Add an account, and ask for its PIN."""
    pin = sys.stdin.readline().rstrip("\r\n") if pin_stdin else _ask_pin()
    with label_store() as store:
        operator = store.accounts.operator(now())
        made = store.accounts.add_user(operator, name, pin, role, now())
    print_json({"user": made.id, "name": made.name, "role": made.role})


def _ask_pin() -> str:
    """Ask twice on the terminal, where nothing of it is shown."""
    if not sys.stdin.isatty():
        raise UsageError("add-user asks for a PIN at a terminal. Without one, use --pin-stdin")
    pin = getpass.getpass("PIN: ")
    if getpass.getpass("PIN again: ") != pin:
        raise UsageError("The two PINs differ. Type the same PIN twice")
    return pin


@labels.command(short_help="Print a secret with which one person can make an account.")
@_role_option
@json_option
def invite(role: str) -> None:
    """Print a secret with which one person can make an account, once; it is shown only now."""
    from aqfusion.labels.accounts import INVITE_LASTS

    with label_store() as store:
        operator, at = store.accounts.operator(now()), now()
        token = store.invites.make(operator, role, at)
    expires = (at + INVITE_LASTS).isoformat(timespec="seconds")
    print_json({"invitation": token, "role": role, "expires": expires})


@labels.command(short_help="Forget the wrong PINs of a name, so that nobody has to wait.")
@click.argument("name", metavar="NAME", required=False)
@click.option("--all", "everybody", is_flag=True, help="forget those of all names and addresses")
@json_option
def unlock(name: str | None, everybody: bool) -> None:
    """Forget wrong PINs, so that the next try of a name need not wait, wherever it comes from."""
    if (name is None) != everybody:
        raise UsageError("unlock needs either a NAME or --all")
    with label_store() as store:
        store.accounts.unlock(store.accounts.operator(now()), name, now())
    print_json({"unlocked": "all" if everybody else name})


@labels.command(
    "score", short_help="Score the unlabelled items and put the most informative first."
)
@model_option(SERVED)
@time_limit_option
@by_option
@status_options("scoring")
@json_option
def score_command(
    model: str | None, time_limit: int | None, by: str | None, status: bool, cancel: bool
) -> None:
    """Score the unlabelled items with the model, and put the most informative first."""
    from aqfusion.active_learning import scoring_process
    from aqfusion.registry.registry import TERMINAL

    not_both(status, cancel)
    if status:
        progress = scoring_process.status(load_settings())
        print_json({"run": None if progress is None else asdict(progress)})
    elif cancel:
        print_json({"cancelled": scoring_process.cancel(load_settings(), TERMINAL)})
    else:
        actor = terminal_actor(by)
        print_json(score(actor.name, lambda: served_model(model), time_limit))


# As it was called before.
labels.add_command(
    click.Command(
        "look",
        callback=score_command.callback,
        params=score_command.params,
        help=score_command.help,
        short_help="The former name of labels score.",
    )
)


def score(by: str, choose: Callable[[], str], seconds: int | None = None) -> dict[str, int]:
    """Score in this process, which must be the only one that does; `choose` names the model.

    Returns how many items are new, were scored before, and are without their photo.
    """
    from aqfusion.active_learning.scoring_process import NOUN, scoring_folder
    from aqfusion.background_jobs import running

    home = scoring_folder(load_settings())
    private_folder(home)
    with running(home, by, report, None if seconds is None else float(seconds), NOUN) as run:
        run.report("loading the model")
        # Imported here: they bring the model along, and a second run is refused without it.
        from aqfusion.active_learning.scoring import score_unlabelled
        from aqfusion.model.predictor import load_model, share_processors

        share_processors(os.cpu_count() or 1)  # one thread: pages go first
        model = load_model(choose())
        with label_store() as store:
            operator = store.accounts.operator(now())
            scored = asdict(score_unlabelled(store, operator, model, _counter(run)))
        missing = f", {scored['missing']} photos missing" if scored["missing"] else ""
        run.end("done", f"{scored['new']} scored, {scored['known']} were scored before{missing}")
    return scored


def _counter(run: "RunningJob") -> Callable[[int, int, int], None]:
    reported = -_EVERY

    def count(done: int, total: int, missing: int) -> None:
        nonlocal reported
        run.count(done, total, missing)
        if done - reported >= _EVERY or done == total:
            reported = done
            run.report(f"{done} of {total} scored")

    return count
