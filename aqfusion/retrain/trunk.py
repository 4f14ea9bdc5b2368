"""The hash of a network's backbone: cached features hold for that backbone alone."""

import hashlib

from safetensors.torch import save

from aqfusion.model.checkpoint import Checkpoint

__all__ = ["trunk_hash"]


def trunk_hash(checkpoint: Checkpoint) -> str:
    """SHA-256 (hex) of a backbone's weights as they are stored, its kind and the photos' size."""
    encoder = checkpoint.network.image_encoder
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in encoder.trunk.state_dict().items()
    }
    kind = f"{encoder.backbone} {checkpoint.config.image_size}\n"
    return hashlib.sha256(kind.encode() + save(state)).hexdigest()
