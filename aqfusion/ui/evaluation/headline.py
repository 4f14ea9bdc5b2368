"""The paper's figures, ours by the paper's split and leak-safe; then those of new places."""

from html import escape

from aqfusion.figures import Estimate
from aqfusion.history_figures import unknown_place
from aqfusion.metrics import Metrics
from aqfusion.settings import DEFAULT_MODEL
from aqfusion.ui.evaluation.words import BACKBONES, NOT_YET
from aqfusion.ui.table import number

_PAPER = "A random split of photos, where leaked frames help. No one can expect it of a new day."
_OURS_PAPER = "Our model on such a random split. It leaks: for comparison with the paper only."
_LEAK_SAFE = (
    "Every photo judged by a model that never saw its place on that day. This is what to expect."
)


def headline(metrics: Metrics) -> str:
    """Draw three cards, with the leak-safe one in front, and a sentence on new places."""
    published = metrics.published
    title = BACKBONES.get(published.backbone, published.backbone)
    cards = (
        _card(
            "Published",
            f"{published.source}, {title}",
            _figures(number(published.accuracy, ".2%"), f"{published.rmse:.2f}"),
            _PAPER,
        )
        + _ours(metrics, "paper", "Ours, split as in the paper", _OURS_PAPER)
        + _ours(metrics, "leak-safe", "Ours, leak-safe", _LEAK_SAFE, counts=True)
    )
    return f'<div class="aq aq-headline">{cards}{_unknown_place(metrics)}</div>'


def headline_backbone(metrics: Metrics, protocol: str) -> str | None:
    """Return the app's own model, else the paper's, else any that is computed."""
    protocol_metrics = metrics.protocols.get(protocol)
    runs = (
        {name: run for name, run in protocol_metrics.backbones.items() if "fused" in run.kinds}
        if protocol_metrics
        else {}
    )
    return next(
        (name for name in (DEFAULT_MODEL, metrics.published.backbone, *runs) if name in runs), None
    )


def _unknown_place(metrics: Metrics) -> str:
    backbone = headline_backbone(metrics, "place")
    if backbone is None:
        return ""
    protocol = metrics.protocols["place"]
    sentence = unknown_place(protocol.backbones[backbone].history, protocol.history_baselines)
    if sentence is None:
        return ""
    about = f"{BACKBONES.get(backbone, backbone)}, photo only"
    card = _card("Ours, at a place never seen", about, "", sentence.replace(" %", "\u00a0%"))
    return f'<div class="aq-wide">{card}</div>'


def _ours(metrics: Metrics, protocol: str, title: str, meaning: str, counts: bool = False) -> str:
    backbone = headline_backbone(metrics, protocol)
    if backbone is None:
        return _card(title, "", f'<p class="aq-muted">{NOT_YET.capitalize()}.</p>', meaning, counts)
    photos = metrics.protocols[protocol].backbones[backbone].kinds["fused"].scores.photos
    accuracy, rmse = photos["accuracy"], photos["rmse"]
    figures = _figures(
        number(accuracy.value, ".1%"),
        f"{rmse.value:.1f}",
        _between(accuracy, ".1%"),
        _between(rmse, ".1f"),
    )
    about = f"{BACKBONES.get(backbone, backbone)}, photo and readings"
    return _card(title, about, figures, meaning, counts)


def _figures(accuracy: str, rmse: str, accuracy_range: str = "", rmse_range: str = "") -> str:
    return (
        f'<div class="aq-pair"><div><div class="aq-number">{accuracy}</div>'
        f'<div class="aq-small">photos in the right category</div>'
        f'<div class="aq-small aq-muted">{accuracy_range}</div></div>'
        f'<div><div class="aq-number">{rmse}</div>'
        f'<div class="aq-small">RMSE in AQI points</div>'
        f'<div class="aq-small aq-muted">{rmse_range}</div></div></div>'
    )


def _between(estimate: Estimate, form: str) -> str:
    return f"{number(estimate.low, form)} to {number(estimate.high, form)}"


def _card(title: str, about: str, figures: str, meaning: str, counts: bool = False) -> str:
    badge = '<span class="aq-pill aq-badge">The number that counts</span>' if counts else ""
    return (
        f'<section class="aq-card{" aq-counts" if counts else ""}">'
        f'<div class="aq-title">{escape(title)} {badge}</div>'
        f'<div class="aq-muted aq-small">{escape(about)}</div>{figures}'
        f'<p class="aq-small">{escape(meaning)}</p></section>'
    )
