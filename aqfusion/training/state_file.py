"""The state of an unfinished training on disk: what a killed training goes on from."""

import io
from pathlib import Path
from typing import Any

import torch

from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.model.network import AQFusionNet


def save(
    path: Path,
    recipe: dict[str, Any],
    network: AQFusionNet,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    epochs_done: int,
) -> None:
    """Write the state whole or not at all."""
    content = io.BytesIO()
    torch.save(
        {
            "recipe": recipe,
            "epochs_done": epochs_done,
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "generator": generator.get_state(),
        },
        content,
    )
    replace_file(path, content.getvalue())


def restore(
    path: Path,
    recipe: dict[str, Any],
    network: AQFusionNet,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
) -> int:
    """Load the state of the same recipe and return its epochs done; 0 where there is none."""
    if not path.is_file():
        return 0
    # weights_only: tensors and plain values; no code of a pickle is run.
    state = torch.load(path, weights_only=True)
    if state["recipe"] != recipe:
        return 0
    try:
        network.load_state_dict(state["network"])
    except RuntimeError as error:
        raise InputError(
            f"unfinished training must be of this program's network, got {path} of another "
            "version; delete it to start again"
        ) from error
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return int(state["epochs_done"])
