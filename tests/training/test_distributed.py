"""Several processes train one network: alike at the end, and the first one alone writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from aqfusion.settings import ROOT
from aqfusion.training import distributed

WORKER = Path(__file__).with_name("distributed_worker.py")


def test_alone_there_is_one_rank_and_a_batch_is_its_own():
    batch = torch.arange(10).reshape(5, 2)
    with distributed.together():
        assert (distributed.rank(), distributed.ranks()) == (0, 1)
        assert torch.equal(distributed.shard(batch), batch)
        assert distributed.broadcast("go on") == "go on"
        network = torch.nn.Linear(2, 2)
        network(batch.float()).sum().backward()
        assert network.bias.grad is not None
        distributed.average_gradients(network, 0.5)
        assert network.bias.grad.tolist() == [5.0, 5.0]  # nobody to share it with


@pytest.mark.long
def test_two_ranks_end_with_the_same_weights_and_one_writes(data_folder, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(WORKER), str(data_folder), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, second = (load_file(tmp_path / f"rank-{n}-of-2.safetensors") for n in (0, 1))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert [path.name for path in (tmp_path / "work-0").iterdir()]
    assert not [path for path in (tmp_path / "work-1").rglob("*") if path.is_file()]
    trunk = [name for name in first if name.startswith("image_encoder.trunk.")]
    assert any("running_mean" in name for name in trunk)
