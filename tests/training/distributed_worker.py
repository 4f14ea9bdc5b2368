"""One rank of a tiny training; leaves its last weights: python ranks_worker.py DATA_FOLDER OUT"""

import sys
from pathlib import Path

from safetensors.torch import load_file, save_file

from aqfusion.data.dataset_folder import read_folder
from aqfusion.training import distributed
from aqfusion.training.experiment import training
from aqfusion.training.recipe import Recipe
from aqfusion.training.sessions import sessions_of

RECIPE = Recipe(
    "resnet18",
    epochs=2,
    frames_per_session=2,
    image_size=48,
    batch_size=7,  # an odd number: shares of different sizes
    sensor_steps=5,
    haze_steps=3,
    committee=False,
)


def main(data: Path, out: Path) -> None:
    rows = tuple(row for row in read_folder(data) if row.fold in (0, 1))
    sessions = sessions_of(rows)
    with distributed.together():
        own = out / f"work-{distributed.rank()}"
        experiment = training(
            rows, RECIPE, lambda network, name: None, own, lambda text: None
        ).experiment
        if distributed.rank() == 0:
            experiment.with_validation(sessions, 0)
            state = load_file(experiment.work / "validated.network.safetensors")
        else:
            state = experiment.assist(sessions, 0).state_dict()
        state = {name: tensor.contiguous() for name, tensor in state.items()}
        save_file(state, out / f"rank-{distributed.rank()}-of-{distributed.ranks()}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
