"""Promotes one version after the other until it is killed; says each that is done.

python worker.py HOME
"""

import os
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from aqfusion.background_jobs import running
from aqfusion.registry.registry import TERMINAL, Registry

FILES = ("config.json", "metrics.json", "model.safetensors")
ABOUT = {"base": "base", "gate": {"passed": True, "reasons": []}}


def fill(folder: Path) -> None:
    for name in FILES:
        (folder / name).write_bytes(os.urandom(100_000))


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(home: Path) -> None:
    registry = Registry(home, "base")
    import_module("pydantic")  # which reading imports: a kill shall come amid the work
    registry.current()
    with running(home, "Ada", lambda text: None, None) as run:
        _say("ready")
        while True:
            run.report("making a version")
            parent = registry.current().version
            version = registry.add(fill, {**ABOUT, "parent": parent})
            registry.promote(TERMINAL, version.name, "", datetime.now(UTC))
            _say(version.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
