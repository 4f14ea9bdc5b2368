"""Heat maps against random ones, and against those of a network that learned nothing."""

from aqfusion.metrics import HeatMaps
from aqfusion.ui.table import Column, Table, number

RANDOM = "A random map"


def heat_map_table(saliency: HeatMaps) -> Table:
    """A row per method, below that of a random map."""
    columns = (
        Column("map"),
        Column("AQI points by ROAD", ".1f"),
        Column("more than a random map", ".1f"),
        Column("photos where it beats one", ".0%"),
        Column("like an untrained network's", ".2f"),
    )
    rows = (
        (name, method.points, method.above_random, method.beats_random, method.like_untrained)
        for name, method in saliency.methods.items()
    )
    return Table(columns, ((RANDOM, saliency.random, None, None, None), *rows))


def heat_map_sentence(saliency: HeatMaps) -> str:
    """A sentence on the test, and the number of photos."""
    removed = " and ".join(number(share / 100, ".0%") for share in saliency.taken)
    return (
        f"Maps of what raises the AQI, on {saliency.photos} photos of sessions that the network "
        f"had not seen; painted over were {removed} of the pixels. Small print: 95\u00a0% "
        "intervals, by drawing whole place-days again."
    )
