"""`bench`: a soak test of the web app by virtual users."""

import signal
from pathlib import Path

import click

from aqfusion.cli.options import Number, PathText, UsageError, WholeNumber, print_json, report

_MOST_MINUTES = 14 * 24 * 60.0
_SCRIPTS = "-m benchmarks, or benchmarks/label_queue.py or retraining.py"


class _SoakCommand(click.Command):
    """Says, for one release, where the timings of before have gone."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not any(arg.startswith(("--soak", "--help")) or arg == "-h" for arg in args):
            raise UsageError(f"aqfusion bench is now a script of the repository: python {_SCRIPTS}")
        return super().parse_args(ctx, args)


@click.command(cls=_SoakCommand, short_help="Soak test: virtual users drive the app for minutes.")
@click.option("--soak", "minutes", required=True, type=Number(), metavar="MINUTES")
@click.option("--visitors", type=WholeNumber(0, 1000), default=10, metavar="N", show_default=True)
@click.option(
    "--annotators",
    type=WholeNumber(0, 200),
    default=0,
    metavar="N",
    help="people who sign in and answer items (default: 0)",
)
@click.option("--url", metavar="ADDRESS", help="a server that runs (default: one is started)")
@click.option(
    "--pid", type=WholeNumber(1, 2**22), metavar="N", help="its process, to measure memory"
)
@click.option("--out", type=PathText(), metavar="FILE.json", help="write the figures here too")
@click.pass_context
def bench(
    ctx: click.Context,
    minutes: float,
    visitors: int,
    annotators: int,
    url: str | None,
    pid: int | None,
    out: str | None,
) -> None:
    """Drive the app over its own websocket, as browsers do, and print figures as JSON.

    Without --url the app is started here with an empty folder of its own. Exit status 0: no
    errors, memory flat after the warm-up, no answer lost or stored twice; 1: not so.
    """
    from aqfusion.load_test.soak import SoakPlan, soak

    if not 0 < minutes <= _MOST_MINUTES:
        raise UsageError(f"--soak must be more than 0 minutes and at most 20160, got {minutes:g}")
    if not visitors + annotators:
        raise UsageError("--visitors and --annotators must be more than 0 together, got 0")
    if annotators and url:  # their answers would be training data of a store that somebody uses
        raise UsageError("--annotators is not allowed with --url")
    if url and not url.startswith(("http://", "https://")):
        raise UsageError(f"--url must start with http:// or https://, got {url!r}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or the server would stay
    plan = SoakPlan(60 * minutes, visitors, annotators, url, pid, Path(out) if out else None)
    figures = soak(plan, report)
    print_json({name: value for name, value in figures.items() if name != "memory_samples"})
    for reason in figures["reasons"]:
        report(reason)
    if not figures["done"]:
        raise KeyboardInterrupt
    ctx.exit(0 if figures["passed"] else 1)
