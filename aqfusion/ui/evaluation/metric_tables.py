"""Tables of metrics: protocols, backbones, baselines, places, photo screening, saliency maps."""

from collections.abc import Callable, Mapping
from html import escape

from aqfusion.metric_values import Estimate, PlaceFigures, Scores
from aqfusion.metrics import (
    Metrics,
    PhotoScreenMetrics,
    ProtocolMetrics,
    Run,
    SaliencyMetrics,
    unknown_place,
)
from aqfusion.settings import DEFAULT_MODEL
from aqfusion.ui.evaluation import text
from aqfusion.ui.evaluation.text import BACKBONES, NOT_YET
from aqfusion.ui.table import Cell, Column, Table, number

_PAPER = (
    "A random split of photos, in which leaked frames help. These results cannot be expected on "
    "a new day."
)
_OURS_PAPER = (
    "Our model on such a random split. The split leaks, so this is only for comparison with the "
    "paper."
)
_LEAK_SAFE = (
    "Every photo is predicted by a model that never saw its place on that day. This is what to "
    "expect."
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
    card = _card("Ours, at a new place", about, "", sentence.replace(" %", "\u00a0%"))
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
    badge = '<span class="aq-pill aq-badge">Realistic result</span>' if counts else ""
    return (
        f'<section class="aq-card{" aq-counts" if counts else ""}">'
        f'<div class="aq-title">{escape(title)} {badge}</div>'
        f'<div class="aq-muted aq-small">{escape(about)}</div>{figures}'
        f'<p class="aq-small">{escape(meaning)}</p></section>'
    )


_MODEL = (
    Column("backbone"),
    Column("size in MB", ".1f"),
    Column("parameters in millions", ".1f"),
    Column("ms per photo", ".1f"),
    Column("ms per prediction", ".1f"),
)
_FIGURES = (
    Column("accuracy", ".0%"),
    Column("RMSE", ".1f"),
    Column("session RMSE", ".1f"),
    Column("initial weights"),
)


def backbone_table(metrics: Metrics, protocol: str) -> Table:
    """List all three with photo and readings, photos weighing alike."""
    rows = (_backbone_row(metrics, protocol, name, title) for name, title in text.BACKBONES.items())
    return Table((*_MODEL, *_FIGURES), tuple(rows))


def _backbone_row(metrics: Metrics, protocol: str, name: str, title: str) -> tuple[Cell, ...]:
    model, run = metrics.models.get(name), metrics.run(protocol, name)
    about: tuple[Cell, ...] = (None, None, None, None)
    if model:
        about = (model.bytes / 1e6, model.parameters / 1e6, model.embed_ms, model.predict_ms)
    if run is None or "fused" not in run.kinds:
        return title, *about, text.NOT_YET
    scores = run.kinds["fused"].scores
    weights = model.backbone_weights if model else None
    return (
        title,
        *about,
        scores.photos["accuracy"],
        scores.photos["rmse"],
        scores.session_rmse,
        weights,
    )


_SCORE_COLUMNS = (
    Column("method"),
    Column("sees"),
    Column("accuracy", ".0%"),
    Column("macro F1", ".2f"),
    Column("kappa", ".2f"),
    Column("RMSE", ".1f"),
    Column("MAE", ".1f"),
    Column("R²", ".2f"),
    Column("session RMSE", ".1f"),
)
_SEES = {"fused": "both", "image_only": "photo", "sensors_only": "readings"}


def score_table(protocol: ProtocolMetrics, run: Run | None, by_session: bool) -> Table:
    """List our model by kind of input, then the baselines; `by_session`: sessions weigh alike."""
    kinds = run.kinds if run else {}
    ours = [
        (f"Ours: {title.lower()}", _SEES[kind], kinds[kind].scores if kind in kinds else None)
        for kind, title in text.KINDS.items()
    ]
    ours.insert(1, (text.LATE_FUSION, "both", run.late_fusion if run else None))
    baselines = protocol.baselines
    others = [(title, sees, baselines.get(name)) for name, (title, sees) in text.BASELINES.items()]
    row = _score_row(by_session)
    return Table(_SCORE_COLUMNS, tuple(row(*entry) for entry in [*ours, *others]))


def _score_row(by_session: bool) -> Callable[[str, str, Scores | None], tuple[Cell, ...]]:
    def row(title: str, sees: str, scores: Scores | None) -> tuple[Cell, ...]:
        if scores is None:
            return title, sees, text.NOT_YET
        figures = scores.sessions if by_session else scores.photos
        return title, sees, *figures.values(), scores.session_rmse

    return row


_PLACE_COLUMNS = (
    Column("place"),
    Column("photos"),
    Column("sessions"),
    Column("accuracy", ".0%"),
    Column("RMSE", ".1f"),
    Column("MAE", ".1f"),
    Column("90 % interval coverage", ".0%"),
    Column("interval width", ".0f"),
)


def place_table(places: Mapping[str, PlaceFigures]) -> Table:
    """A row per place; errors and widths are in AQI points."""
    rows = (
        (name, p.photos, p.sessions, p.accuracy, p.rmse, p.mae, p.coverage, p.width)
        for name, p in places.items()
    )
    return Table(_PLACE_COLUMNS, tuple(rows))


def alarm_table(guard: PhotoScreenMetrics) -> Table:
    """False alarms on fit photos, all together and by place."""
    rows = (("All photos", guard.false_alarms), *guard.false_alarms_per_place.items())
    return Table((Column("photos of"), Column("false alarms", ".1%")), rows)


def catch_table(guard: PhotoScreenMetrics) -> Table:
    """Catches by set of pictures; a set's own share, and the share over all."""
    rows = (
        (name, counts.caught, counts.of, counts.caught / counts.of if counts.of else None)
        for name, counts in guard.pictures.items()
    )
    columns = (Column("set"), Column("caught"), Column("pictures"), Column("share", ".0%"))
    pictures = sum(counts.of for counts in guard.pictures.values())
    caught = sum(counts.caught for counts in guard.pictures.values())
    return Table(columns, (("All sets", caught, pictures, guard.caught), *rows))


RANDOM = "Random map"


def heat_map_table(saliency: SaliencyMetrics) -> Table:
    """A row per method, below that of a random map."""
    columns = (
        Column("map"),
        Column("ROAD score in AQI points", ".1f"),
        Column("difference from a random map", ".1f"),
        Column("photos better than random", ".0%"),
        Column("similarity to an untrained network", ".2f"),
    )
    rows = (
        (name, method.points, method.above_random, method.beats_random, method.like_untrained)
        for name, method in saliency.methods.items()
    )
    return Table(columns, ((RANDOM, saliency.random, None, None, None), *rows))


def heat_map_sentence(saliency: SaliencyMetrics) -> str:
    """A sentence on the test, and the number of photos."""
    removed = " and ".join(number(share / 100, ".0%") for share in saliency.taken)
    return (
        f"Maps of what raises the AQI, on {saliency.photos} photos of sessions that the network "
        f"had not seen. Of the pixels, {removed} were painted over. Small print: 95\u00a0% "
        "intervals by bootstrap over place-days."
    )
