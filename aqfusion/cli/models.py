"""`models` and `retrain`: versions of the model, and corrections that become a better one."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aqfusion.cli.options import (
    Choice,
    UsageError,
    WholeNumber,
    by_option,
    data_folder,
    data_option,
    json_option,
    label_store,
    not_both,
    now,
    print_json,
    report,
    status_options,
    terminal_actor,
    time_limit_option,
)
from aqfusion.io.temporary_files import TemporaryFolder, private_folder, sweep
from aqfusion.settings import load_settings

if TYPE_CHECKING:
    from aqfusion.labels.store import LabelStore
    from aqfusion.registry.registry import Registry
    from aqfusion.registry.version import Version
    from aqfusion.retraining.candidate import Candidate
    from aqfusion.retraining.readiness import Readiness

_MOST_DAYS = 3650

_version_argument = click.argument("version", metavar="VERSION")


def _registry() -> "Registry":
    from aqfusion.registry.registry import Registry

    return Registry.of(load_settings())


@click.group(
    no_args_is_help=False,
    short_help="List, promote, roll back, verify and prune retrained models.",
)
def models() -> None:
    """Work on the versions that retraining made, in the folder AQFUSION_MODELS."""


@models.command("list")
@json_option
def list_versions() -> None:
    """List all versions, and which is current."""
    registry = _registry()
    served = registry.current()
    print_json(
        {
            "folder": str(registry.home),
            "serving": asdict(served),
            "versions": [_line(version) for version in registry.versions()],
            "promotions": [asdict(promotion) for promotion in registry.promotions()],
        }
    )


@models.command()
@_version_argument
@json_option
def show(version: str) -> None:
    """Show all of one version."""
    stored = _registry().read(version)
    print_json({**_line(stored), "manifest": dict(stored.manifest)})


@models.command()
@_version_argument
@click.option("--reason", required=True, metavar="TEXT", help="reason, which is recorded")
@json_option
def promote(version: str, reason: str) -> None:
    """Make a version current."""
    from aqfusion.registry.registry import TERMINAL

    promotion = _registry().promote(TERMINAL, version, reason, now())
    print_json({"promotion": asdict(promotion)})


@models.command()
@click.option("--reason", default="", metavar="TEXT", help="reason, which is recorded")
@json_option
def rollback(reason: str) -> None:
    """Roll back to the version before."""
    from aqfusion.registry.registry import TERMINAL

    print_json({"promotion": asdict(_registry().rollback(TERMINAL, reason, now()))})


@models.command()
@json_option
def verify() -> None:
    """Compare every file with its SHA-256."""
    faults = _registry().verify()
    wrong = [sentence for sentences in faults.values() for sentence in sentences]
    if wrong:
        raise UsageError("; ".join(wrong))
    print_json({"whole": list(faults)})


@models.command()
@json_option
def prune() -> None:
    """Delete versions that were never current and are not ancestors of the current one."""
    from aqfusion.registry.registry import TERMINAL

    print_json({"deleted": list(_registry().prune(TERMINAL))})


@models.command(short_help="Measure data drift: recent input against the training data.")
@click.option(
    "--days",
    type=WholeNumber(1, _MOST_DAYS),
    default=30,
    metavar="N",
    help="number of recent days (default: 30)",
)
@json_option
def drift(days: int) -> None:
    """Measure data drift: the input of recent days against the training data of the model."""
    from aqfusion.model.predictor import load_model
    from aqfusion.monitoring.drift_report import counted_of
    from aqfusion.monitoring.drift_report import report as drift_report
    from aqfusion.monitoring.reference import reference_of

    registry, at = _registry(), now()
    served = registry.current()
    reference = reference_of(load_model(served.model), registry.model)
    with label_store() as store:
        counts = counted_of(store, store.accounts.operator(at), at, days)
        measured = drift_report(counts, reference)
    print_json({"serving": asdict(served), **asdict(measured), "first": measured.first.isoformat()})


def _line(version: "Version") -> dict[str, Any]:
    return {
        "version": version.name,
        "parent": version.parent,
        **{name: version.manifest.get(name) for name in ("base", "made_at", "by", "gate")},
    }


@dataclass(frozen=True)
class _Retraining:
    """The options of `retrain`, by their names."""

    dry_run: bool
    promote: str
    seed: int
    time_limit: int | None
    by: str | None
    full: bool
    data: str | None
    epochs: int | None


@click.command(short_help="Retrain with the corrections of the label store.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="evaluate, but save nothing; if there are too few labels, print what is missing",
)
@click.option(
    "--promote",
    type=Choice(("auto", "never")),
    default="auto",
    help="whether a candidate that passes becomes current (default: auto)",
)
@click.option(
    "--seed",
    type=WholeNumber(0, 2**31 - 1),
    default=0,
    metavar="N",
    help="seed of all random choices",
)
@time_limit_option
@by_option
@click.option(
    "--full",
    is_flag=True,
    help="train the backbone too, with --data and the labels; under torchrun, several processes "
    "share the work and must see the same folders",
)
@data_option
@click.option(
    "--epochs",
    type=WholeNumber(1, 1000),
    metavar="N",
    help="epochs of --full, 1 to 1000 (default: 5)",
)
@status_options("retraining")
@json_option
def retrain(status: bool, cancel: bool, **options: str | int | bool | None) -> None:
    """Retrain the model behind its backbone with the settled labels.

    The candidate is evaluated on a hold-out set, which no retraining uses. It is saved as a
    version, and promoted if it is not worse. The result is printed as JSON.
    """
    from aqfusion.registry.registry import TERMINAL
    from aqfusion.retraining import process

    not_both(status, cancel)
    registry = _registry()
    if status:
        progress = process.status(registry.home)
        print_json({"run": None if progress is None else asdict(progress)})
    elif cancel:
        print_json({"cancelled": process.cancel(registry.home, TERMINAL)})
    else:
        _retrain(_Retraining(**options), registry)  # type: ignore[arg-type]  # click checked them


def _retrain(options: _Retraining, registry: "Registry") -> None:
    if options.epochs is not None and not options.full:
        raise UsageError("--epochs needs --full")
    folder = data_folder(options.data) if options.full else None
    if folder is None:
        _run(options, registry, None)
        return
    from aqfusion.retraining.full_trainer import help_first
    from aqfusion.training import distributed

    with distributed.together():
        if distributed.rank() == 0:
            _run(options, registry, folder)
        else:
            help_first(report)


def _run(options: _Retraining, registry: "Registry", folder: Path | None) -> None:
    from aqfusion.background_jobs import running

    actor = terminal_actor(options.by)
    limit = None if options.time_limit is None else float(options.time_limit)
    private_folder(registry.home)
    with running(registry.home, actor.name, report, limit) as run:
        run.report("reading the labels")
        # Imported here: they bring the network along, and a second run is refused without it.
        from aqfusion.labels.store import LabelStore
        from aqfusion.retraining.pipeline import register

        sweep(registry.home)  # after a run that was killed
        at = datetime.now(UTC)
        store = LabelStore.from_settings(load_settings())
        with closing(store), TemporaryFolder(registry.home) as work:
            if options.dry_run and (few := _too_few(store, registry)) is not None:
                run.end("refused", few.reason)
                print_json({"version": None, "promoted": False, "readiness": few.as_json()})
                return
            if folder is None:
                candidate = _fast_candidate(options, store, registry, run.report)
            else:
                candidate = _full_candidate(options, folder, (store, registry, work), run.report)
            run.close()
            version = None
            if not options.dry_run:
                promote = options.promote == "auto"
                version = register(candidate, registry, actor, at, promote=promote)
        verdict = " ".join(candidate.decision.reasons) or "passed the promotion gate"
        name, promoted = (version.version.name, version.promoted) if version else (None, False)
        run.end("done" if candidate.decision.passed else "refused", verdict, name, promoted)
    print_json({"version": name, "promoted": promoted, **candidate.manifest})


def _too_few(store: "LabelStore", registry: "Registry") -> "Readiness | None":
    """What there is, where it is too little to retrain; a run that is no trial says so itself."""
    from aqfusion.retraining.readiness import readiness

    labels = readiness(store, registry)
    return None if labels.ready else labels


def _fast_candidate(
    options: _Retraining, store: "LabelStore", registry: "Registry", tell: Callable[[str], None]
) -> "Candidate":
    from aqfusion.retraining.fast_trainer import FAST
    from aqfusion.retraining.fork_worker import one_thread
    from aqfusion.retraining.pipeline import train_candidate

    one_thread()
    return train_candidate(store, registry, replace(FAST, seed=options.seed), tell)


def _full_candidate(
    options: _Retraining,
    folder: Path,
    places: "tuple[LabelStore, Registry, Path]",
    tell: Callable[[str], None],
) -> "Candidate":
    from aqfusion.retraining.full_trainer import Full, train_full_candidate
    from aqfusion.training.recipe import Recipe

    recipe = Recipe(seed=options.seed)
    if options.epochs is not None:
        recipe = replace(recipe, epochs=options.epochs)
    store, registry, work = places
    return train_full_candidate(
        store, registry, Full(folder, recipe, datetime.now(UTC)), work, tell
    )
