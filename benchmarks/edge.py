"""Size, latency and loss of exported models: writes docs/edge.json and the table of docs/edge.md.

python -m benchmarks.edge --data FOLDER
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from aqfusion.edge.export import ExportedModel, write_folder
from aqfusion.edge.int8 import Attempt, attempts
from aqfusion.images.photo import Photo
from aqfusion.io.atomic_files import replace_file
from aqfusion.model.image_session import OUTPUTS, PIXELS, session_options
from aqfusion.model.pixels import pixels
from aqfusion.model.predictor import shipped_names
from aqfusion.settings import ASSETS, ROOT

FIGURES, PAGE = ROOT / "docs" / "edge.json", ROOT / "docs" / "edge.md"
START, END = "<!-- table: python -m benchmarks.edge -->", "<!-- end of table -->"
_ROUNDS = 40


def table(figures: Mapping[str, Any]) -> str:
    """The table of the page."""
    lines = [
        "| model | folder, MB | one photo, ms | RMSE of a photo alone | answers move by (RMS) |",
        "|---|---|---|---|---|",
    ]
    for name, rows in figures["models"].items():
        plain, small = rows["float32"], rows["int8"]
        loss = small["loss"]
        kept = f", first {small['float_layers']} layers float32" if small["float_layers"] else ""
        refused = "" if small["offered"] else " (**refused**)"
        lines += [
            f"| {name}, float32 | {plain['megabytes']:.1f} | {plain['ms']:.1f} | "
            f"{loss['rmse_float']:.1f} | |",
            f"| {name}, int8{kept}{refused} | {small['megabytes']:.1f} | {small['ms']:.1f} | "
            f"{loss['rmse_int8']:.1f} ({loss['rmse_loss']:+.2f}) | {loss['answers_moved']:.1f} |",
        ]
    return "\n".join(lines)


def measure(name: str, data: Path) -> dict[str, Any]:
    """Both precisions of a model: in int8 the first attempt that is cheap, or else the best."""
    plain = ExportedModel.of(name)
    chosen: Attempt | None = None
    for attempt in attempts(plain, None, data, print):
        if chosen is None or attempt.loss.rmse_loss < chosen.loss.rmse_loss:
            chosen = attempt
        if attempt.is_cheap:
            break
    assert chosen is not None
    plain_ms, int8_ms = latencies(plain.graph, chosen.model.graph)
    return {
        "float32": {"megabytes": folder_megabytes(plain), "ms": plain_ms},
        "int8": {
            "megabytes": folder_megabytes(chosen.model),
            "ms": int8_ms,
            "float_layers": chosen.float_layers,
            "offered": chosen.is_cheap,
            "loss": chosen.loss.as_json(),
        },
    }


def folder_megabytes(model: ExportedModel) -> float:
    """The size of the whole folder."""
    with tempfile.TemporaryDirectory() as work:
        return round(float(write_folder(Path(work) / "out", model)["bytes"]) / 1e6, 2)


def latencies(*graphs: bytes) -> list[float]:
    """The median time of each graph for one photo in ms, in turns."""
    photo = pixels(Photo.open(ASSETS / "scenes" / "haze.jpg"))[None]
    sessions = [
        onnxruntime.InferenceSession(graph, session_options(), providers=["CPUExecutionProvider"])
        for graph in graphs
    ]
    times = np.zeros((_ROUNDS, len(sessions)))
    for row in times:
        for place, session in enumerate(sessions):
            start = time.perf_counter()
            session.run(OUTPUTS, {PIXELS: photo})
            row[place] = 1e3 * (time.perf_counter() - start)
    return [round(statistics.median(column), 2) for column in times.T.tolist()]


def with_table(page: str, figures: Mapping[str, Any]) -> str:
    """The page with the table of the figures."""
    before, _, rest = page.partition(START)
    return f"{before}{START}\n\n{table(figures)}\n\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Measure, and write both files after each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data folder with measured AQI")
    parser.add_argument("--model", nargs="*", default=shipped_names(), help="default: all shipped")
    given = parser.parse_args()
    figures: dict[str, Any] = {"models": {}}
    if FIGURES.is_file():
        figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    for name in given.model:
        figures["models"][name] = measure(name, given.data)
        figures["models"] = dict(sorted(figures["models"].items()))
        replace_file(FIGURES, (json.dumps(figures, indent=1) + "\n").encode())
        page = with_table(PAGE.read_text(encoding="utf-8"), figures)
        replace_file(PAGE, page.encode())


if __name__ == "__main__":
    main()
