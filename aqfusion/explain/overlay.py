"""Stand-in until the real overlay is merged: the map laid red over the photo."""

from PIL import Image

from aqfusion.explain.heat_map import HeatMap


def overlay(image: Image.Image, heat_map: HeatMap, opacity: float) -> Image.Image:
    """The photo with the map over it; `opacity` is 0 to 1."""
    mask = Image.fromarray((255 * opacity * heat_map.over(image.size)).astype("uint8"))
    return Image.composite(Image.new("RGB", image.size, "red"), image, mask)
