"""Nothing that this program uses keeps an identifier of the computer or sends anything home."""

import os
import subprocess
import sys

from aqfusion.settings import ASSETS, ROOT


def test_onnx_runtime_keeps_no_identifier_of_the_computer(tmp_path):
    graph = ASSETS / "graphs" / "mobilenetv2_100.onnx"
    program = (
        "import contextlib, aqfusion, onnxruntime\n"
        "with contextlib.suppress(Exception):  # its weights are in another file\n"
        f"    onnxruntime.InferenceSession({str(graph)!r})\n"
    )
    environment = {name: value for name, value in os.environ.items() if name[:4] != "ORT_"}
    environment |= {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("XDG_CACHE_HOME", None)
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
    assert [*tmp_path.rglob("*")] == []
