"""What stands in for pydantic reads and refuses the same, and in the same sentences."""

import json
import random
import subprocess
import sys

import pytest

from aqfusion.errors import InputError
from aqfusion.io import json_models, plain_validation
from aqfusion.io.json_models import Number, Whole, check
from aqfusion.settings import ROOT
from tests.io.test_json_models import READERS, VALUES, content_of, damaged, paths

# What pydantic lets through or tells otherwise: see `test_where_it_is_stricter`.
ORDINARY = tuple(value for value in VALUES if value not in ("\ud800", 10**400))


@pytest.fixture
def without_pydantic(monkeypatch):
    """Read JSON as where pydantic is not installed."""
    monkeypatch.setattr(json_models, "_validation", lambda: plain_validation)
    json_models._adapter.cache_clear()
    yield
    json_models._adapter.cache_clear()


def outcome(name, file):
    """What is read of a file, or the sentence that refuses it."""
    try:
        return repr(READERS[name][1](file))
    except InputError as error:
        return str(error)


# The kinds of file that an exported folder reads.
@pytest.mark.parametrize("name", ["config.json", "us.json", "pollutants.json", "site.json"])
def test_a_damaged_file_is_read_or_refused_as_by_pydantic(name, tmp_path, request):
    lots, table = random.Random(17), content_of(name)
    places = list(paths(table))
    files = []
    for number in range(60):
        change = lots.choice(("drop", "replace", "add"))
        content = damaged(table, lots.choice(places), change, lots.choice(ORDINARY))
        folder = tmp_path / str(number)
        folder.mkdir()
        files.append(folder / name)
        files[-1].write_text(json.dumps(content), encoding="utf-8")
    by_pydantic = [outcome(name, file) for file in files]
    request.getfixturevalue("without_pydantic")
    assert [outcome(name, file) for file in files] == by_pydantic
    assert len({*by_pydantic}) > 5


def test_where_it_is_stricter(without_pydantic):
    with pytest.raises(InputError, match=r'^x: the table must be a text, got "\\ud800"$'):
        check(str, "\ud800", "x")
    for kind, value in ((int, True), (int, 1.0), (Whole, "1"), (Number, float("nan"))):
        with pytest.raises(InputError, match=r"^x: the table must be a (whole )?number, got"):
            check(kind, value, "x")


def test_a_type_that_no_file_has_is_a_fault_of_the_program(without_pydantic):
    with pytest.raises(KeyError):
        check(bytes, "x", "x")


def test_json_is_read_with_the_standard_library_alone():
    program = (
        "import sys\n"
        "from aqfusion.air.aqi import standard\n"
        "from aqfusion.sites.site_file import parse_site\n"
        'standard(\'us\'), parse_site(b\'{"format": 1, "name": "Roof", "days": []}\')\n'
        "packages = {name.partition('.')[0] for name in sys.modules} - {*sys.stdlib_module_names}\n"
        "print(sorted(name for name in packages if not name.startswith(('_', 'aqfusion'))))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
