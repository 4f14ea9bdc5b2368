"""Answers and events in plain words; all of it text that still has to be escaped."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from aqfusion.air.aqi import Category, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.air.sensors import Reading
from aqfusion.labels.answer import Answer, Seen
from aqfusion.labels.item import Item
from aqfusion.labels.review import Recorded

Event = Mapping[str, Any]

UNIT = {"ug/m3": "µg/m³", "mg/m3": "mg/m³"}
_DID = {
    "skip": "skipped it",
    "unskip": "put it back into their queue",
    "send back": "asked for one more opinion",
    "admit": "let it in",
    "reject": "rejected it",
}


def when(time: datetime, zone: tzinfo = UTC) -> str:
    """A time of the store on the clock of `zone`, with its offset.

    >>> from datetime import timedelta, timezone
    >>> when(datetime.fromisoformat("2026-11-02T09:00:30+00:00"), timezone(timedelta(hours=5.5)))
    '2 Nov 2026, 14:30 (UTC+05:30)'
    """
    local = time.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local.day} {local:%b %Y, %H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def category_of(answer: Answer) -> Category | None:
    """The category that an answer means; `None` for one that cannot tell."""
    return None if answer.band is None else standard(answer.standard).categories[answer.band]


def answer_text(answer: Answer) -> str:
    """An answer in a few words.

    >>> answer_text(Answer(aqi=151)), answer_text(Answer(cant_tell="night"))
    ('AQI 151, Unhealthy', "can't tell: night")
    """
    category = category_of(answer)
    if category is None:
        return f"can't tell: {answer.cant_tell}"
    scale = "" if answer.standard == "us" else f" ({standard(answer.standard).short_name})"
    exact = "" if answer.aqi is None else f"AQI {answer.aqi}, "
    return f"{exact}{category.name}{scale}"


def replaced_text(old: Event) -> str:
    """The label that an event replaced or took back, as the store repeats it."""
    if old.get("standard") is None:
        return "a skip"
    category = None if old["cant_tell"] or old["aqi"] is not None else old["category"]
    return answer_text(Answer(category, old["aqi"], old["cant_tell"], old["standard"]))


def given_label(item: Item) -> tuple[str, str] | None:
    """The label that came with an item: whose it is, and what it says; `None` without one.

    A visitor's guess comes with a contribution; every other one was in what was imported.
    """
    if not item.guess:
        return None
    label = replaced_text(item.guess)
    if item.origin == "contribution":
        return "Visitor's guess", label
    return "Imported label", label if item.source is None else f"{label}, from {item.source}"


def saw(seen: Seen) -> str:
    """How much of the model somebody saw before they answered."""
    if seen.mode == "blind":
        return "blind: the model's view was hidden"
    model = f" of {seen.model_version}" if seen.model_version else ""
    if seen.aqi is None:
        return f"assisted, but there was no number{model} to see"
    return f"assisted: saw AQI {seen.aqi}{model}"


def corrected(answer: Answer, reading: Reading) -> tuple[str, ...]:
    """The corrections of readings in an answer, one sentence each.

    >>> corrected(Answer(category=0, corrections={"pm25": 8, "no2": None}), Reading(pm25=80, no2=4))
    ('PM2.5 is 8 µg/m³, not 80', 'NO2 is not 4 µg/m³; what it is, is not known')
    """
    return tuple(
        _corrected(name, answer.corrections[name], getattr(reading, name))
        for name in reading.present
        if name in answer.corrections
    )


def unit(name: str) -> str:
    """A pollutant's unit as people write it."""
    return UNIT[pollutant(name).unit]


def took(seconds: float | None) -> str | None:
    """How long an answer took.

    >>> took(4.26), took(75), took(None)
    ('4.3 s', '75 s', None)
    """
    return None if seconds is None else f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def did(event: Recorded, history: Sequence[Recorded]) -> str:
    """The act of an event, as the sentence that a name begins goes on."""
    about = next((earlier for earlier in history if earlier.event == event.about), None)
    instead = f", instead of {replaced_text(event.old)}" if event.old else ""
    if event.kind == "undo":
        return f"took back {replaced_text(event.old)}" if event.old else "took something back"
    if event.answer is None:
        return _DID.get(event.kind, event.kind) + instead
    answer = answer_text(event.answer)
    if event.kind == "accept":
        return f"accepted {about.name}'s answer, {answer}{instead}" if about else f"chose {answer}"
    return f"{'overruled' if event.kind == 'overrule' else 'answered'}: {answer}{instead}"


def _corrected(name: str, right: float | None, wrong: float) -> str:
    label = pollutant(name).label
    if right is None:
        return f"{label} is not {wrong:g} {unit(name)}; what it is, is not known"
    return f"{label} is {right:g} {unit(name)}, not {wrong:g}"
