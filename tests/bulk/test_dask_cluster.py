"""Workers of a Dask cluster: one is killed amid the work, and what a cluster lacks is told."""

import json
import os
import signal
import sys

import distributed
import pytest

from aqfusion.bulk import dask_cluster
from aqfusion.bulk.bulk_item import BulkError
from aqfusion.bulk.bulk_prediction import predict_all, setup_of
from aqfusion.bulk.dask_cluster import dask_compute
from aqfusion.bulk.item_list import list_folder
from aqfusion.io.file_address import FileAddress
from aqfusion.model.predictor import load_model
from tests.bulk.photos import write_photos


@pytest.fixture(scope="module")
def cluster():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options, host="127.0.0.1", silence_logs=50) as cluster:
        yield cluster


def test_every_portion_is_computed_however_many_there_are(tmp_path, checkpoint_folder):
    names = write_photos(tmp_path / "photos", 40)
    predictor = load_model(checkpoint_folder)
    items = list_folder(FileAddress(str(tmp_path / "photos"))).items
    options = {
        "processes": False,
        "n_workers": 1,
        "threads_per_worker": 1,
        "dashboard_address": ":0",
    }
    with distributed.LocalCluster(**options, silence_logs=50) as here:
        compute = dask_compute(here.scheduler_address, predictor)
        out = tmp_path / "out.jsonl"
        predict_all(
            setup_of(str(checkpoint_folder), predictor), items, FileAddress(str(out)), compute
        )
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["file"] for row in rows] == names


@pytest.mark.long
def test_a_killed_worker_loses_nothing_and_nothing_is_written_twice(
    cluster, tmp_path, checkpoint_folder
):
    names = write_photos(tmp_path / "photos", 200)
    predictor = load_model(checkpoint_folder)
    items = list_folder(FileAddress(str(tmp_path / "photos"))).items
    workers = [worker.pid for worker in cluster.workers.values()]
    steps = []

    def kill_first(progress):
        steps.append(progress.done)
        if progress.done and workers:
            os.kill(workers.pop(), signal.SIGKILL)
            workers.clear()

    out = tmp_path / "out.jsonl"
    compute = dask_compute(cluster.scheduler_address, predictor)
    setup = setup_of(str(checkpoint_folder), predictor)
    summary = predict_all(setup, items, FileAddress(str(out)), compute, kill_first)
    assert not workers
    assert (summary.rows, summary.without_prediction) == (200, 0)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["file"] for row in rows] == names
    assert steps[-1] == 200
    assert steps == sorted(set(steps))  # no portion came twice


@pytest.mark.long
def test_workers_must_have_the_clients_version_model_and_photos(
    cluster, tmp_path, checkpoint_folder, monkeypatch
):
    predictor = load_model(checkpoint_folder)
    setup = setup_of(str(checkpoint_folder), predictor)
    write_photos(tmp_path / "photos", 1)
    items = list_folder(FileAddress(str(tmp_path / "photos"))).items
    compute = dask_compute(cluster.scheduler_address, predictor)
    out = FileAddress(str(tmp_path / "out.csv"))

    def refusal(of_setup):
        with pytest.raises(BulkError) as refused:
            predict_all(of_setup, items, out, compute)
        return str(refused.value)

    (tmp_path / "photos" / "sky-000.jpg").rename(tmp_path / "gone.jpg")
    assert "must reach the photos, got nothing at" in refusal(setup)
    (tmp_path / "gone.jpg").rename(tmp_path / "photos" / "sky-000.jpg")
    other = setup_of(str(checkpoint_folder), predictor)
    object.__setattr__(other, "weights", "0" * 64)
    assert "must have the weights 000000000000 as" in refusal(other)
    object.__setattr__(other, "model", str(tmp_path / "nowhere"))
    assert "must have the model at the same path: model must be" in refusal(other)
    monkeypatch.setattr(dask_cluster, "__version__", "9.9.9")
    assert "must have AQFusion 9.9.9 installed, as this client, got 0.1.0" in refusal(setup)


def test_no_scheduler_and_no_package_are_told_in_a_sentence(
    tmp_path, checkpoint_folder, monkeypatch
):
    predictor = load_model(checkpoint_folder)
    write_photos(tmp_path / "photos", 1)
    items = list_folder(FileAddress(str(tmp_path / "photos"))).items
    out = FileAddress(str(tmp_path / "out.csv"))
    setup = setup_of(str(checkpoint_folder), predictor)
    monkeypatch.setattr(dask_cluster, "_SECONDS", 0.5)
    compute = dask_compute("tcp://127.0.0.1:9", predictor)
    with pytest.raises(BulkError, match="--scheduler must be the address of a Dask scheduler"):
        predict_all(setup, items, out, compute)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BulkError, match=r'Run: pip install "dask\[distributed\]"'):
        dask_compute("tcp://127.0.0.1:9", predictor)
