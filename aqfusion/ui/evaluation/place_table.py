"""One kind of input, place by place."""

from collections.abc import Mapping

from aqfusion.figures import PlaceFigures
from aqfusion.ui.table import Column, Table

_COLUMNS = (
    Column("place"),
    Column("photos"),
    Column("sessions"),
    Column("accuracy", ".0%"),
    Column("RMSE", ".1f"),
    Column("MAE", ".1f"),
    Column("90 % interval holds", ".0%"),
    Column("its width", ".0f"),
)


def place_table(places: Mapping[str, PlaceFigures]) -> Table:
    """A row per place; errors and widths are in AQI points."""
    rows = (
        (name, p.photos, p.sessions, p.accuracy, p.rmse, p.mae, p.coverage, p.width)
        for name, p in places.items()
    )
    return Table(_COLUMNS, tuple(rows))
