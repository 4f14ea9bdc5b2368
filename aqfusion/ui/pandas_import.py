"""pandas is loaded by the first page that needs it, and nobody sees it before it is whole.

Plotly and narwhals look for it among the loaded modules and ask of each value whether it is one of
its types. Of a module that another visitor's thread has only begun to import they would get an
AttributeError where the chart should be.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

__all__ = ["install"]

_TYPES = ("DataFrame", "DatetimeIndex", "Index", "Series")
_VALUES = ("NA", "NaT")


class _NotYet:
    """What nothing is an instance of."""


class _PandasLoader(SourceFileLoader):
    """Gives the module the names that others ask for, until its own code has the real ones."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module that can be asked from the first moment."""
        module = ModuleType(spec.name)
        vars(module).update(dict.fromkeys(_TYPES, _NotYet))
        vars(module).update({name: object() for name in _VALUES})
        return module


class _PandasFinder(MetaPathFinder):
    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == "pandas" else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _PandasLoader(spec.loader.name, spec.loader.path)
        return spec


def install() -> None:
    """From now on; again does nothing more."""
    if _PandasFinder not in sys.meta_path:
        sys.meta_path.insert(0, _PandasFinder)
