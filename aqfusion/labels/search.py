"""Find items for review: filters that add up, page by page from the newest item down."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select

from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.item import STATUSES, Item, ItemError
from aqfusion.labels.schema import answers, items, label_events
from aqfusion.labels.unblinding import shown_to
from aqfusion.permissions import Actor
from aqfusion.text_validation import one_line

__all__ = ["Around", "Filters", "Search", "SearchPage"]

_MOST = 200


@dataclass(frozen=True)
class Filters:
    """Conditions that an item must meet; `None` and empty do not matter.

    `annotator` has answered it, `category` (0 to 5) is what somebody says now, `text` is found in
    its source, its place or a note, or begins its photo's hash.
    """

    statuses: tuple[str, ...] = ()
    place: str | None = None
    annotator: int | None = None
    category: int | None = None
    kind: str | None = None
    text: str = ""


@dataclass(frozen=True)
class SearchPage:
    """A page of items, and after which id the next page begins; `None` on the last one."""

    items: tuple[Item, ...]
    after: int | None


@dataclass(frozen=True)
class Around:
    """The ids of an item's neighbours in the order of pages; `None` at the ends."""

    newer: int | None
    older: int | None


class Search:
    """Search of items for experts."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def __call__(
        self, actor: Actor, filters: Filters, after: int | None = None, most: int = 50
    ) -> SearchPage:
        """Return the newest items that fit, or those that follow the page that ended at `after`."""
        wanted = min(max(1, most), _MOST)
        query = _query(filters).order_by(items.c.id.desc()).limit(wanted + 1)
        if after is not None:
            query = query.where(items.c.id < after)
        with self._database.read() as connection:
            require_role(connection, actor, "expert", lock=False)
            rows = connection.execute(query).all()
        shown_to(self._database, actor, [row.id for row in rows[:wanted]], "expert")
        page = tuple(Item.from_row(row) for row in rows[:wanted])
        return SearchPage(page, page[-1].task.id if len(rows) > wanted else None)

    def around(self, actor: Actor, filters: Filters, item: int) -> Around:
        """Return the nearest items that fit, on both sides of one that need not fit itself."""
        query = _query(filters).with_only_columns(items.c.id).limit(1)
        newer = query.where(items.c.id > item).order_by(items.c.id)
        older = query.where(items.c.id < item).order_by(items.c.id.desc())
        with self._database.read() as connection:
            require_role(connection, actor, "expert", lock=False)
            return Around(connection.execute(newer).scalar(), connection.execute(older).scalar())

    def places(self) -> tuple[str, ...]:
        """List the places there are."""
        query = select(items.c.place).where(items.c.place.is_not(None)).distinct()
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(query).scalars()))


def _query(filters: Filters) -> Select[Any]:
    unknown = {*filters.statuses} - {*STATUSES}
    if unknown:
        raise ItemError(f"status must be one of {', '.join(STATUSES)}, got {min(unknown)!r}")
    query = select(items)
    if filters.statuses:
        query = query.where(items.c.status.in_(filters.statuses))
    if filters.place:
        query = query.where(items.c.place == one_line("place", filters.place, 200))
    if filters.kind:
        query = query.where(items.c.kind == filters.kind)
    current_answers = select(answers.c.item).where(
        answers.c.item == items.c.id, answers.c.skipped.is_(False)
    )
    answer_events = current_answers.join(label_events, label_events.c.id == answers.c.event)
    if filters.annotator is not None:
        query = query.where(current_answers.where(answers.c.user == filters.annotator).exists())
    if filters.category is not None:
        query = query.where(
            answer_events.where(label_events.c.category == filters.category).exists()
        )
    if filters.text.strip():
        text = one_line("text", filters.text, 200)
        with_note = answer_events.where(label_events.c.note.icontains(text, autoescape=True))
        query = query.where(
            or_(
                items.c.source.icontains(text, autoescape=True),
                items.c.place.icontains(text, autoescape=True),
                items.c.photo_hash.startswith(text.lower(), autoescape=True),
                with_note.exists(),
            )
        )
    return query
