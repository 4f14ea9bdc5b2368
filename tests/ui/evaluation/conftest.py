"""Metrics to draw: the planted ones, changed as a test needs them."""

import pytest

from aqfusion.metrics import read_metrics
from tests.planted_metrics import planted_metrics, write_metrics


@pytest.fixture
def metrics(tmp_path):
    def read(change=lambda whole: None):
        whole = planted_metrics()
        change(whole)
        return read_metrics(write_metrics(tmp_path / "metrics.json", whole))

    return read
