"""Rendered outdoor scenes: the physics of a hazy photo, with the visibility known."""

from aqfusion.scenes.album import write_scenes
from aqfusion.scenes.catalog import Scene, scenes
from aqfusion.scenes.picture import render

__all__ = ["Scene", "render", "scenes", "write_scenes"]
