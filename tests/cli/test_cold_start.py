"""`predict` in the terminal: no torch, little memory, whatever else is installed."""

import json
import subprocess
import sys

from aqfusion.settings import ASSETS, ROOT

HEAVY = ("torch", "timm", "onnx", "streamlit", "sqlalchemy", "pandas", "scipy", "sklearn", "cv2")
MOST_MB = 150
PROGRAM = f"""
import json, sys
from aqfusion.cli import main
code = main(["predict", "--image", sys.argv[1], "--pm25", "80"])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
heavy = sorted({set(HEAVY)!r} & set(sys.modules))
print(json.dumps([code, int(peak.split()[1]) / 1024, heavy]), file=sys.stderr)
"""


def test_predict_in_the_terminal_loads_no_torch_and_stays_small():
    scene = ASSETS / "scenes" / "haze.jpg"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(scene)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["modalities"] == ["image", "sensors"]
    code, peak_mb, heavy = json.loads(done.stderr.splitlines()[-1])
    assert (code, heavy) == (0, [])
    assert peak_mb < MOST_MB


def test_what_serves_imports_no_torch():
    names = [
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for path in sorted((ROOT / "aqfusion" / "model").glob("*.py"))
    ]
    program = f"import sys, {', '.join(names)}; print({{*{HEAVY!r}}} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
