"""The tables of the standards: their faults are named, their colours can be read."""

import json

import pytest

from aqfusion.air.aqi import STANDARDS, load_standard, standard
from aqfusion.io.json_models import TableError
from aqfusion.settings import ASSETS


def _pm25(table):
    return table["pollutants"]["pm25"]["tables"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: _pm25(t)["rows"][1].__setitem__(0, 9.2),
            "pollutants.pm25.tables[0].rows[1][0] must be 9.1, "
            "so that the rows leave no hole, got 9.2",
        ),
        (
            lambda t: _pm25(t)["rows"][1].__setitem__(2, 52),
            "pollutants.pm25.tables[0].rows[1][2] must be 51, "
            "so that the rows leave no hole, got 52",
        ),
        (
            lambda t: _pm25(t)["rows"][5].__setitem__(1, 225.5),
            "pollutants.pm25.tables[0].rows[5][1] must be above c_low 225.5, got 225.5",
        ),
        (
            lambda t: _pm25(t)["rows"][0].__setitem__(1, 9.01),
            "pollutants.pm25.tables[0].rows[0][1] must be a multiple of 0.1, got 9.01",
        ),
        (
            lambda t: _pm25(t)["rows"][0].__setitem__(1, "9.0"),
            'pollutants.pm25.tables[0].rows[0][1] must be a number, got "9.0"',
        ),
        (
            lambda t: _pm25(t)["rows"][0].pop(),
            "pollutants.pm25.tables[0].rows[0] must have 4 entries",
        ),
        (
            lambda t: _pm25(t)["rows"][5].__setitem__(3, 499),
            "pollutants.pm25.tables[0].rows[5] must have the index range of a category",
        ),
        (lambda t: _pm25(t)["rows"].pop(), "pollutants.pm25.tables must lead from (0, 0)"),
        (lambda t: _pm25(t)["rows"].clear(), "pollutants.pm25.tables[0].rows must have at least"),
        (
            lambda t: _pm25(t).update(closed_at=600),
            "pollutants.pm25.tables[0].closed_at must be above the last row's end 325.4, got 600",
        ),
        (
            lambda t: t["pollutants"]["so2"]["tables"][0]["rows"].pop(),
            "pollutants.so2.tables must go on where 1h ends",
        ),
        (
            lambda t: t["pollutants"]["pm25"].update(unit="ppb"),
            'pollutants.pm25.unit must be one of ug/m3, mg/m3, got "ppb"',
        ),
        (
            lambda t: t["pollutants"]["pm25"].update(decimals=-1),
            "pollutants.pm25.decimals must be a whole number from 0 to 6, got -1",
        ),
        (lambda t: t["pollutants"].pop("co"), "pollutants must name pm25, pm10, o3, co, so2, no2"),
        (
            lambda t: t["categories"][1].update(i_low=52),
            "categories[1].i_low must be 51, so that the categories leave no hole, got 52",
        ),
        (
            lambda t: t["categories"][1].update(i_high=51),
            "categories[1].i_high must be above i_low 51, got 51",
        ),
        (lambda t: t["categories"].pop(), "categories must cover 0 to 500 (they end at 300)"),
        (
            lambda t: t["categories"][0].update(colour="green"),
            'categories[0].colour must be a colour like #00E400, got "green"',
        ),
        (lambda t: t["categories"][0].pop("advice"), "categories[0] must have 'advice'"),
        (lambda t: t.update(truncate=1), "truncate must be true or false, got 1"),
        (
            lambda t: t.update(min_pollutants=9),
            "min_pollutants must be a whole number from 1 to 6",
        ),
        (lambda t: t.update(one_of=["pm1"]), "one_of[0] must be one of pm25"),
        (lambda t: t.update(notes="none"), 'notes must be a list, got "none"'),
        (lambda t: t.update(pollutants=[]), "pollutants must be an object, got []"),
        (lambda t: t.pop("source"), "the table must have 'source'"),
    ],
)
def test_a_broken_standard_names_file_field_rule_and_value(tmp_path, change, message):
    table = json.loads((ASSETS / "standards" / STANDARDS["us"]).read_text(encoding="utf-8"))
    change(table)
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(TableError) as error:
        load_standard(broken)
    assert str(error.value).startswith(f"broken.json: {message}")
    assert "\n" not in str(error.value)


def _luminance(colour):
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one, other):
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    "category", [c for key in STANDARDS for c in standard(key).categories], ids=lambda c: c.name
)
def test_text_on_a_category_colour_can_be_read(category):
    assert _contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert _contrast(category.colour, category.text_colour) >= 4.5
    assert _contrast(category.friendly_colour, category.friendly_text_colour) >= 4.5


@pytest.mark.parametrize("key", STANDARDS)
def test_a_standard_tells_its_source_and_its_choices(key):
    rules = standard(key)
    assert rules.source
    assert all(note.endswith(".") for note in rules.notes)
    assert len({category.name for category in rules.categories}) == 6


def test_the_closing_of_indias_open_band_is_stated_in_the_file():
    closings = {n: int(t.tables[-1].points[-1][0]) for n, t in standard("india").pollutants.items()}
    assert closings == {"pm25": 380, "pm10": 510, "o3": 1287, "co": 51, "so2": 2400, "no2": 520}
    assert any("our choice" in note for note in standard("india").notes)
