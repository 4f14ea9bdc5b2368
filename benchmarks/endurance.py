"""Ten visitors for an hour: what the server's memory comes to. Not in a run of all parts."""

from typing import Any

from aqfusion.load_test.soak import SoakPlan, soak

_SECONDS, _VISITORS = 3600.0, 10


def endurance(quick: bool) -> dict[str, Any]:
    """The figures of `aqfusion bench --soak 60 --visitors 10`, and the memory's median as such."""
    figures = soak(SoakPlan(8.0 if quick else _SECONDS, 1 if quick else _VISITORS), lambda _: None)
    memory = figures["memory"] or {}
    kept = ("seconds", "visitors", "passed", "reasons", "run_times", "memory")
    return {name: figures[name] for name in kept} | {
        "errors": figures["errors"]["count"],
        "median_mb": memory.get("median_mb"),
        "peak_mb": memory.get("peak_mb"),
    }


PARTS = {"soak": endurance}
