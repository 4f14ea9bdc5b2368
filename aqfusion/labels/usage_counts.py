"""How often visitors' photos and readings were of which sort: counts that only grow.

Nobody's photo, reading, name or session is among them: what is not counted here is kept nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from aqfusion.labels.annotation_records import category_of
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.schema import answers, decisions, items, label_events, prediction_counts
from aqfusion.labels.usage_key import Cell
from aqfusion.permissions import Actor

__all__ = ["PredictionCounts", "Settled"]

_PATIENCE = 2.0  # seconds: counts can wait, and who ends the program should not
_SCALE = "us"


@dataclass(frozen=True)
class Settled:
    """When people settled an item's category, and whether the model had predicted another."""

    at: datetime
    differs: bool


class PredictionCounts:
    """Anybody's predictions are counted; only experts see how many there were."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def add(self, counts: Mapping[Cell, int]) -> None:
        """Add to what is there, all or nothing; a store that is busy is soon given up."""
        # In one order, so that no two processes wait for each other's rows.
        rows = [{**cell._asdict(), "times": counts[cell]} for cell in sorted(counts)]
        if not rows:
            return
        make = sqlite_insert if self._database.is_sqlite else postgresql_insert
        new = make(prediction_counts)
        more = {"times": prediction_counts.c.times + new.excluded.times}
        adding = new.on_conflict_do_update(index_elements=Cell._fields, set_=more)

        def work(connection: Connection) -> None:
            connection.execute(adding, rows)

        self._database.write(work, _PATIENCE)

    def since(self, actor: Actor, day: date) -> dict[Cell, int]:
        """Return all counts of that day and later ones, for an expert."""
        query = select(prediction_counts).where(prediction_counts.c.day >= day.isoformat())
        with self._database.read() as connection:
            require_role(connection, actor, "expert", lock=False)
            return {Cell(*row[:-1]): row.times for row in connection.execute(query)}

    def settled(self, actor: Actor, since: datetime) -> tuple[Settled, ...]:
        """Return what people settled since then of items that a model had judged, for an expert.

        Only categories of the US standard can be compared with the model's.
        """
        wanted = (label_events.c.at >= since, items.c.kind == "normal")
        model_aqi = items.c.model_view["aqi"].as_float().label("model_aqi")
        query = select(
            *(items.c.id, model_aqi, label_events.c.at),
            *(label_events.c.standard, label_events.c.category),
        ).where(*wanted, items.c.status.in_(("answered", "settled")))
        decided = query.join(decisions, decisions.c.item == items.c.id).join(
            label_events, label_events.c.id == decisions.c.event
        )
        undecided = ~select(decisions.c.item).where(decisions.c.item == items.c.id).exists()
        agreed = (
            query.join(answers, answers.c.item == items.c.id)
            .join(label_events, label_events.c.id == answers.c.event)
            .where(answers.c.skipped.is_(False), undecided)
            .order_by(label_events.c.id)
        )
        with self._database.snapshot() as connection:
            require_role(connection, actor, "expert", lock=False)
            rows = [*connection.execute(decided), *connection.execute(agreed)]
        last = {row.id: row for row in rows}  # who agrees last settles it
        return tuple(
            Settled(row.at, row.category != category_of(row.model_aqi))
            for row in last.values()
            if row.model_aqi is not None and row.category is not None and row.standard == _SCALE
        )
