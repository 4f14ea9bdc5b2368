"""The list of photos of a source, before any photo is opened."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault, shortened

__all__ = ["ImportCandidate", "Listing", "plain_name"]


@dataclass(frozen=True, kw_only=True)
class ImportCandidate:
    """A photo that asks to come in, and what its source says of it.

    `line` and `column` are where the source lists it by `name`, which may give the answer away
    and is shown to experts only. `given_aqi` is the source's own label, which may be wrong;
    `known_aqi` is one that annotators are measured by. `units_stated` says whether the source
    tells the units of the readings.
    """

    line: int
    column: str
    name: str
    path: Path
    reading: Reading = field(default_factory=Reading)
    place: str | None = None
    taken_at: datetime | None = None
    group: str | None = None
    licence: str | None = None
    given_aqi: float | None = None
    known_aqi: int | None = None
    time_zone: str | None = None
    units_stated: bool = True

    def fault(self, rule: str) -> TableFault:
        """Say that this photo breaks a rule."""
        return TableFault(self.line, self.column, rule, shortened(self.name))


@dataclass(frozen=True)
class Listing:
    """Candidates in the order of their source, what is left out, and columns nobody reads.

    `notes` tell what was made of the rest.
    """

    name: str
    candidates: tuple[ImportCandidate, ...]
    faults: tuple[TableFault, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def plain_name(text: str) -> str:
    """Return a file's name as every terminal and database can keep it.

    >>> plain_name("sky\\udce9.jpg")
    'sky\\\\udce9.jpg'
    """
    return text.encode("utf-8", "backslashreplace").decode()
