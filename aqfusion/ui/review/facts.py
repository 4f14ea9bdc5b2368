"""Facts of an item besides its answers: pure HTML."""

from datetime import UTC, tzinfo
from html import escape

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.labels.item import Item
from aqfusion.ui.review.words import given_label, unit, when

_UNSTATED = "Nobody states these units: they are those that the model takes for granted."


def readings(item: Item) -> str:
    """The readings with their units."""
    cells = "".join(
        f"<div><dt>{pollutant(name).pretty_label}</dt>"
        f"<dd>{getattr(item.task.reading, name):.4g} <small>{unit(name)}</small></dd></div>"
        for name in POLLUTANTS
        if name in item.task.reading.present
    )
    if not cells:
        return '<p class="aq aq-muted">No readings</p>'
    note = f'<p class="aq-muted aq-small">{_UNSTATED}</p>' if item.unstated else ""
    return f'<div class="aq"><dl class="aq-readings aq-small">{cells}</dl>{note}</div>'


def origin(item: Item, zone: tzinfo = UTC) -> str:
    """Where an item comes from, as far as that is known."""
    task = item.task
    entries = (
        ("Place", task.place),
        ("Taken", task.taken_text),
        ("Origin", item.origin),
        ("Source", item.source),
        ("Licence", task.licence),
        ("Consent", _consent(item, zone)),
        *([label] if (label := given_label(item)) else []),
        ("Split", "frozen: no training learns from it" if item.split == "frozen" else None),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{escape(str(fact))}</dd>" for name, fact in entries if fact)
    return f'<div class="aq aq-small"><dl class="aq-origin">{rows}</dl></div>'


def reasons(item: Item) -> str:
    """Why an item is here."""
    wanted = f"{item.wanted} answer{'s' * (item.wanted != 1)} asked for"
    words = [*(reason.words for reason in item.reasons), wanted]
    lines = "".join(f"<li>{escape(line)}</li>" for line in words)
    return (
        f'<div class="aq aq-small"><div class="aq-title">Why it is here</div>'
        f'<ul class="aq-why">{lines}</ul></div>'
    )


def _consent(item: Item, zone: tzinfo) -> str | None:
    if item.consent is None or item.consented_at is None:
        return item.consent
    return f"{item.consent}, given {when(item.consented_at, zone)}"
