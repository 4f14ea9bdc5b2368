"""Which files of the package a prediction needs: the imports of a module, followed to their end."""

import ast
from collections.abc import Iterator
from pathlib import Path

import aqfusion

_PACKAGE = Path(aqfusion.__file__).resolve().parent


def sources_of(*modules: str) -> dict[str, Path]:
    """The files of modules, and of all of this package that they import, by the path in a copy.

    Imports inside functions count; those for type checkers alone do not.
    """
    sources: dict[str, Path] = {}
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if file is None:
            continue
        place = file.relative_to(_PACKAGE.parent).as_posix()
        if place in sources:
            continue
        sources[place] = file
        parents = name.split(".")[:-1]
        waiting += [".".join(parents[: end + 1]) for end in range(len(parents))]
        waiting += _imported(ast.parse(file.read_text(encoding="utf-8")))
    return dict(sorted(sources.items()))


def _file_of(name: str) -> Path | None:
    """The file of a module of this package; `None` for a name in a module, and for all others."""
    first, *rest = name.split(".")
    if first != _PACKAGE.name:
        return None
    path = _PACKAGE.joinpath(*rest)
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)
