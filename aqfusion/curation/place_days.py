"""How many days of each place are known: the first ones teach most of what is usual there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aqfusion.labels.actor import Actor
from aqfusion.labels.capture_time import local_days
from aqfusion.labels.item import Task
from aqfusion.labels.priority import Evidence, priority
from aqfusion.labels.store import LabelStore
from aqfusion.model.predict import Predictor

__all__ = ["PlaceDays"]

_KIND = "first days of a place"


@dataclass(frozen=True)
class PlaceDays:
    """Days by the place's name: those that people labelled, and those of a model's own places."""

    labelled: Mapping[str, frozenset[date]]
    learned: Mapping[str, frozenset[date]]

    @classmethod
    def from_store(cls, store: LabelStore, actor: Actor, model: Predictor) -> "PlaceDays":
        """Count what there is now, for an admin."""
        learned = {
            site.learned_as or site.name: frozenset(
                day
                for measured_day in site.history
                if (day := site.date_of(measured_day)) is not None
            )
            for site in model.known_sites()
        }
        return cls(store.unscored.labelled_days(actor), learned)

    def before(self, task: Task) -> int | None:
        """How many days its place has, if it would bring a new one; `None` if it would not."""
        days = local_days(task.taken_at, task.time_zone, task.place)
        return self._before(task.place, days)

    def changed(self, store: LabelStore, actor: Actor) -> tuple[int, ...]:
        """Waiting items whose place has more days by now than their reason states."""
        return tuple(
            entry.item
            for entry in store.unscored.of_places(actor, _KIND)
            if entry.words != _words(self._before(entry.place, entry.days))
        )

    def _before(self, place: str | None, days: Sequence[date]) -> int | None:
        if place is None or not days:
            return None
        known_days = self.labelled.get(place, frozenset()) | self.learned.get(place, frozenset())
        return None if {*days} & known_days else len(known_days)


def _words(days: int | None) -> str:
    reasons = priority(Evidence(place_days=days)).reasons
    return reasons[0].words if reasons else ""
