"""Read an AQI standard from its table in `assets/standards` and check every rule it must obey."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.table_file import Field, read_table

AQI_TOP = 500


@dataclass(frozen=True)
class Category:
    """A band of the index in words; text colours reach a contrast of 4.5:1 on their colour."""

    name: str
    i_low: int
    i_high: int
    colour: str
    text_colour: str
    friendly_colour: str
    friendly_text_colour: str
    meaning: str
    advice: str
    advice_sensitive: str


@dataclass(frozen=True)
class AveragingTable:
    """The printed points (concentration, index) of one pollutant at one averaging time."""

    averaging: str
    points: tuple[tuple[Decimal, int], ...]

    def index_at(self, concentration: Decimal) -> Fraction | None:
        """Interpolate, unrounded; `None` below the first point, the top index above the last."""
        if concentration < self.points[0][0]:
            return None
        if concentration >= self.points[-1][0]:
            return Fraction(self.points[-1][1])
        above = max(1, bisect_left(self.points, (concentration, 0)))
        (c_low, i_low), (c_high, i_high) = self.points[above - 1 : above + 1]
        share = Fraction(concentration - c_low) / Fraction(c_high - c_low)
        return i_low + share * (i_high - i_low)


@dataclass(frozen=True)
class PollutantTables:
    """One pollutant's tables, from the lowest index up, in `unit` with its printed decimals."""

    unit: str
    decimals: int
    tables: tuple[AveragingTable, ...]


@dataclass(frozen=True)
class StandardTables:
    """All that a standard's file says, checked."""

    key: str
    title: str
    short_name: str
    source: str
    notes: tuple[str, ...]
    truncate: bool
    min_pollutants: int
    one_of: tuple[str, ...]
    pollutants: dict[str, PollutantTables]
    categories: tuple[Category, ...]


def load_tables(path: Path) -> StandardTables:
    """Read one standard; a fault raises `TableError` with file, field, rule and value."""
    file = read_table(path)
    categories = _categories(file["categories"])
    pollutants = file["pollutants"]
    if pollutants.keys() != POLLUTANTS:
        raise pollutants.fault(f"must name {', '.join(POLLUTANTS)} in this order")
    if not 1 <= file["min_pollutants"].whole() <= len(POLLUTANTS):
        raise file["min_pollutants"].fault(f"must be 1 to {len(POLLUTANTS)}")
    for name in file["one_of"].entries():
        if name.text() not in POLLUTANTS:
            raise name.fault(f"must be one of {', '.join(POLLUTANTS)}")
    return StandardTables(
        key=file["key"].text(),
        title=file["title"].text(),
        short_name=file["short_name"].text(),
        source=file["source"].text(),
        notes=tuple(note.text() for note in file["notes"].entries()),
        truncate=file["truncate"].flag(),
        min_pollutants=file["min_pollutants"].whole(),
        one_of=tuple(name.text() for name in file["one_of"].entries()),
        pollutants={name: _tables(name, entry, categories) for name, entry in pollutants.items()},
        categories=categories,
    )


def _categories(field: Field) -> tuple[Category, ...]:
    expected = 0
    for entry in field.entries():
        if entry["i_low"].whole() != expected:
            raise entry["i_low"].fault(f"must be {expected}, so that the categories leave no hole")
        if entry["i_high"].whole() <= expected:
            raise entry["i_high"].fault(f"must be above i_low {expected}")
        expected = entry["i_high"].whole() + 1
    if expected != AQI_TOP + 1:
        raise field.fault(f"must cover 0 to {AQI_TOP} (they end at {expected - 1})")
    return tuple(_category(entry) for entry in field.entries())


def _category(entry: Field) -> Category:
    return Category(
        name=entry["name"].text(),
        i_low=entry["i_low"].whole(),
        i_high=entry["i_high"].whole(),
        colour=_colour(entry["colour"]),
        text_colour=_colour(entry["text_colour"]),
        friendly_colour=_colour(entry["friendly_colour"]),
        friendly_text_colour=_colour(entry["friendly_text_colour"]),
        meaning=entry["meaning"].text(),
        advice=entry["advice"].text(),
        advice_sensitive=entry["advice_sensitive"].text(),
    )


def _colour(field: Field) -> str:
    if not re.fullmatch(r"#[0-9A-F]{6}", field.text()):
        raise field.fault("must be a colour like #00E400")
    return field.text()


def _tables(name: str, entry: Field, categories: tuple[Category, ...]) -> PollutantTables:
    units = pollutant(name).units
    if entry["unit"].text() not in units:
        raise entry["unit"].fault(f"must be one of {', '.join(units)}")
    if not 0 <= entry["decimals"].whole() <= 6:
        raise entry["decimals"].fault("must be 0 to 6")
    step = Decimal(1).scaleb(-entry["decimals"].whole())
    tables = tuple(_table(table, step, categories) for table in entry["tables"].entries())
    if not tables or any(tables[0].points[0]) or tables[-1].points[-1][1] != AQI_TOP:
        raise entry["tables"].fault(f"must lead from (0, 0) to the index {AQI_TOP}")
    for below, above in pairwise(tables):
        reached, begun = below.points[-1], above.points[0]
        if begun[0] > reached[0] + step or begun[1] > reached[1] + 1 or above.points[-1] <= reached:
            raise entry["tables"].fault(f"must go on where {below.averaging} ends")
    return PollutantTables(entry["unit"].text(), entry["decimals"].whole(), tables)


def _table(field: Field, step: Decimal, categories: tuple[Category, ...]) -> AveragingTable:
    bands = {(category.i_low, category.i_high) for category in categories}
    points: list[tuple[Decimal, int]] = []
    for row in field["rows"].entries():
        cells = row.entries()
        if len(cells) != 4:
            raise row.fault("must be [c_low, c_high, i_low, i_high]")
        c_low, c_high = cells[0].number(), cells[1].number()
        i_low, i_high = cells[2].whole(), cells[3].whole()
        for cell in cells[:2]:
            if cell.number() % step:
                raise cell.fault(f"must be a multiple of {step}")
        if points and c_low != points[-1][0] + step:
            raise cells[0].fault(f"must be {points[-1][0] + step}, so that the rows leave no hole")
        if points and i_low != points[-1][1] + 1:
            raise cells[2].fault(f"must be {points[-1][1] + 1}, so that the rows leave no hole")
        if c_high <= c_low:
            raise cells[1].fault(f"must be above c_low {c_low}")
        if (i_low, i_high) not in bands:
            raise row.fault("must have the index range of a category")
        points += [(c_low, i_low), (c_high, i_high)]
    if not points:
        raise field["rows"].fault("must have at least one row")
    if "closed_at" in field.keys():  # noqa: SIM118 - a Field is no dict
        closed_at = field["closed_at"].number()
        if closed_at <= points[-1][0] or points[-1][1] >= AQI_TOP:
            raise field["closed_at"].fault(f"must be above the last row's end {points[-1][0]}")
        points.append((closed_at, AQI_TOP))
    return AveragingTable(field["averaging"].text(), tuple(points))
