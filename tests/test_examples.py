"""The examples run as they are, and print what the package itself says."""

import os
import re
import subprocess
import sys

from aqfusion import Photo, Reading, load_model
from aqfusion.settings import ASSETS, ROOT


def test_the_example_prints_predictions_whose_contributions_add_up():
    done = subprocess.run(
        [sys.executable, "examples/predict_with_a_site.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    photo = Photo.open(ASSETS / "scenes" / "haze.jpg")
    fused = load_model().predict(Reading(pm25=80, no2=40), photo).fused
    assert f"photo and readings: AQI {fused.aqi} ({fused.low} to {fused.high})" in done.stdout
    base = float(re.search(r"without any input: AQI (\d+)", done.stdout)[1])
    points = [float(value) for value in re.findall(r"^  \w+: ([+-][\d.]+)$", done.stdout, re.M)]
    assert len(points) == 3
    assert abs(base + sum(points) - fused.aqi) <= 1.2  # rounded five times
    assert re.search(r"with four days of My roof: AQI \d+", done.stdout)
