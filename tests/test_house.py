"""The state that docs/glossary.md asks for, as tools/count_house.py counts it."""

import pytest

from aqfusion.settings import ROOT
from tools.count_house import BANNED_VARIABLES, Counts, count, identifiers, read_modules

LONGEST_FILE = 400
# Names in files and databases outlive the code: "Stored names" in docs/glossary.md.
STORED = {
    "JobProgress.said, in the progress file of a job": {
        ("aqfusion.background_jobs", "said"),
        ("aqfusion.ui.labels.scoring_view", "said"),
        ("aqfusion.ui.registry.retraining_view", "said"),
    },
    "Scored.known, printed as JSON by `labels score`": {
        ("aqfusion.active_learning.scoring", "known"),
    },
    "Imported.known, printed as JSON by `labels import`": {
        ("aqfusion.labels.imports.item_import", "known"),
        ("aqfusion.ui.labels.import_view", "known"),
    },
    "a migration is never rewritten": {("aqfusion.labels.migrations.versions.version_4", "known")},
}


@pytest.fixture(scope="module")
def counts() -> Counts:
    return count(ROOT)


def test_a_class_name_means_one_thing(counts):
    assert counts.repeated_classes == {}


def test_modules_have_names_of_the_field(counts):
    assert counts.banned_modules == []


def test_no_file_is_too_long(counts):
    assert counts.longest_file <= LONGEST_FILE


def test_variables_are_named_for_what_they_hold():
    uses = {
        (module.name, name)
        for module in read_modules(ROOT)
        for name in identifiers(module.tree)
        if name in BANNED_VARIABLES
    }
    assert uses == set().union(*STORED.values())
