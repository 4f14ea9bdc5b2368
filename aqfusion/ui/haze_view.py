"""The haze score of the photo, on a scale from 0 to 100 between the sample scenes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from aqfusion.model.haze_score import WORDS, HazeScore
from aqfusion.model.predictor import Predictor, Result
from aqfusion.ui import cached_models, gallery, photo_input
from aqfusion.ui.inputs import PredictionInputs

MEANING = (
    "How hazy the photo looks, as a rank among the photos that the model learned from. What it "
    "means for the AQI depends on the place."
)
_GAP = 10.6  # percent of the scale's width from one thumbnail to the next
_ENDS = 4.9, 95.1
_SIZE = (96, 70)  # pixels of a thumbnail


@dataclass(frozen=True)
class Example:
    """A scene on the scale: its score by the model, and a small picture as a data URL."""

    id: str
    title: str
    score: int
    picture: str
    chosen: bool = False


def render_haze(inputs: PredictionInputs, result: Result | None) -> None:
    """Draw the scale; a model that gives no scores, an older one, has none."""
    scenes = examples(inputs.model)
    if not scenes:
        return
    chosen = [replace(example, chosen=photo_input.is_sample(example.id)) for example in scenes]
    haze = None if result is None else result.haze
    missing = "The photo cannot be judged." if inputs.refused else "No photo yet."
    st.html(scale(haze, missing, chosen))


def examples(model: Predictor) -> tuple[Example, ...]:
    """The rendered scenes by their own scores, judged once by each model."""
    return _examples(model.checkpoint.sha256, model)


@st.cache_resource(max_entries=8, show_spinner=False)
def _examples(weights: str, _of: Predictor) -> tuple[Example, ...]:
    judged = []
    for sample in gallery.scene_samples().values():
        haze = _of.haze(cached_models.embedding(_of, gallery.photo_of(sample.path)))
        if haze is not None:
            picture = gallery.thumbnail(sample.path, _SIZE)
            judged.append(Example(sample.id, sample.title, haze.score, picture))
    return tuple(judged)


def scale(haze: HazeScore | None, missing: str, examples: Sequence[Example]) -> str:
    """The scale with the photo's place marked; `missing` is the reason where there is no score."""
    if haze is None:
        score_html = f'<div class="aq-said"><div class="aq-muted">{escape(missing)}</div></div>'
        mark = ""
    else:
        score_html = (
            f'<div class="aq-said"><div class="aq-score">{haze.score}<small>of 100</small></div>'
            f"<strong>{escape(haze.words)}</strong></div>"
        )
        mark = f'<div class="aq-mark" style="left:{haze.score}%"></div>'
    ordered = sorted(examples, key=lambda example: example.score)
    places = spread([example.score for example in ordered], _GAP, *_ENDS)
    pictures = "".join(_picture(example, at) for example, at in zip(ordered, places, strict=True))
    lines = "".join(
        f'<i style="clip-path:polygon({_lead(example.score, at)})"></i>'
        for example, at in zip(ordered, places, strict=True)
    )
    return f"""
<div class="aq aq-haze" role="status">
  <div class="aq-title">Haze score of the photo</div>{score_html}
  <div class="aq-haze-scale" aria-hidden="true"><div class="aq-haze-band"></div>{mark}</div>
  <div class="aq-haze-words aq-small" aria-hidden="true">{_words()}</div>
  <div class="aq-haze-lines" aria-hidden="true">{lines}</div>
  <div class="aq-haze-scenes">{pictures}</div>
  <p class="aq-small aq-muted">{MEANING}</p>
</div>"""


def spread(at: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move rising places apart to at least `gap` between them, as little as keeps the order.

    >>> spread([40, 41, 90], 10, 0, 100)
    [35.5, 45.5, 90.0]
    >>> spread([99, 100], 10, 0, 100)
    [90.0, 100.0]
    """
    groups: list[tuple[float, int]] = []  # (sum of the places that the first would have, how many)
    for number, place in enumerate(at):
        total, count = place - gap * number, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            before, many = groups.pop()
            total, count = total + before, count + many
        groups.append((total, count))
    firsts = [total / count for total, count in groups for _ in range(count)]
    top = float(high - gap * (len(at) - 1))
    return [max(low, min(top, first)) + gap * number for number, first in enumerate(firsts)]


def _words() -> str:
    ends: Mapping[int, int] = dict(
        zip((least for least, _ in WORDS), [*(least for least, _ in WORDS[1:]), 100], strict=True)
    )
    return "".join(
        f'<span style="left:{(least + ends[least]) / 2}%">{escape(word)}</span>'
        for least, word in (WORDS[0], WORDS[2], WORDS[3], WORDS[-1])
    )


def _lead(score: float, at: float) -> str:
    """The corners of a thin line from a score down to its picture: Streamlit lets no SVG pass."""
    corners = ((score, 0), (score + 0.3, 0), (at + 0.3, 100), (at, 100))
    return ",".join(f"{x - 0.15:.2f}% {y}%" for x, y in corners)


def _picture(example: Example, at: float) -> str:
    chosen = " aq-chosen" if example.chosen else ""
    title = escape(f"{example.title}: {example.score}", quote=True)
    return (
        f'<figure class="aq-haze-scene{chosen}" style="left:{at:.1f}%" title="{title}">'
        f'<img src="{example.picture}" alt="{title}">'
        f"<figcaption>{example.score}</figcaption></figure>"
    )
