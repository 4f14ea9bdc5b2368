"""CSV for spreadsheets: a row per item, a row per current answer, a row per event."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.io.spreadsheet_csv import CsvCell, csv_lines, csv_text
from aqfusion.labels.answer import BLIND
from aqfusion.labels.exports.item_history import WholeItem
from aqfusion.labels.schema import items, label_events, users

__all__ = ["answers_table", "category_name", "events_table", "items_table"]

_BATCH = 500
_ITEM = (
    *("item", "photo", "place", "taken_at", *POLLUTANTS, "units_stated", "status"),
    *("settled_by", "standard"),
    *("category", "aqi", "cant_tell", "corrections", "answers", "agreement", "known_aqi"),
    *("split", "group", "origin", "source", "licence", "duplicate_of", "created"),
)
_SAID = ("standard", "category", "aqi", "cant_tell", "confidence", "note", "corrections")
_SEEN = ("mode", "model_version", "seen_aqi", "seconds", "batch")
_ANSWER = ("event", "item", "photo", "by", "at", *_SAID, *_SEEN)
_EVENT = (
    *("event", "item", "photo", "by", "at", "kind", "about"),
    *(*_SAID, "old", "reason", *_SEEN, "request_id"),
)


def items_table(items: Iterable[WholeItem]) -> Iterator[bytes]:
    """Write one row per item: what it is, where it stands, and what it was settled to.

    `category` is in words; the readings are as they came, `corrections` what people made of them.
    `agreement` is the share of blind answers that say what most of them say, for two or more.
    """
    return _pieces(_ITEM, map(_item_row, items))


def answers_table(items: Iterable[WholeItem]) -> Iterator[bytes]:
    """Write one row per answer that holds now: nothing undone, nothing replaced, no decision."""
    rows = ((item.row, answer) for item in items for answer in item.answers)
    return _pieces(_ANSWER, (_answer_row(row.photo_hash, answer) for row, answer in rows))


def events_table(connection: Connection) -> Iterator[bytes]:
    """Write one row per event, in the order in which they happened."""
    query = (
        select(label_events, users.c.name, items.c.photo_hash)
        .join(users, users.c.id == label_events.c.user)
        .join(items, items.c.id == label_events.c.item)
        .order_by(label_events.c.id)
        .execution_options(yield_per=_BATCH)
    )
    return _pieces(_EVENT, map(_event_row, connection.execute(query)))


def category_name(key: str | None, category: int | None) -> str | None:
    """Return a category in the words of its standard."""
    if key is None or category is None:
        return None
    return standard(key).categories[category].name


def _pieces(titles: tuple[str, ...], rows: Iterable[Mapping[str, CsvCell]]) -> Iterator[bytes]:
    yield csv_text([titles]).encode()
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield csv_lines([[row[title] for title in titles] for row in batch]).encode()


def _item_row(item: WholeItem) -> dict[str, CsvCell]:
    row, value = item.row, item.settled
    counted = item.answers if item.decision is None else (*item.answers, item.decision)
    corrected = {name: v for event in counted for name, v in (event.corrections or {}).items()}
    same = ("place", "status", "known_aqi", "split", "origin", "source", "licence", "duplicate_of")
    return {
        "item": row.id,
        "photo": row.photo_hash,
        **{name: getattr(row, name) for name in (*POLLUTANTS, *same)},
        "taken_at": _time(row.taken_at),
        "units_stated": "yes" if row.units_stated else "no",
        "created": _time(row.created),
        "group": row.group_key,
        "settled_by": value and value.by,
        "standard": value and value.standard,
        "category": value and category_name(value.standard, value.category),
        "aqi": value and value.aqi,
        "cant_tell": value and value.cant_tell,
        "corrections": _json(corrected or None),
        "answers": len(item.answers),
        "agreement": _agreement(item),
    }


def _answer_row(photo: str, event: Any) -> dict[str, CsvCell]:
    return {
        "event": event.id,
        "item": event.item,
        "photo": photo,
        "by": event.name,
        "at": _time(event.at),
        **{name: getattr(event, name) for name in (*_SAID, *_SEEN)},
        "category": category_name(event.standard, event.category),
        "corrections": _json(event.corrections),
    }


def _event_row(event: Any) -> dict[str, CsvCell]:
    same = ("kind", "about", "reason", "request_id")
    return {
        **_answer_row(event.photo_hash, event),
        **{name: getattr(event, name) for name in same},
        "old": _json(event.old),
    }


def _agreement(item: WholeItem) -> float | None:
    blind = [event for event in item.answers if event.mode == BLIND]
    if len(blind) < 2:
        return None
    answer_counts = Counter((event.standard, event.category, event.cant_tell) for event in blind)
    return round(answer_counts.most_common(1)[0][1] / len(blind), 3)


def _time(time: Any) -> str | None:
    return None if time is None else str(time.isoformat())


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
