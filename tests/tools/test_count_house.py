"""The maintainers' script that counts small files, single importers, repeated and private names."""

import ast
import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from aqfusion.settings import ROOT
from tools.count_house import count, imported_modules, is_banned, table

FILES = {
    "aqfusion/__init__.py": "",
    "aqfusion/__main__.py": "from aqfusion import cli\n\ncli.main()\n",
    "aqfusion/cli.py": "def main():\n    from aqfusion.model import network\n    return network\n",
    "aqfusion/model/__init__.py": "",
    "aqfusion/model/network.py": (
        "class Seen:\n    known = 1\n\n\nclass Net:\n    class Inner: ...\n"
    ),
    "aqfusion/model/look.py": (
        "from aqfusion.model.network import Seen\nimport aqfusion.model.network as net\n\n\n"
        "class Look: ...\n\n\ndef f(one, said=None):\n    one.told = net.g(found=said)\n"
    ),
    "aqfusion/retraining/__init__.py": "",
    "aqfusion/retraining/take_out.py": "class Seen: ...\n\n\nfound_twice = 'found'\n",
    "pages/predict.py": "from aqfusion.model.look import f\n",
    "app.py": "import streamlit\n",
}


@pytest.fixture
def house(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_number_of_a_small_package(house):
    assert asdict(count(house)) == {
        "files": 8,
        "lines": 0 + 3 + 3 + 0 + 6 + 9 + 0 + 4,
        "mean_lines": 3.1,  # 25 / 8
        "median_lines": 3.0,
        "longest_file": 9,
        "modules": 4,
        "single_importer": {
            "aqfusion.cli": "aqfusion.__main__",
            "aqfusion.model.look": "pages.predict",
        },
        "without_importer": ["aqfusion.retraining.take_out"],
        "classes": 5,
        "repeated_classes": {"Seen": ["aqfusion.model.network", "aqfusion.retraining.take_out"]},
        "banned_modules": ["aqfusion.model.look", "aqfusion.retraining.take_out"],
        "banned_variables": {"one": 2, "found": 1, "told": 1, "said": 2, "known": 1},
        "files_with_banned_variables": {"one": 1, "found": 1, "told": 1, "said": 1, "known": 1},
    }


def test_the_table_shows_the_numbers(house):
    assert table(count(house)).splitlines() == [
        "| measure | count |",
        "|---|---|",
        "| files, lines | 8, 25 |",
        "| mean, median, longest file | 3.1, 3, 9 |",
        "| modules with exactly one importer | 2 of 4 |",
        "| modules that nothing imports | 1 |",
        "| class names used twice or more | 1 names, 2 of 5 classes |",
        "| modules and packages with a banned word | 2 |",
        "| uses of `one` | 2 in 1 files |",
        "| uses of `found` | 1 in 1 files |",
        "| uses of `told` | 1 in 1 files |",
        "| uses of `said` | 2 in 1 files |",
        "| uses of `known` | 1 in 1 files |",
    ]


def test_an_import_of_a_module_is_not_one_of_its_package():
    names = ["a", "a.b", "a.c"]
    for source, expected in [
        ("from a import b", {"a.b"}),
        ("from a import b, x", {"a", "a.b"}),
        ("from a.b import x", {"a.b"}),
        ("import a.c", {"a.c"}),
        ("from . import b", set()),
        ("import b", set()),
    ]:
        assert imported_modules(ast.parse(source), names) == expected


@pytest.mark.parametrize("name", ["a.said", "a.answers_told", "a.bring_in", "aside", "a.site_book"])
def test_a_private_word_is_banned_alone_and_within_a_name(name):
    assert is_banned(name)


@pytest.mark.parametrize("name", ["look.network", "a.overlook", "a.import", "a.notebook", "a"])
def test_other_names_are_not_banned(name):
    assert not is_banned(name)


def test_the_script_runs_alone_and_writes_json(house):
    command = [sys.executable, "-I", "tools/count_house.py", "--root", str(house), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == asdict(count(house))
