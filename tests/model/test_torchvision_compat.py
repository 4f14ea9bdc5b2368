"""torchvision beside a CPU torch: the cure where it is needed, and nothing else hidden."""

import builtins

import pytest

from aqfusion.network import torchvision_compat


class Library:
    """Stands in for torch's: it only remembers what was declared."""

    def __init__(self, *names: str) -> None:
        self.names, self.schemas = names, []

    def define(self, schema: str) -> None:
        self.schemas.append(schema)


def import_raises(monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    real = builtins.__import__

    def fake(name, *rest, **more):
        if name == "torchvision":
            raise RuntimeError(message)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", fake)
    monkeypatch.setattr(torchvision_compat, "_library", None)
    monkeypatch.setattr(torchvision_compat.torch.library, "Library", Library)


def test_torchvision_imports_and_asking_again_changes_nothing():
    first = torchvision_compat.declare_missing_operators()
    import torchvision

    assert torchvision.__version__
    assert torchvision_compat.declare_missing_operators() is first


def test_missing_operators_are_declared_once(monkeypatch):
    import_raises(monkeypatch, "operator torchvision::nms does not exist")
    assert torchvision_compat.declare_missing_operators() is True
    library = torchvision_compat._library
    assert [schema.split("(")[0] for schema in library.schemas] == ["nms", "qnms"]
    assert torchvision_compat.declare_missing_operators() is True
    assert torchvision_compat._library is library


def test_another_fault_of_torchvision_is_not_hidden(monkeypatch):
    import_raises(monkeypatch, "out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        torchvision_compat.declare_missing_operators()
