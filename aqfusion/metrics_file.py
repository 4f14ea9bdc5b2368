"""Read `assets/metrics.json` and check every value; what is absent there is absent here."""

from pathlib import Path

from aqfusion.io.json_models import TableError, check, check_format, read_table
from aqfusion.metrics import Metrics

FORMAT = 1


def read_metrics(path: Path) -> Metrics:
    """Read the figures; a file that is absent or damaged raises `TableError`."""
    if not path.is_file():
        raise TableError(f"{path.name} must lie in assets, got no such file")
    table = read_table(path)
    check_format(table, path.name, FORMAT)
    metrics: Metrics = check(Metrics, table, path.name)
    return metrics
