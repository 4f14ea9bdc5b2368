"""Render every shipped scene into a folder, the same pixels each time."""

import os
from pathlib import Path

from aqfusion.scenes.catalog import scenes
from aqfusion.scenes.picture import render

JPEG_QUALITY = 85


def write_scenes(folder: Path) -> None:
    """Write `<id>.jpg` of each scene, 800 x 600; a file is replaced only once it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    for scene in scenes():
        unfinished = folder / f".{scene.file}.{os.getpid()}"
        try:
            render(scene).save(unfinished, "JPEG", quality=JPEG_QUALITY, optimize=True)
            unfinished.replace(folder / scene.file)
        finally:
            unfinished.unlink(missing_ok=True)
