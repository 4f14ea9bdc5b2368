"""All benchmarks in one command, as ratios against the naive way in the same run.

python -m benchmarks                       all parts, into benchmarks/results/performance.json,
                                           and from it docs/performance.md and README's table
python -m benchmarks --parts slider,upload these alone; the others stay as they were measured
python -m benchmarks --draw                documents and pictures from the file again
python -m benchmarks --quick               tiny sizes, figures that mean nothing, to stdout
"""

import os
import sys

import click

from aqfusion.cli.main import run_command
from aqfusion.cli.options import PathText, UsageError, print_json, report
from benchmarks import report as documents
from benchmarks import results
from benchmarks.parts import LONG, MODULES, in_own_process


@click.command()
@click.option("--parts", metavar="NAME,NAME", help=f"of {', '.join([*MODULES, *LONG])}")
@click.option("--quick", is_flag=True, help="Tiny sizes, to try the benchmarks themselves.")
@click.option("--draw", is_flag=True, help="Measure nothing: write the documents again.")
@click.option("--out", type=PathText(), metavar="FILE.json", help="Another file of results.")
def main(parts: str | None, quick: bool, draw: bool, out: str | None) -> None:
    """Measure all parts, or some, beside the naive way."""
    names = list(MODULES) if parts is None else parts.split(",")
    for name in names:
        if name not in MODULES | LONG:
            raise UsageError(f"--parts must be of {', '.join(MODULES | LONG)}, got {name!r}")
    path = results.RESULTS if out is None else results.RESULTS.parent / out
    if draw:
        documents.write(results.read(path))
        return
    os.environ.pop("OMP_NUM_THREADS", None)  # the naive way has torch's own number of threads
    failed = []
    for number, name in enumerate(names, start=1):
        report(f"{number} of {len(names)}: {name} ...")
        try:
            part = in_own_process(name, quick)
        except Exception as error:  # noqa: BLE001  # a part that fails leaves the others
            report(f"{name} failed: {error}")
            failed.append(name)
            continue
        report(f"  {part['seconds']:.0f} s")
        if quick:
            print_json({name: part})
        else:
            results.write(results.with_part(results.read(path), name, part), path)
    if not quick and out is None:
        documents.write(results.read(path))
    if failed:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    sys.exit(run_command(main, "python -m benchmarks"))
