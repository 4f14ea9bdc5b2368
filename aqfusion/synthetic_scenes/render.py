"""Render every shipped scene into a folder, the same pixels each time."""

import os
from pathlib import Path

from aqfusion.synthetic_scenes.catalog import SCENES, scenes
from aqfusion.synthetic_scenes.outdoor import render

JPEG_QUALITY = 85


def write_scenes(folder: Path, catalog: Path = SCENES, size: tuple[int, int] = (800, 600)) -> None:
    """Write `<id>.jpg` of each scene of the catalog's folder, `size` (width, height) in pixels; a
    file is replaced only once it is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for scene in scenes(catalog):
        unfinished = folder / f".{scene.file}.{os.getpid()}"
        try:
            render(scene, size).save(unfinished, "JPEG", quality=JPEG_QUALITY, optimize=True)
            unfinished.replace(folder / scene.file)
        finally:
            unfinished.unlink(missing_ok=True)
