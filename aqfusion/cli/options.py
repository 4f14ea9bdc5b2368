"""What several commands share: types of values, options, results as JSON, progress."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.readings import Reading
from aqfusion.errors import UsageError as UsageError  # commands take it from here
from aqfusion.model.prediction_command import UNIT_HELP, unit_of
from aqfusion.model.prediction_command import reading_option_names as reading_option_names
from aqfusion.settings import load_settings
from aqfusion.text_validation import plain_integer
from aqfusion.time_zones import TimeError, zone

if TYPE_CHECKING:
    from aqfusion.labels.store import LabelStore
    from aqfusion.permissions import Actor

MOST_SECONDS = 7 * 24 * 3600  # of a time limit
SERVED = "the version that the app serves"
_Run = Callable[..., None]  # the function of a command


def refuse(param: click.Parameter | None, rule: str, value: object) -> NoReturn:
    """Raise the sentence of a value: the option as it is typed, its rule, what was typed."""
    name = "value" if param is None else (param.metavar or param.opts[0]).rstrip(".")
    if param is not None and param.param_type_name == "option":
        name = param.opts[0]
    raise UsageError(f"{name} {rule}, got {value!r}")


class WholeNumber(click.IntRange):
    """A whole number in plain digits, from `least` to `most`."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least, most)
        self.allowed = range(least, most + 1)
        self.rule = f"must be a whole number from {least} to {most}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number = plain_integer(str(value))
        if number is None or number not in self.allowed:
            refuse(param, self.rule, value)
        return number


class Number(click.FloatRange):
    """A number, within `most` of 0 where that is given; never NaN."""

    def __init__(self, what: str = "a number", most: float | None = None) -> None:
        super().__init__(None if most is None else -most, most)
        self.rule = f"must be {what}" + ("" if most is None else f" from -{most:g} to {most:g}")

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = super().convert(value, param, ctx)
        except click.BadParameter:
            refuse(param, self.rule, str(value)[:40])
        if number != number:
            refuse(param, self.rule, value)
        return number


class Choice(click.Choice[str]):
    """One of several words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            refuse(param, f"must be one of {', '.join(self.choices)}", value)


class PathText(click.Path):
    """A path as it was typed: shells complete it, and what is wrong with it tells who opens it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)


class TimeZone(click.ParamType[tzinfo]):
    """A time zone by its name or offset."""

    name = "zone"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tzinfo:
        try:
            return value if isinstance(value, tzinfo) else zone(str(value))
        except TimeError as error:
            refuse(param, str(error), str(value)[:40])


class UnitOfPollutant(click.ParamType[tuple[str, str]]):
    """A pollutant and its unit, as in o3=ppb; whether they exist tells `Reading.from_values`."""

    name = "unit"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        return unit_of("--unit", str(value))


def reading_options(command: _Run) -> _Run:
    """An option per pollutant and `--unit`, handed on as `reading`."""

    @wraps(command)
    def with_reading(unit: Sequence[tuple[str, str]], **values: Any) -> None:
        texts = {name: values.pop(name) for name in POLLUTANTS}
        command(reading=Reading.from_values(texts, dict(unit)), **values)

    add: _Run = click.option(
        "--unit",
        type=UnitOfPollutant(),
        multiple=True,
        metavar="POLLUTANT=UNIT",
        help=UNIT_HELP,
    )(with_reading)
    for entry in map(pollutant, reversed(POLLUTANTS)):
        # Text, not click.FLOAT: `Reading.from_values` says better than click what is wrong.
        add = click.option(
            f"--{entry.name}", entry.name, metavar="X", help=f"{entry.label} in {entry.unit}"
        )(add)
    return add


