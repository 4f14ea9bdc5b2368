"""A folder of small planted photos with one that is broken, and runs over it."""

from pathlib import Path

from aqfusion.bulk.bulk_item import BulkItem
from aqfusion.bulk.bulk_prediction import BulkSummary, local_compute, predict_all, setup_of
from aqfusion.io.file_address import FileAddress
from aqfusion.model.predictor import load_model
from tests.planted import sky


def write_photos(folder: Path, count: int, size: int = 48) -> list[str]:
    """Photos of rising AQI; their names, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"sky-{number:03}.jpg" for number in range(count)]
    for number, name in enumerate(names):
        sky(450 * number / count, number, size).save(folder / name, "JPEG", quality=90)
    return names


def run(
    model: Path, items: tuple[BulkItem, ...], out: Path | str, processes: int = 1, **hooks: object
) -> BulkSummary:
    """Predict items with a model, here."""
    predictor = load_model(model)
    setup = setup_of(str(model), predictor)
    compute = local_compute(processes, predictor)
    return predict_all(setup, items, FileAddress(str(out)), compute, **hooks)
