"""Rendered outdoor scenes: the physics of a hazy photo, with the visibility known."""

from aqfusion.synthetic_scenes.catalog import SyntheticScene, scenes
from aqfusion.synthetic_scenes.outdoor import render, write_scenes

__all__ = ["SyntheticScene", "render", "scenes", "write_scenes"]
