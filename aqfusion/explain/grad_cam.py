"""The parts used of the grad-cam package, whose import of torchvision may need a patch first."""

from typing import Any

from aqfusion.model.torchvision_compat import declare_missing_operators

declare_missing_operators()
import pytorch_grad_cam  # noqa: E402
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, LayerCAM  # noqa: E402
from pytorch_grad_cam.base_cam import BaseCAM  # noqa: E402
from pytorch_grad_cam.metrics.road import ROADCombined  # noqa: E402

__all__ = ["BaseCAM", "EigenCAM", "GradCAM", "GradCAMPlusPlus", "LayerCAM", "ROADCombined"]


class EigenCAM(pytorch_grad_cam.EigenCAM):  # type: ignore[misc]  # the package is untyped
    """EigenCAM with the sign of the strongest activation, never the weakest.

    A principal component has no sign of its own, and the package takes what the decomposition
    happens to give; here it is the one that goes with loudness.
    """

    def get_cam_image(self, *extra: Any) -> Any:
        """The component (1, h, w) of the activations (1, C, h, w), the fourth that is given."""
        component, loudness = super().get_cam_image(*extra), extra[3].sum(1)
        opposed = (component * (loudness - loudness.mean())).sum() < 0
        return -component if opposed else component
