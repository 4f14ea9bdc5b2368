"""How long the steps of a prediction take on this machine, all measured in one run."""

import io
from collections.abc import Callable
from typing import Any

from PIL import Image

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.model.latency import READING, REPEATS, median_ms
from aqfusion.model.predict import load_model
from aqfusion.photo import Photo
from aqfusion.scenes import scenes
from aqfusion.settings import ASSETS


def bench(model: str, repeats: int = REPEATS) -> dict[str, Any]:
    """Median milliseconds of each step, and what matters about them as ratios."""
    predictor = load_model(model)
    scene = (ASSETS / "scenes" / scenes()[0].file).read_bytes()
    upload = _enlarged(scene, (4000, 3000))
    photo = Photo.decode(scene)
    embedding = predictor.embed(photo)
    steps: dict[str, Callable[[], object]] = {
        "decode_12_megapixels": lambda: Photo.decode(upload),
        "embed_photo": lambda: predictor.embed(photo),
        "predict_from_embedding": lambda: predictor.predict(READING, embedding),
        "predict_from_photo": lambda: predictor.predict(READING, photo),
        "formulas": lambda: [standard(key).index(READING) for key in STANDARDS],
    }
    ms = {name: median_ms(step, repeats) for name, step in steps.items()}
    slider = ms["predict_from_embedding"] + ms["formulas"]
    whole = ms["decode_12_megapixels"] + ms["predict_from_photo"] + ms["formulas"]
    return {
        "model": predictor.name,
        "repeats": repeats,
        "median_ms": {name: round(value, 2) for name, value in ms.items()},
        "ratios": {
            "slider_move_to_new_upload": round(slider / whole, 4),
            "decode_to_embed": round(ms["decode_12_megapixels"] / ms["embed_photo"], 3),
        },
    }


def _enlarged(data: bytes, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).resize(size).save(stream, "JPEG", quality=90)
    return stream.getvalue()
