"""Time of the steps of a prediction on this machine, all measured in one run.

    python benchmarks/predict.py [--model NAME_OR_FOLDER]

Prints JSON: compare the ratios, milliseconds only hold for this machine at this moment.
"""

import io
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.cli.main import run_command
from aqfusion.cli.options import model_option, print_json
from aqfusion.evaluation.latency import READING, REPEATS, median_ms
from aqfusion.explain.attribution import ablations, contributions
from aqfusion.explain.saliency import saliency_map
from aqfusion.explain.what_if import WhatIfInput, search
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import load_model
from aqfusion.settings import ASSETS, load_settings
from aqfusion.synthetic_scenes import scenes

_SWEPT = np.linspace(0, 500, 121)  # ug/m3, as many values as the Explain page draws
_WANTED = standard("us").categories[0]


def bench(model: str, repeats: int = REPEATS) -> dict[str, Any]:
    """Median milliseconds of each step, and what matters about them as ratios."""
    predictor = load_model(model)
    scene = (ASSETS / "scenes" / scenes()[0].file).read_bytes()
    upload = _enlarged(scene, (4000, 3000))
    photo = Photo.decode(scene)
    embedding = predictor.embed(photo)
    scene_given = WhatIfInput(partial(predictor.ask, embedding), READING, has_photo=True)
    steps: dict[str, Callable[[], object]] = {
        "decode_12_megapixels": lambda: Photo.decode(upload),
        "embed_photo": lambda: predictor.embed(photo),
        "predict_from_embedding": lambda: predictor.predict(READING, embedding),
        "predict_from_photo": lambda: predictor.predict(READING, photo),
        "formulas": lambda: [standard(key).index(READING) for key in STANDARDS],
        "ablation_and_shapley": lambda: _contributions(scene_given),
        "what_if_sweep": lambda: scene_given.changed({"pm25": _SWEPT}),
        "what_if_search": lambda: search(scene_given, "pm25", _WANTED, READING.pm25 or 0.0),
        "heat_map": lambda: saliency_map(predictor, photo),
    }
    ms = {name: median_ms(step, repeats) for name, step in steps.items()}
    slider = ms["predict_from_embedding"] + ms["formulas"]
    explained = ms["ablation_and_shapley"]
    upload_ms = ms["decode_12_megapixels"] + ms["predict_from_photo"] + ms["formulas"]
    return {
        "model": predictor.name,
        "repeats": repeats,
        "median_ms": {name: round(value, 2) for name, value in ms.items()},
        "ratios": {
            "slider_move_to_new_upload": round(slider / upload_ms, 4),
            "decode_to_embed": round(ms["decode_12_megapixels"] / ms["embed_photo"], 3),
            "explanation_to_slider_move": round(explained / slider, 3),
            "heat_map_to_embed": round(ms["heat_map"] / ms["embed_photo"], 3),
        },
    }


def _contributions(scene: WhatIfInput) -> object:
    """The explanations that a slider move computes anew, from one batch."""
    all_coalitions = scene.coalitions()
    return ablations(all_coalitions), contributions(all_coalitions)


def _enlarged(data: bytes, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).resize(size).save(stream, "JPEG", quality=90)
    return stream.getvalue()


@click.command()
@model_option()
def main(model: str | None) -> None:
    """Time the steps of a prediction in one run, as JSON."""
    print_json(bench(model or load_settings().model))


if __name__ == "__main__":
    sys.exit(run_command(main, "benchmarks/predict.py"))