# What is done anyway: for those who ask for it.
json_option = click.option(
    "--json", is_flag=True, expose_value=False, help="print JSON; this is always done"
)
data_option = click.option(
    "--data",
    type=PathText(file_okay=False),
    metavar="FOLDER",
    help="data folder in the layout of the public data set (default: AQFUSION_DATA)",
)
licence_option = click.option(
    "--licence",
    metavar="TEXT",
    default="unknown: state the licence of the data with --licence",
    help="licence and source of the data, saved with the result",
)
by_option = click.option("--by", metavar="NAME", help="name of the person, as the pages show it")
time_limit_option = click.option(
    "--time-limit",
    type=WholeNumber(1, MOST_SECONDS),
    metavar="SECONDS",
    help="stop after this time",
)
timezone_type = TimeZone()
latitude_option = click.option(
    "--lat",
    type=Number("degrees", 90),
    metavar="DEGREES",
    help="its latitude, north is positive",
)
longitude_option = click.option(
    "--lon",
    type=Number("degrees", 180),
    metavar="DEGREES",
    help="its longitude, east is positive",
)


def cache_option(default: str) -> Callable[[_Run], _Run]:
    """`--cache`, the folder of finished and unfinished trainings."""
    return click.option(
        "--cache",
        type=PathText(file_okay=False),
        metavar="FOLDER",
        help=f"folder of trainings, so that none is done twice (default: {default})",
    )


def model_option(default: str = "AQFUSION_MODEL, shipped") -> Callable[[_Run], _Run]:
    """`--model`; `SERVED` is the default where `served_model` reads it."""
    return click.option(
        "--model",
        type=PathText(),
        metavar="NAME_OR_FOLDER",
        help=f"model to use (default: {default})",
    )


def status_options(noun: str) -> Callable[[_Run], _Run]:
    """`--status` and `--cancel` of work that runs by itself; `not_both` checks them."""

    def add(command: _Run) -> _Run:
        cancel = click.option("--cancel", is_flag=True, help=f"stop the {noun} that is running")
        status = click.option(
            "--status", is_flag=True, help=f"print the progress of the last {noun}"
        )
        return status(cancel(command))

    return add


def not_both(status: bool, cancel: bool) -> None:
    """Refuse `--status` with `--cancel`."""
    if status and cancel:
        raise UsageError("--cancel is not allowed with --status")


def moved_command(name: str, former: str, script: str) -> click.Command:
    """A command of before that only says which script of the repository does its work now."""

    def refuse_all() -> None:
        raise UsageError(f"{former} is now a script of the repository: python {script}")

    return click.Command(
        name,
        callback=refuse_all,
        hidden=True,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


def typed_options(context: click.Context) -> list[str]:
    """The options that stand on the command line, in the order of its help."""
    return [
        param.opts[0]
        for param in context.command.get_params(context)
        if param.name and _was_typed(context, param.name)
    ]


def _was_typed(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def data_folder(text: str | None) -> Path:
    """The folder of `--data`, else of the settings."""
    folder = Path(text) if text else load_settings().data
    if folder is None:
        raise UsageError("--data must name a data folder where AQFUSION_DATA is not set, got none")
    return folder


def served_model(model: str | None) -> str:
    """The model of `--model`, else the one that the app serves; its warning goes to stderr."""
    if model:
        return model
    from aqfusion.registry.registry import Registry  # brings SQLAlchemy, which takes its time

    served = Registry.of(load_settings()).current()
    if served.warning:
        report(served.warning)
    return served.model


def terminal_actor(by: str | None) -> "Actor":
    """Who holds the terminal, under the name of `--by`."""
    from dataclasses import replace

    from aqfusion.registry.registry import TERMINAL
    from aqfusion.text_validation import one_line

    return TERMINAL if by is None else replace(TERMINAL, name=one_line("--by", by, 200))


@contextmanager
def label_store() -> "Iterator[LabelStore]":
    """Open the store of the settings, and close it in the end."""
    from aqfusion.labels.store import LabelStore

    store = LabelStore.from_settings(load_settings())
    try:
        yield store
    finally:
        store.close()


def now() -> datetime:
    """Tell the time, with its zone."""
    return datetime.now(UTC)


def print_json(value: dict[str, Any]) -> None:
    """Print a result as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_lines(lines: Iterable[str]) -> None:
    """Print a result for people, each line for itself whatever text from outside is in it."""
    for line in lines:
        click.echo("".join(sign if sign.isprintable() else "�" for sign in line))


def report(text: str) -> None:
    """Print progress where it does not mix with the result."""
    click.echo(text, err=True)
