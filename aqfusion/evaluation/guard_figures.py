"""Figures of a photo screen: false alarms on unseen photos, and refused pictures without sky."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor


def guard_figures(
    places: Sequence[str], margins: Tensor, pictures: Mapping[str, Tensor]
) -> dict[str, Any]:
    """The "guard" object of a model's figures.

    `margins` (N,) are score less threshold of real photos taken at `places`, each by a photo
    screen that had not seen its group; `pictures` holds those of each set of pictures without sky.
    Above 0 is refused. "caught" is the mean over the sets: a renderer can make one of any size.
    """
    if len(places) != len(margins):
        raise ValueError(f"places must be one per photo, got {len(places)} for {len(margins)}")
    alarms = (margins > 0).tolist()
    per_place: dict[str, list[bool]] = {}
    for place, alarm in zip(places, alarms, strict=True):
        per_place.setdefault(place, []).append(alarm)
    caught = {name: (picture_margins > 0).tolist() for name, picture_margins in pictures.items()}
    return {
        "photos": len(alarms),
        "false_alarms": _share(alarms),
        "false_alarms_per_place": {place: _share(refused) for place, refused in per_place.items()},
        "pictures": {
            name: {"caught": sum(refused), "of": len(refused)} for name, refused in caught.items()
        },
        "caught": _share([_share(refused) for refused in caught.values()]),
    }


def _share(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)
