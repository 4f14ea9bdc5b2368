"""One row of the work list: photo, where and when, all answers, why it is here; pure HTML."""

from collections.abc import Mapping, Sequence
from html import escape

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.labels.item import Item
from aqfusion.labels.review import Recorded
from aqfusion.ui.result_view import pill
from aqfusion.ui.review.annotator_slots import badge
from aqfusion.ui.review.words import answer_text, category_of

_MOST = 6  # answers that are named


def row(
    item: Item, answers: Sequence[Recorded], people: Mapping[int, str], thumbnail: str | None
) -> str:
    """All of a row; nothing in it from outside is markup."""
    return (
        f'<div class="aq aq-row aq-small">{_picture(item, thumbnail)}{_what(item)}'
        f"<div>{_answers(answers, people)}</div><div>{_why(item)}</div></div>"
    )


def label(item: Item, answers: Sequence[Recorded]) -> str:
    """A row's name for those who hear it; text, which still has to be made plain."""
    answers_text = "; ".join(
        f"{event.name}: {answer_text(event.answer)}" for event in answers[:_MOST] if event.answer
    )
    parts = (f"Open item {item.task.id}, {item.status}", item.task.place or "", answers_text)
    return ". ".join(part for part in parts if part)


def _picture(item: Item, thumbnail: str | None) -> str:
    if thumbnail is None:
        return '<div class="aq-noimage">photo cannot be shown</div>'
    return f'<img src="{escape(thumbnail)}" alt="" loading="lazy">'


def _what(item: Item) -> str:
    lines = [item.task.place or "", item.task.taken_text or ""]
    rest = "".join(f"<div class='aq-muted'>{escape(line)}</div>" for line in lines if line)
    return f"<div><strong>Item {item.task.id}</strong> · {escape(item.status)}{rest}</div>"


def _answers(answers: Sequence[Recorded], people: Mapping[int, str]) -> str:
    if not answers:
        return '<span class="aq-muted">No answers</span>'
    cells = "".join(_answer(event, people) for event in answers[:_MOST])
    more = f"<li>and {len(answers) - _MOST} more</li>" if len(answers) > _MOST else ""
    return f"<ul>{cells}{more}</ul>"


def _answer(event: Recorded, people: Mapping[int, str]) -> str:
    assert event.answer is not None
    category = category_of(event.answer)
    if category is None:
        what = escape(answer_text(event.answer))
    else:
        exact = "" if event.answer.aqi is None else f"<strong>{event.answer.aqi}</strong> "
        scale = "" if event.answer.standard == "us" else " India AQI"
        what = f"{exact}{pill(category)}{scale}"
    return f"<li>{badge(people, event.user, event.name)} {what}</li>"


def _why(item: Item) -> str:
    why = "; ".join(reason.words for reason in item.reasons)
    view = item.task.model_view
    formula = None if item.unstated else standard("us").index(item.task.reading).aqi
    numbers = [f"Model {round_half_up(view.aqi)}"] if view else []
    numbers += [f"US formula {formula}"] if formula is not None else []
    return f"<div>{escape(why)}</div><div class='aq-muted'>{' · '.join(numbers)}</div>"
