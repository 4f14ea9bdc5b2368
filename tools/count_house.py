"""Count what docs/glossary.md wants fewer of: small files, walls inside one idea, private words.

    python tools/count_house.py          a table of the numbers
    python tools/count_house.py --json   the numbers, and every place that they count

Only the standard library, and nothing is imported that is counted.
"""

import argparse
import ast
import json
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGE = "aqfusion"
BESIDE = ("pages", "app.py")  # they import the package too
# Words in names of modules that no other project would use for what is inside.
BANNED_WORDS = frozenset(
    {
        "aside",
        "bench",
        "book",
        "counted",
        "crowd",
        "desk",
        "draw",
        "elsewhere",
        "entrance",
        "found",
        "frozen",
        "gather",
        "given",
        "ground",
        "guard",
        "home",
        "kept",
        "known",
        "lessons",
        "look",
        "mine",
        "nothing",
        "opened",
        "outside",
        "pauses",
        "questions",
        "ready",
        "road",
        "said",
        "says",
        "sealed",
        "seen",
        "sittings",
        "spoiled",
        "swapped",
        "taken",
        "tally",
        "told",
        "trunk",
        "unlearned",
        "workbench",
        "workshop",
    }
)
BANNED_PAIRS = frozenset({"bring_in", "left_out", "take_away", "take_out"})
BANNED_VARIABLES = ("one", "found", "told", "said", "known")


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package, parsed."""

    name: str  # dotted; a package's name for its __init__.py
    path: Path
    lines: int
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


@dataclass(frozen=True, slots=True)
class Counts:
    """All that is counted; modules have dotted names, `aqfusion.air.aqi`."""

    files: int
    lines: int
    mean_lines: float
    median_lines: float
    longest_file: int
    modules: int  # without __init__.py and __main__.py
    single_importer: dict[str, str]  # module -> the one file that imports it
    without_importer: list[str]
    classes: int
    repeated_classes: dict[str, list[str]]  # class name -> modules that define it
    banned_modules: list[str]
    banned_variables: dict[str, int]  # name -> uses as variable, parameter or field
    files_with_banned_variables: dict[str, int]


def read_modules(root: Path, package: str = PACKAGE) -> list[Module]:
    """All files of the package, in the order of their paths."""
    return [_module(root, path) for path in sorted(root.glob(f"{package}/**/*.py"))]


def _module(root: Path, path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, len(text.splitlines()), ast.parse(text))


def imported_modules(tree: ast.AST, names: Iterable[str]) -> set[str]:
    """Which of the modules `names` a file imports, inside functions and for types too."""
    modules, imports = set(names), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            imports |= inner & modules
            if inner - modules:  # something that the module itself defines
                imports.add(node.module)
    return imports & modules


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Every use of a name: as a variable, a parameter, an attribute or a keyword argument.

    Methods that are called are not: SQLAlchemy's `.one()` is not ours to name.
    """
    methods = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute) and id(node) not in methods:
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.arg


def is_banned(module: str) -> bool:
    """Whether the last part of a dotted name has a banned word.

    >>> [is_banned(name) for name in ("a.figures_found", "a.take_out", "a.foundation")]
    [True, True, False]
    """
    last = module.rpartition(".")[2]
    return last in BANNED_PAIRS or not BANNED_WORDS.isdisjoint(re.split("_", last))


def count(root: Path, package: str = PACKAGE, beside: tuple[str, ...] = BESIDE) -> Counts:
    """Count the package below `root`; what lies `beside` it counts as importer alone."""
    every = read_modules(root, package)
    modules = [each for each in every if not each.is_package and each.path.name != "__main__.py"]
    names = [each.name for each in modules]
    importers: dict[str, list[str]] = {name: [] for name in names}
    for each in every + [_module(root, path) for path in _files_beside(root, beside)]:
        for name in imported_modules(each.tree, names) - {each.name}:
            importers[name].append(each.name)
    classes: dict[str, list[str]] = defaultdict(list)
    uses: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for each in every:
        for node in ast.walk(each.tree):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(each.name)
        here = Counter(name for name in identifiers(each.tree) if name in BANNED_VARIABLES)
        uses += here
        files.update(here.keys())
    lengths = [each.lines for each in every]
    return Counts(
        files=len(every),
        lines=sum(lengths),
        mean_lines=round(statistics.mean(lengths), 1),
        median_lines=statistics.median(lengths),
        longest_file=max(lengths),
        modules=len(modules),
        single_importer={name: by[0] for name, by in importers.items() if len(by) == 1},
        without_importer=[name for name, by in importers.items() if not by],
        classes=sum(len(places) for places in classes.values()),
        repeated_classes={
            name: places for name, places in sorted(classes.items()) if len(places) > 1
        },
        banned_modules=[each.name for each in every if is_banned(each.name)],
        banned_variables={name: uses[name] for name in BANNED_VARIABLES},
        files_with_banned_variables={name: files[name] for name in BANNED_VARIABLES},
    )


def _files_beside(root: Path, beside: tuple[str, ...]) -> list[Path]:
    files = (path for name in beside for path in (root / name, *(root / name).glob("**/*.py")))
    return sorted(path for path in files if path.is_file())


def table(counts: Counts) -> str:
    """The numbers as a Markdown table, as the glossary shows them."""
    repeated = sum(len(places) for places in counts.repeated_classes.values())
    rows = [
        ("files, lines", f"{counts.files}, {counts.lines:,}"),
        (
            "mean, median, longest file",
            f"{counts.mean_lines}, {counts.median_lines:g}, {counts.longest_file}",
        ),
        ("modules with exactly one importer", f"{len(counts.single_importer)} of {counts.modules}"),
        ("modules that nothing imports", f"{len(counts.without_importer)}"),
        (
            "class names used twice or more",
            f"{len(counts.repeated_classes)} names, {repeated} of {counts.classes} classes",
        ),
        ("modules and packages with a banned word", f"{len(counts.banned_modules)}"),
        *(
            (f"uses of `{name}`", f"{uses} in {counts.files_with_banned_variables[name]} files")
            for name, uses in counts.banned_variables.items()
        ),
    ]
    return "\n".join(["| measure | count |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])


def main() -> None:
    """Print the counts of this repository, or of the one at `--root`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--json", action="store_true", help="the numbers with all places")
    arguments = parser.parse_args()
    counts = count(arguments.root)
    print(json.dumps(asdict(counts), indent=2) if arguments.json else table(counts))


if __name__ == "__main__":
    main()
