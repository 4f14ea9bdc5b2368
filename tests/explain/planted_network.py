"""A network whose last convolution says where it looks: one region matters, a louder one does not.

Of its three channels the first raises the AQI and is on at (1, 2), the second is ten times as loud
at (0, 0) and counts for nothing, the third lowers the AQI and is on at (2, 0).
"""

import torch
from torch import Tensor, nn

from aqfusion.model.bins import BIN_COUNT
from aqfusion.network.aqfusion_net import AQFusionNet
from tests.conftest import ARCHITECTURE

RAISING, DECOY, LOWERING = (1, 2), (0, 0), (2, 0)
ROWS, COLUMNS = 3, 4


class PlantedTrunk(nn.Module):
    """Feature maps (B, 3, 3, 4), whatever the pixels."""

    def __init__(self) -> None:
        super().__init__()
        maps = torch.zeros(1, 3, ROWS, COLUMNS)
        for channel, (place, loudness) in enumerate([(RAISING, 1), (DECOY, 10), (LOWERING, 1)]):
            maps[(0, channel, *place)] = loudness
        self.register_buffer("maps", maps)

    def forward_features(self, images: Tensor) -> Tensor:
        """The maps of B images."""
        return self.maps.expand(len(images), -1, -1, -1)

    def forward_head(self, maps: Tensor) -> Tensor:
        """Mean over the frame, as the real trunks have it."""
        return maps.mean((2, 3))


class ColourTrunk(PlantedTrunk):
    """The first channel is on where the picture is red, the second, ten times as loud, where blue.

    Both in a grid of 3 by 4; the third stays off.
    """

    def forward_features(self, images: Tensor) -> Tensor:
        """The mean colour, 0 to 1, of each cell of normalised pixels."""
        colours = nn.functional.adaptive_avg_pool2d((images + 1) / 2, (ROWS, COLUMNS))
        return torch.stack([colours[:, 0], 10 * colours[:, 2], 0 * colours[:, 1]], 1)


def planted_network(trunk: nn.Module | None = None) -> AQFusionNet:
    """The first channel raises the AQI, the second does nothing, the third lowers it."""
    network = AQFusionNet(ARCHITECTURE)
    encoder = network.image_encoder
    encoder.trunk, encoder.norm = trunk or PlantedTrunk(), nn.Identity()
    encoder.project = nn.Linear(3, 128, bias=False)
    encoder.haze_share.fill_(0)
    network.requires_grad_(False)
    encoder.project.weight.zero_()[0] = torch.tensor([12.0, 0.0, -12.0])
    network.head.weight.zero_()[:, 0] = torch.linspace(-1, 1, BIN_COUNT)
    network.head.bias.zero_()
    return network.eval()
