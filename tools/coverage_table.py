"""Print a coverage report by package, as CONTRIBUTING.md shows it.

python tools/coverage_table.py build/coverage/report.json
"""

import argparse
import json
from collections import Counter
from pathlib import Path, PurePosixPath

TOTAL = "**all**"


def package_of(file: str) -> str:
    """
    >>> [package_of(name) for name in ("aqfusion/air/aqi.py", "aqfusion/errors.py", "pages/a.py")]
    ['aqfusion/air', 'aqfusion', 'pages']
    """
    return "/".join(PurePosixPath(file).parent.parts[:2])


def table(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> str:
    """Lines of code, and the share of lines and branches that ran, for each package and for all."""
    lines, possible, run = Counter[str](), Counter[str](), Counter[str]()
    for file, measured in report["files"].items():
        summary = measured["summary"]
        for name in (package_of(file), TOTAL):
            lines[name] += summary["num_statements"]
            possible[name] += summary["num_statements"] + summary["num_branches"]
            run[name] += summary["covered_lines"] + summary["covered_branches"]
    rows = [
        f"| {name} | {lines[name]:,} | {run[name] / possible[name]:.1%} |"
        for name in sorted(lines, key=lambda name: (name == TOTAL, name))
        if possible[name]
    ]
    return "\n".join(["| package | statements | covered |", "|---|---|---|", *rows])


def main() -> None:
    """Print the table of the report that coverage wrote as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("report", type=Path)
    print(table(json.loads(parser.parse_args().report.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
