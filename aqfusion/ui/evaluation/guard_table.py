"""The guard against pictures that show no sky by day: false alarms, and what it catches."""

from aqfusion.metrics import Guard
from aqfusion.ui.table import Column, Table


def alarm_table(guard: Guard) -> Table:
    """False alarms on fit photos, all together and by place."""
    rows = (("All photos", guard.false_alarms), *guard.false_alarms_per_place.items())
    return Table((Column("photos of"), Column("false alarms", ".1%")), rows)


def catch_table(guard: Guard) -> Table:
    """Catches by set of pictures; a set's own share, and the share over all."""
    rows = (
        (name, counts.caught, counts.of, counts.caught / counts.of if counts.of else None)
        for name, counts in guard.pictures.items()
    )
    columns = (Column("set"), Column("caught"), Column("pictures"), Column("share", ".0%"))
    pictures = sum(counts.of for counts in guard.pictures.values())
    caught = sum(counts.caught for counts in guard.pictures.values())
    return Table(columns, (("All sets", caught, pictures, guard.caught), *rows))
