"""Model cards (Mitchell et al. 2019) of the shipped models, from their files and figures."""

from pathlib import Path
from typing import Any

from aqfusion.evaluation.latency import READING, median_ms
from aqfusion.images.photo import Photo
from aqfusion.io.atomic_files import replace_file
from aqfusion.metric_values import Estimate
from aqfusion.metrics import HistoryBaseline, HistoryFigures, unknown_place
from aqfusion.model.architecture import backbone
from aqfusion.model.checkpoint import CARD, CONFIG, WEIGHTS
from aqfusion.model.config import read_json
from aqfusion.model.predictor import Predictor, load_model, shipped_names
from aqfusion.network.checkpoint import trained
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes import scenes

KIND_NAMES = {
    "fused": "photo and readings",
    "image_only": "photo only",
    "sensors_only": "readings only",
}
_PROTOCOLS = {
    "leak-safe": "leak-safe",
    "place": "a new place",
    "paper": "as in the paper (leaks)",
}
_NOT_MEASURED = "Not measured."


def card(name: str, config: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Markdown of the model called `name`: `config` is its config.json, `metrics` metrics.json."""
    trunk = backbone(config["architecture"]["backbone"])
    about = config["about"]
    runs = {
        protocol: entry["backbones"][trunk.name]
        for protocol, entry in metrics["protocols"].items()
        if trunk.name in entry["backbones"]
    }
    leak_safe = runs.get("leak-safe")
    return f"""# {name}

<!-- Written by `python -m aqfusion cards`; do not edit. -->

AQFusionNet (arXiv 2509.00353) on {trunk.title}: the US AQI, its 90 % interval and its category from
a photo of the sky, up to six pollutant readings, or both.

{_size(name, metrics)}

## Intended use

Teaching, outreach and research. Not an official index, not medical advice, not for regulation.
It was made for outdoor photos taken by day with some sky and distance in them.

## Data and licences

- Learned from {len(config["sessions"])} sessions (place and hour) of: {about["data_licence"]}.
- Initial weights of the backbone: {about["backbone_weights"]}.
- These weights may therefore be used for non-commercial purposes only, and must be shared under
  the same terms.

## Figures

Leak-safe means: five folds by place and day; every photo is predicted by a network, a gate and
intervals that never saw its fold. These weights were trained on all folds with the same recipe, so
they cannot be evaluated on the same data again. The protocol of the paper splits photos at random,
which puts frames of one video, with the same readings and the same AQI, into both training and test
data: its results show how well the training data are memorised. In brackets: 95 % intervals by
bootstrap over place-days.

{_figures(runs)}{_unknown_place(metrics, trunk.name)}

{_leak_safe_details(leak_safe) if leak_safe else _NOT_MEASURED}
## Known failures

- Clouds are mistaken for haze: very few photos in the data show many clouds.
- Night, fog, rain and snow are not in the training data. Photo screening rejects what it recognises
  as unsuitable, and the prediction is then based on the readings.
- The data give readings without units, and CO differs between places by a factor of hundreds: a
  reading in the expected unit may be far from all training data.
- The six readings together identify the place: with all of them given, the model can recognise a
  place (a fingerprint) instead of judging its air. The results for a new place show what remains.
- The data come from eight places in India and Nepal, a few weeks each: predictions for other
  climates and cameras are a guess.

## Recipe

{_recipe(about["recipe"])}
"""


def _size(name: str, metrics: dict[str, Any]) -> str:
    model = metrics["models"].get(name)
    if model is None:
        return ""
    return (
        f"{model['parameters'] / 1e6:.1f} million parameters, {model['bytes'] / 1e6:.1f} MB, "
        f"{model['embed_ms']:.0f} ms a photo on two processor cores."
    )


def _figures(runs: dict[str, dict[str, Any]]) -> str:
    head = ["protocol", "input", "accuracy", "RMSE", "MAE", "R²", "90 % interval coverage"]
    rows = []
    for protocol, title in _PROTOCOLS.items():
        if protocol not in runs:
            rows.append([title, "not measured", *["-"] * 5])
            continue
        for kind, figures in runs[protocol]["kinds"].items():
            photos = figures["scores"]["photos"]
            rows.append(
                [
                    title,
                    KIND_NAMES[kind],
                    _with_interval(photos["accuracy"], 2),
                    _with_interval(photos["rmse"], 1),
                    _with_interval(photos["mae"], 1),
                    f"{photos['r2'][0]:.2f}",
                    f"{100 * figures['interval']['coverage']:.0f} %",
                ]
            )
    return table(head, rows)


def _unknown_place(metrics: dict[str, Any], trunk: str) -> str:
    """The paragraph on places never seen; nothing where that is not measured."""
    protocol_metrics = metrics["protocols"].get("place", {})
    run = protocol_metrics.get("backbones", {}).get(trunk, {})
    text = unknown_place(
        [HistoryFigures(**_of_estimate(entry)) for entry in run.get("history", [])],
        [
            HistoryBaseline(**_of_estimate(entry))
            for entry in protocol_metrics.get("history_baselines", [])
        ],
    )
    return f"\n\n{text}" if text else ""


def _of_estimate(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "session_rmse": Estimate(*entry["session_rmse"])}


def _leak_safe_details(run: dict[str, Any]) -> str:
    fused, image = run["kinds"]["fused"]["per_place"], run["kinds"]["image_only"]["per_place"]
    places = [
        [
            place,
            str(figures["sessions"]),
            str(figures["photos"]),
            f"{figures['accuracy']:.2f}",
            f"{figures['rmse']:.1f}",
            f"{image[place]['rmse']:.1f}",
            f"{100 * figures['coverage']:.0f} %",
            f"{figures['width']:.0f}",
        ]
        for place, figures in fused.items()
    ]
    head = ["place", "sessions", "photos", "accuracy", "RMSE", "RMSE, photo only"]
    head += ["90 % interval coverage", "interval width"]
    masks = [
        [str(row["readings"]), f"{row['sensors_only']:.1f}", f"{row['fused']:.1f}"]
        for row in run["partial_sensors"]["by_readings"]
    ]
    return (
        f"By place, leak-safe, photo and readings:\n\n{table(head, places)}\n\n"
        "Session RMSE by the number of readings given, leak-safe:\n\n"
        f"{table(['readings', 'without photo', 'with photo'], masks)}\n\n{_guard(run)}"
    )


def _guard(run: dict[str, Any]) -> str:
    guard = run.get("guard")
    if guard is None:
        return ""
    sets = ", ".join(
        f"{name} {counts['caught']} of {counts['of']}" for name, counts in guard["pictures"].items()
    )
    return (
        f"Photo screening rejects {100 * guard['false_alarms']:.1f} % of real photos of unseen "
        f"folds and {100 * guard['caught']:.0f} % of unsuitable pictures, each shown to the "
        f"screening models of all folds ({sets}).\n"
    )


def _recipe(recipe: dict[str, Any]) -> str:
    plain = {name: value for name, value in recipe.items() if name != "distilled_from"}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in plain.items()) + "."


def _with_interval(figure: list[float], digits: int) -> str:
    value, low, high = figure
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shipped_models() -> dict[str, dict[str, Any]]:
    """By name: title, bytes and checksum of the weights, parameters, origin, milliseconds."""
    photo = Photo.open(ASSETS / "scenes" / scenes()[0].file)
    return {name: _about(load_model(name), name, photo) for name in shipped_names()}


def write_cards() -> list[Path]:
    """Write each shipped model's card from its config and `assets/metrics.json`."""
    cards = [(name, ASSETS / "models" / name / CARD) for name in shipped_names()]
    for name, path in cards:
        replace_file(path, card_of(name).encode())
    return [path for _, path in cards]


def card_of(name: str) -> str:
    """The card of a shipped model."""
    config = read_json(ASSETS / "models" / name / CONFIG)
    return card(name, config, read_json(ASSETS / "metrics.json"))


def _about(predictor: Predictor, name: str, photo: Photo) -> dict[str, Any]:
    checkpoint = predictor.checkpoint
    embedding = predictor.embed(photo)
    return {
        "title": backbone(checkpoint.config.architecture.backbone).title,
        "bytes": (ASSETS / "models" / name / WEIGHTS).stat().st_size,
        "sha256": checkpoint.sha256,
        "parameters": sum(
            parameter.numel() for parameter in trained(checkpoint).network.parameters()
        ),
        "backbone_weights": checkpoint.config.about["backbone_weights"],
        "embed_ms": round(median_ms(lambda: predictor.embed(photo)), 2),
        "predict_ms": round(median_ms(lambda: predictor.predict(READING, embedding)), 2),
    }
