"""The figures of all parts in one JSON file, with the machine that they are from."""

import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aqfusion import __version__
from aqfusion.bulk.processes import usable_cores
from aqfusion.io.atomic_files import replace_file
from aqfusion.settings import ROOT

RESULTS = ROOT / "benchmarks" / "results" / "performance.json"
_PACKAGES = ("torch", "onnxruntime", "numpy", "pillow", "streamlit", "distributed")
_AVX = ("avx512_vnni", "avx512f", "avx2")


def machine() -> dict[str, Any]:
    """What figures depend on; no name of a machine and no path."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    lines = dict(line.partition(":")[::2] for line in text.splitlines())
    rows = {name.strip(): value.strip() for name, value in lines.items()}
    extension = next((name for name in _AVX if name in rows.get("flags", "").split()), "")
    return f"{rows.get('model name', platform.machine())} {extension}".strip()


def timed(run: Callable[[], dict[str, Any]], quick: bool) -> dict[str, Any]:
    """A part's figures, with when they are from and how busy the machine was."""
    before, begun = os.getloadavg()[0], time.monotonic()
    figures = run()
    return {
        "version": __version__,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - begun, 1),
        "load_before": round(before, 2),  # of the minute before; the part's own is no part of it
        "quick": quick,
        "figures": figures,
    }


def read(path: Path = RESULTS) -> dict[str, Any]:
    """All results so far; empty where there are none."""
    if not path.is_file():
        return {"machine": {}, "parts": {}}
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return results


def with_part(results: Mapping[str, Any], name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    """The results with a part measured anew, on this machine."""
    own = machine()
    same = results.get("machine") == own
    kept = results["parts"] if same else {}  # figures of two machines are not compared
    return {"machine": own, "parts": {**kept, name: dict(part)}}


def write(results: Mapping[str, Any], path: Path = RESULTS) -> None:
    """Replace the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    replace_file(path, f"{text}\n".encode())
