"""Impact of new labels, in sentences, tables and the learning curve."""

import pytest

from aqfusion.labels.progress import SettledSince
from aqfusion.registry.registry import TERMINAL
from aqfusion.ui.registry import label_impact, version_tables
from aqfusion.ui.registry.label_impact_view import learning_curve
from tests.labels.planted import NOW
from tests.planted_versions import planted_version, registry_in


@pytest.fixture
def versions(tmp_path, checkpoint_folder):
    """Three: the second was refused, the others served one after the other."""
    registry = registry_in(tmp_path)
    for after, passed in ((40.0, True), (70.0, False), (35.0, True)):
        one = planted_version(registry, checkpoint_folder, passed=passed, after=after)
        if passed:
            registry.promote(TERMINAL, one.name, "", NOW)
    return registry.versions()


@pytest.mark.parametrize(
    ("since", "says"),
    [
        (SettledSince(0, 0, 0), "No label has been settled since version 1."),
        (
            SettledSince(1, 0, 0),
            "1 label settled since version 1, which has not been used to train it yet.",
        ),
        (
            SettledSince(1200, 900, 31),
            "1,200 labels settled since version 1, which have not been used to train it yet. 31 "
            "of 900 were in another category than the model predicted.",
        ),
    ],
)
def test_what_waits_is_said(since, says):
    assert label_impact.new_labels_sentence(since, "v0001-0123456789ab") == says


def test_the_curve_goes_through_what_served_and_beside_it_lies_what_did_not(versions):
    served = {versions[0].name, versions[2].name}
    lines = learning_curve(versions, served, "rmse").data
    assert [(line.name, line.mode, list(line.x), list(line.y)) for line in lines[:2]] == [
        ("photo and readings", "lines+markers", ["before", "v1", "v3"], [45.0, 40.0, 35.0]),
        ("photo and readings", "markers", ["v2"], [70.0]),
    ]
    assert [line.showlegend for line in lines] == [True, False] * 3


def test_versions_of_another_test_part_are_not_compared(versions):
    other = {**versions[1].manifest, "frozen_sha256": "e" * 64}
    changed = type(versions[1])(versions[1].folder, other)
    kept = label_impact.comparable((versions[0], changed, versions[2]))
    assert [one.number for one in kept] == [1, 3]


def test_tables_hold_the_figures(versions):
    overview = version_tables.overview(versions, versions[2].name)
    assert [row[0] for row in overview.rows] == ["3", "2", "1"]
    assert overview.rows[1][4:] == (45.0, 70.0, 0.5, 0.6, "rejected", "")
    assert overview.rows[0][-1] == "current"
    changes = version_tables.changes(versions[1])
    assert len(changes.rows) == 6
    place, kind, photos, before, after, worse = changes.rows[0][:6]
    assert (place, kind, photos, before, after) == (
        *("everywhere", "photo and readings", 40),
        *(45.0, 70.0),
    )
    assert (worse.value, worse.low, worse.high) == (25.0, 22.0, 28.0)


def test_gains_are_measured_from_the_label_and_what_said_nothing_is_left_out():
    def told(item, label, before, after):
        return {"item": item, "group": "g", "label": label, "before": before, "after": after}

    def said(fused, photo):
        return {"fused": fused, "image_only": photo, "sensors_only": None}

    rows = [
        told(1, [101, 150], said(200, 90), said(140, 90)),  # 50 nearer, and inside
        told(2, [80, 80], said(None, 100), said(None, 110)),  # no readings: 10 farther
        told(3, [0, 50], said(None, None), said(20, 20)),
        told(4, [0, 50], said(20, 20), said(40, 20)),
    ]
    gains = version_tables.corrections(rows)
    assert gains.table.rows == (
        (1, "101 to 150", 200, 140, 50),
        (4, "0 to 50", 20, 40, 0.0),
        (2, "80", 100, 110, -10),
    )
    assert (gains.nearer, gains.farther) == (1, 1)
    assert [row[0] for row in version_tables.ends(gains.table, 1).rows] == [1, 2]
