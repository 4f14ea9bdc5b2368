"""A version in tables: figures before and after by place, and what it gained and lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aqfusion.metric_values import Estimate
from aqfusion.registry.version import Version
from aqfusion.ui.registry import label_impact
from aqfusion.ui.registry.registry_session import moment
from aqfusion.ui.table import Column, Table

KINDS = {
    "fused": "photo and readings",
    "image_only": "photo alone",
    "sensors_only": "readings alone",
}


_SAME_WITHIN = 0.5  # AQI; less is the same number


@dataclass(frozen=True)
class Gains:
    """A table, the most gained first, and how many rows came nearer to the truth or farther."""

    table: Table
    nearer: int
    farther: int


def overview(versions: Sequence[Version], served: str | None) -> Table:
    """A row per version, the newest first."""
    columns = (
        *(Column("Version"), Column("Created (UTC)"), Column("By"), Column("Labels", ",")),
        *(Column("Error before", ".1f"), Column("after", ".1f")),
        *(Column("Right category before", ".0%"), Column("after", ".0%")),
        *(Column("Gate"), Column("")),
    )
    return Table(columns, tuple(_row(version, served) for version in reversed(versions)))


def _row(version: Version, served: str | None) -> tuple[Any, ...]:
    rmse, accuracy = label_impact.step(version, "rmse"), label_impact.step(version, "accuracy")
    return (
        *(str(version.number), moment(version.manifest["made_at"]), str(version.manifest["by"])),
        version.manifest["labels"]["learned"],
        *(rmse and rmse.before, rmse and rmse.after),
        *(accuracy and accuracy.before, accuracy and accuracy.after),
        "passed" if version.passed else "rejected",
        "current" if version.name == served else "",
    )


def changes(version: Version) -> Table:
    """The test part, everywhere and by place: figures before and after, and how far worse.

    "Worse by" has a 95 % interval over groups of photos; below 0 is better.
    """
    columns = (
        *(Column("Place"), Column("Input"), Column("Photos", ",")),
        *(Column("Error before", ".1f"), Column("after", ".1f"), Column("worse by", "+.1f")),
        *(
            Column("Right category before", ".0%"),
            Column("after", ".0%"),
            Column("worse by", "+.0%"),
        ),
    )
    metrics_by_kind: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in version.manifest["metrics"]["frozen"]:
        metrics_by_kind.setdefault((row["place"], row["kind"]), {})[row["figure"]] = row
    rows = []
    for (place, kind), figures in metrics_by_kind.items():
        cells: list[Any] = []
        for name in ("rmse", "accuracy"):
            row = figures.get(name)
            cells += (
                [row["before"], row["after"], Estimate(row["worse"], row["low"], row["high"])]
                if row
                else [None, None, None]
            )
        photos = next(iter(figures.values()))["photos"]
        rows.append((place, KINDS.get(kind, kind), photos, *cells))
    return Table(columns, tuple(rows))


def sessions(compared_sessions: Sequence[Mapping[str, Any]]) -> Gains:
    """Sessions of the test part by how much nearer to the measured AQI they are, best first."""
    columns = (
        *(Column("Place"), Column("Time"), Column("Measured", ".0f")),
        *(
            Column("Predicted before", ".0f"),
            Column("Predicted now", ".0f"),
            Column("Improvement", "+.0f"),
        ),
    )
    rows = []
    for session in compared_sessions:
        before, after = session["before"]["fused"], session["after"]["fused"]
        if None in (before, after):
            continue
        nearer = abs(before - session["measured"]) - abs(after - session["measured"])
        taken_text = _local_time(session["session"], session["place"])
        cells = (session["place"], taken_text, session["measured"], before, after)
        rows.append((nearer, cells))
    return _gains(columns, rows)


def corrections(entries: Sequence[Mapping[str, Any]]) -> Gains:
    """New labels, predicted by networks not trained on them, by the gain, best first."""
    columns = (
        *(Column("Item", ".0f"), Column("Label")),
        *(
            Column("Predicted before", ".0f"),
            Column("Predicted now", ".0f"),
            Column("Improvement", "+.0f"),
        ),
    )
    rows = []
    for entry in entries:
        low, high = entry["label"]
        before, after = (
            next((entry[when][kind] for kind in KINDS if entry[when][kind] is not None), None)
            for when in ("before", "after")
        )
        if before is None or after is None:
            continue
        label = f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
        nearer = _off(before, low, high) - _off(after, low, high)
        rows.append((nearer, (entry["item"], label, before, after)))
    return _gains(columns, rows)


def ends(table: Table, most: int) -> Table:
    """The first and the last rows, `most` of each."""
    if len(table.rows) <= 2 * most:
        return table
    return Table(table.columns, (*table.rows[:most], *table.rows[-most:]))


def _local_time(session: str, place: str) -> str:
    """The local date and hour of a session's key.

    >>> _local_time("ITO, Delhi|2023|2|16|18:00", "ITO, Delhi")
    '2023-02-16 18:00'
    """
    parts = session.removeprefix(f"{place}|").split("|")
    if len(parts) != 4:
        return session
    year, month, day, hour = parts
    return f"{year}-{month:>02}-{day:>02} {hour}"


def _gains(columns: tuple[Column, ...], rows: Sequence[tuple[float, tuple[Any, ...]]]) -> Gains:
    ranked = sorted(rows, key=lambda row: -row[0])
    return Gains(
        table=Table(columns, tuple((*cells, nearer) for nearer, cells in ranked)),
        nearer=sum(nearer > _SAME_WITHIN for nearer, _ in rows),
        farther=sum(nearer < -_SAME_WITHIN for nearer, _ in rows),
    )


def _off(aqi: float, low: float, high: float) -> float:
    """The distance of an AQI from a label's range."""
    return max(low - aqi, aqi - high, 0.0)
