"""A full `metrics.json` of made-up figures, always the same: shaped like the real one."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from aqfusion.metric_values import FIGURES, KINDS

PLACES = {
    "Mumbai": (1762, 22),
    "Bengaluru": (1564, 20),
    "Tamil Nadu": (1154, 15),
    "Biratnagar, Nepal": (960, 12),
    "ITO, Delhi": (840, 10),
    "Knowledge park, Greater Noida": (784, 10),
    "Dimapur, Nagaland": (240, 3),
    "New Ind Town, Faridabad": (120, 2),
}
TITLES = {
    "mobilenetv2_100": "MobileNetV2",
    "resnet18": "ResNet18",
    "efficientnet_b0": "EfficientNet-B0",
}
BASELINES = {
    "constant": 101.1,
    "ridge": 59.3,
    "extra_trees": 51.5,
    "gaussian_process": 54.0,
    "us_formula": 119.9,
    "haze_trees": 88.0,
}
_RMSE = {"fused": 46.0, "image_only": 81.3, "sensors_only": 47.4}
HISTORY_DAYS = {"leak-safe": (None,), "place": (0, 1, 2, 4, 8), "paper": ()}
_KNOWN_DAYS_RMSE = {
    "fused": (70.0, 67.5, 52.0, 43.2, 40.8),
    "image_only": (112.4, 83.6, 74.9, 60.8, 56.7),
    "sensors_only": (71.3, 68.8, 53.1, 44.0, 41.9),
    "nothing": (118.2, 86.8, 78.7, 61.2, 59.9),
}
_KNOWN_DAYS_BASELINES = {
    "constant": (114.7, 114.1, 113.0, 111.8, 110.9),
    "place_mean": (114.7, 98.3, 81.4, 64.6, 60.2),
    "ridge": (88.1, 87.0, 85.5, 83.9, 80.2),
    "ridge_place": (88.1, 80.4, 72.2, 63.0, 58.8),
    "extra_trees": (77.2, 74.3, 70.0, 66.1, 60.3),
    "extra_trees_place": (77.2, 72.5, 66.0, 58.9, 52.4),
    "gaussian_process": (72.9, 71.0, 66.6, 61.5, 57.7),
}
_PROTOCOLS = {"leak-safe": 1.0, "place": 1.5, "paper": 0.05}
_SAYS = {
    "leak-safe": "Five folds by place and day: no day of a place is on both sides.",
    "place": "Each place is left out once and judged by a model that never saw it.",
    "paper": "80 % of the photos to learn from and 20 % to judge, drawn at random.",
}


def planted_metrics(seed: int = 0) -> dict[str, Any]:
    """The whole file as JSON values."""
    rng = np.random.default_rng(seed)
    photos, sessions = (sum(column) for column in zip(*PLACES.values(), strict=True))
    return {
        "format": 1,
        "code_version": "0.3.0",
        "data": {
            "photos": photos,
            "sessions": sessions,
            "groups": 57,
            "places": {place: _counts(counts) for place, counts in PLACES.items()},
            "source": "Air Pollution Image Dataset from India and Nepal",
            "licence": "CC BY-NC-SA 3.0 IGO",
        },
        "published": {
            "source": "arXiv 2509.00353",
            "backbone": "efficientnet_b0",
            "accuracy": 0.9202,
            "rmse": 7.70,
        },
        "models": {
            name: {
                "title": title,
                "bytes": 4_987_108 * number,
                "sha256": "0" * 64,
                "parameters": 2_300_000 * number,
                "backbone_weights": "planted",
                "embed_ms": 17.1 * number,
                "predict_ms": 0.8,
            }
            for number, (name, title) in enumerate(TITLES.items(), start=1)
        },
        "protocols": {
            name: {
                "says": _SAYS[name],
                "baselines": {key: _scores(rmse * hard) for key, rmse in BASELINES.items()},
                "backbones": {
                    backbone: {**_run(rng, hard), "history": _history(HISTORY_DAYS[name])}
                    for backbone in TITLES
                },
                "history_baselines": _history_baselines(HISTORY_DAYS[name]),
            }
            for name, hard in _PROTOCOLS.items()
        },
    }


def write_metrics(path: Path, metrics: dict[str, Any]) -> Path:
    """Save as the file that the page reads."""
    path.write_text(json.dumps(metrics), encoding="utf-8")
    return path


def _counts(counts: tuple[int, int]) -> dict[str, int]:
    return dict(zip(("photos", "sessions"), counts, strict=True))


def _scores(rmse: float) -> dict[str, Any]:
    good = float(np.exp(-rmse / 80))
    values = (good, 0.9 * good, 0.95 * good, rmse, 0.6 * rmse, 1 - (rmse / 100) ** 2)
    figures = {
        name: [
            round(value, 4),
            round(value - 0.1 * abs(value), 4),
            round(value + 0.1 * abs(value) * (1 - good), 4),
        ]
        for name, value in zip(FIGURES, values, strict=True)
    }
    return {"photos": figures, "sessions": figures, "session_rmse": round(0.9 * rmse, 2)}


def _run(rng: np.random.Generator, hard: float) -> dict[str, Any]:
    curve = [
        {
            "readings": shown,
            "masks": masks,
            "sensors_only": round(hard * (44 + 50 * 0.62**shown), 2),
            "fused": round(hard * (41.9 + 27 * 0.6**shown), 2),
            "better_single": round(hard * min(68.7, 44 + 50 * 0.62**shown), 2),
        }
        for shown, masks in enumerate((1, 6, 15, 20, 15, 6, 1))
    ]
    return {
        "recipe": {"epochs": 40},
        "kinds": {kind: _kind(rng, kind, hard) for kind in KINDS},
        "late_fusion": _scores(47.0 * hard),
        "partial_sensors": {
            "by_readings": curve,
            "mean_over_masks": {"sensors_only": 59.1, "fused": 55.5, "better_single": 57.0},
            "fused_wins": 0.9,
        },
        "sessions": [
            _session(rng, place, number, hard)
            for place, (_, sessions) in PLACES.items()
            for number in range(sessions)
        ],
        "guard": {
            "photos": 7424,
            "false_alarms": 0.03,
            "false_alarms_per_place": dict.fromkeys(PLACES, 0.02),
            "pictures": {
                "skimage.data": {"caught": 17, "of": 18},
                "sklearn.datasets": {"caught": 2, "of": 2},
                "rendered night": {"caught": 12, "of": 12},
                "rendered indoor": {"caught": 11, "of": 12},
                "blank": {"caught": 8, "of": 8},
            },
            "caught": 0.96,
        },
        "heat_maps": {
            "photos": 94,
            "taken": [10, 20],
            "random": [0.2, -0.7, 1.1],
            "methods": {
                "GradCAM": _map_method(6.1, 0.11),
                "GradCAM++": _map_method(5.0, 0.25),
                "LayerCAM": _map_method(5.8, 0.2),
                "EigenCAM": {**_map_method(-1.5, 0.0), "like_untrained": None},
            },
        },
    }


def _history(days: tuple[int | None, ...]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "days": count,
            "session_rmse": _with_interval(rmse),
            "network": _KNOWN_DAYS_RMSE[kind][0],
            "site": _KNOWN_DAYS_RMSE["nothing"][step],
            "rmse": round(1.03 * rmse, 2),
            "accuracy": round(0.75 - rmse / 200, 4),
            "coverage": round(0.84 + 0.02 * step, 4),
            "width": round(3 * rmse, 1),
            "draws": 24 if count else 1,
            "places": 0 if count is None else (8, 7, 7, 6, 5)[step],
        }
        for kind, errors in _KNOWN_DAYS_RMSE.items()
        for step, count in _steps(days)
        for rmse in [errors[step]]
    ]


def _history_baselines(days: tuple[int | None, ...]) -> list[dict[str, Any]]:
    return [
        {"method": method, "days": count, "session_rmse": _with_interval(rmse)}
        for method, errors in _KNOWN_DAYS_BASELINES.items()
        for step, count in _steps(days)
        for rmse in [errors[step]]
    ]


def _steps(days: tuple[int | None, ...]) -> list[tuple[int, int | None]]:
    """Which planted figure belongs to each number of days; a known place has many."""
    return [(4 if count is None else step, count) for step, count in enumerate(days)]


def _with_interval(rmse: float) -> list[float]:
    return [rmse, round(0.75 * rmse, 2), round(1.2 * rmse, 2)]


def _map_method(points: float, like_untrained: float) -> dict[str, Any]:
    above = points - 0.2
    return {
        "points": [round(points + step, 1) for step in (0, -1, 1)],
        "above_random": [round(above + step, 1) for step in (0, -1.2, 1.2)],
        "beats_random": 0.79,
        "like_untrained": like_untrained,
    }


def _kind(rng: np.random.Generator, kind: str, hard: float) -> dict[str, Any]:
    shown = range(1) if kind == "image_only" else range(7)
    confidences = [0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]
    return {
        "scores": _scores(_RMSE[kind] * hard),
        "per_place": {
            place: {
                **_counts(counts),
                "accuracy": round(float(rng.uniform(0.3, 0.8)), 3),
                "rmse": round(float(rng.uniform(20, 80)), 1),
                "mae": round(float(rng.uniform(10, 50)), 1),
                "coverage": round(float(rng.uniform(0.82, 0.99)), 3),
                "width": round(float(rng.uniform(80, 220)), 1),
            }
            for place, counts in PLACES.items()
        },
        "confusion": [
            [int(1500 * np.exp(-((row - column) ** 2)) * (1 + row) / 6) for column in range(6)]
            for row in range(6)
        ],
        "calibration": {
            "before": {"ece": 0.12, "brier": 0.61},
            "after": {"ece": 0.05, "brier": 0.54},
            "reliability": [
                {
                    "confidence": confidence,
                    "accuracy": round(confidence - float(rng.uniform(-0.03, 0.08)), 3),
                    "photos": int(2000 * (1.1 - confidence)),
                }
                for confidence in confidences
            ],
        },
        "interval": {"coverage": 0.92, "width": 126.1},
        "interval_by_readings": [
            {
                "readings": count,
                "coverage": round(0.88 + 0.01 * count, 3),
                "width": round(240.0 - 18 * count, 1),
            }
            for count in shown
        ],
    }


def _session(rng: np.random.Generator, place: str, number: int, hard: float) -> dict[str, Any]:
    measured = int(rng.choice([45, 80, 130, 160, 180, 240, 320, 400]) + rng.integers(-20, 20))
    predicted = {}
    for kind in KINDS:
        aqi = float(np.clip(measured + hard * rng.normal(0, _RMSE[kind]), 5, 490))
        reach = hard * _RMSE[kind]
        predicted[kind] = [round(aqi, 1), round(max(0, aqi - reach), 1), round(aqi + reach, 1)]
    key = f"{place}|2023|2|1|{number}:00"
    return {"session": key, "place": place, "photos": 79, "measured": measured, **predicted}
