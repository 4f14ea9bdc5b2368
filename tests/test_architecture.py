"""docs/architecture.svg shows the imports of today; layers and arrows are told rightly."""

import pytest

from aqfusion.settings import ROOT
from tools.count_house import read_modules
from tools.draw_architecture import PICTURE, direct, imports_between, layers, svg


def test_the_picture_is_that_of_the_imports():
    assert (ROOT / PICTURE).read_text(encoding="utf-8") == svg(imports_between(read_modules(ROOT)))


def test_layers_stand_above_what_they_import():
    assert layers({"ui": {"model", "air"}, "model": {"air"}, "air": set()}) == [
        ["air"],
        ["model"],
        ["ui"],
    ]


def test_an_import_that_follows_from_others_is_not_drawn():
    assert direct({"ui": {"model", "air"}, "model": {"air"}, "air": set()}) == {
        "ui": {"model"},
        "model": {"air"},
        "air": set(),
    }


def test_a_circle_is_an_error():
    with pytest.raises(ValueError, match="must not go in a circle"):
        layers({"a": {"b"}, "b": {"a"}})
