"""Fit photo screening on real photos and synthetic negatives, and test it on unseen ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from aqfusion.images.photo import Photo
from aqfusion.model.photo_screening import RULES
from aqfusion.model.pixels import STORED_SIZE
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.haze_features import statistics
from aqfusion.network.image_features import extract_features
from aqfusion.network.photo_screen import PhotoScreen, excess, signed
from aqfusion.network.pixel_tensors import stack
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes import scenes
from aqfusion.training.sessions import Session, session_weights, weighted_quantile
from aqfusion.training.synthetic_negatives import synthetic_negative

ACCEPTED = 0.97  # share of the real photos, their projection held out, that the threshold lets pass
_INSIDE = 0.95  # share of the real photos inside of each rule's border
_LEAST = 0.1  # threshold: rounding must not refuse what lies on a border
_DECAY = 3e-3
_STEPS = 60


@dataclass(frozen=True)
class ScreeningFeatures:
    """N pictures to learn from: `statistics` (N, F), `embedding` (N, D), and whose they are.

    Those of one `session` (N,) share the weight of one; those of one `group` (N,) are held out
    together: places rather than days, so that the photo screen learns how much a new place differs.
    For synthetic negatives the session is the way in which they were made, the group is not used.
    """

    statistics: Tensor
    embedding: Tensor
    session: Tensor
    group: Tensor


def fit_guard(
    real: ScreeningFeatures, spoiled: ScreeningFeatures, daylight: ScreeningFeatures
) -> PhotoScreen:
    """Fit on real photos against synthetic negatives; deterministic.

    `daylight` are pictures that must be accepted whatever the photos are like, such as rendered
    scenes of a dust storm: no rule's border is drawn inside of them.
    """
    guard = PhotoScreen(real.embedding.shape[1]).requires_grad_(False)
    guard.direction = _direction(real, spoiled, daylight)
    projection, spoiled_projection, offset = _held_out_projections(
        real, spoiled, daylight, guard.direction
    )
    real_signed = signed(torch.cat([real.statistics, projection[:, None]], 1))  # (N, R)
    spoiled_signed = signed(torch.cat([spoiled.statistics, spoiled_projection[:, None]], 1))
    share = session_weights(real.session)
    inside = torch.stack(
        [weighted_quantile(column, share, _INSIDE) for column in real_signed.unbind(1)]
    )
    middle = torch.stack(
        [weighted_quantile(column, share, 0.5) for column in real_signed.unbind(1)]
    )
    daylight_projection = daylight.embedding @ guard.direction - offset
    daylight_signed = signed(torch.cat([daylight.statistics, daylight_projection[:, None]], 1))
    guard.border = torch.cat([inside[None], daylight_signed]).amax(0)
    # A share that is 0 in nearly every photo has no spread of its own.
    guard.spread = ((inside - middle) / 2).clamp_min(0.02)
    features = [
        excess(numbers, guard.border, guard.spread) for numbers in (real_signed, spoiled_signed)
    ]
    guard.weight = _weights(features[0], features[1], share, session_weights(spoiled.session))
    scores = features[0] @ guard.weight
    guard.threshold = weighted_quantile(scores, share, ACCEPTED).clamp_min(_LEAST)
    guard.border[-1] += offset
    # Stored as float16: rounded here, so that figures are of the photo screen that will be loaded.
    return guard.half().float()


def _direction(
    real: ScreeningFeatures, spoiled: ScreeningFeatures, daylight: ScreeningFeatures
) -> Tensor:
    """From the mean real photo to the mean negative (D,), which are then 1 apart along it.

    Dividing by the covariance (Fisher's discriminant) separates known places better and new ones
    worse: it leans on what happens to be constant in few places.
    """
    photos = torch.cat([real.embedding, daylight.embedding])
    session = torch.cat([real.session, daylight.session + real.session.max() + 1])
    step = session_weights(spoiled.session) @ spoiled.embedding - session_weights(session) @ photos
    # A floor, because embeddings that are all alike have no step but that of rounding.
    direction: Tensor = step / step.square().sum().clamp_min(1e-6)
    return direction


def _held_out_projections(
    real: ScreeningFeatures,
    spoiled: ScreeningFeatures,
    daylight: ScreeningFeatures,
    direction: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Held-out projections of real (N,) and negative (M,) pictures on the direction, an offset ().

    One group of real photos and an equal part of the negatives are held out at a time. Each time
    the direction has its own zero; projections count from the median real photo that was seen,
    which for the final `direction` is the offset.
    """
    groups, group = real.group.unique(return_inverse=True)
    part = torch.arange(len(spoiled.group)) // len(spoiled.session.unique()) % len(groups)
    projection, spoiled_projection = torch.zeros(len(group)), torch.zeros(len(part))
    for number in range(len(groups)):
        # With a single group there is nothing else to learn from.
        real_kept = (group != number) | (len(groups) == 1)
        spoiled_kept = (part != number) | (len(groups) == 1)
        blind = _direction(_where(real, real_kept), _where(spoiled, spoiled_kept), daylight)
        zero = (real.embedding[real_kept] @ blind).median()
        projection[group == number] = real.embedding[group == number] @ blind - zero
        spoiled_projection[part == number] = spoiled.embedding[part == number] @ blind - zero
    return projection, spoiled_projection, (real.embedding @ direction).median()


def _where(seen: ScreeningFeatures, keep: Tensor) -> ScreeningFeatures:
    return ScreeningFeatures(
        seen.statistics[keep], seen.embedding[keep], seen.session[keep], seen.group[keep]
    )


def _weights(real: Tensor, spoiled: Tensor, share: Tensor, spoiled_share: Tensor) -> Tensor:
    """Logistic regression whose weights (R,) are squares: no excess ever speaks for a photo."""
    features = torch.cat([real, spoiled])  # (N + M, R)
    target = torch.cat([torch.zeros(len(real)), torch.ones(len(spoiled))])
    importance = torch.cat([share, spoiled_share])
    root = torch.full((len(RULES),), 0.5, requires_grad=True)
    bias = torch.full((), -1.0, requires_grad=True)
    optimizer = torch.optim.LBFGS([root, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = features @ root.square() + bias
        value = binary_cross_entropy_with_logits(logits, target, importance, reduction="sum")
        value = value + _DECAY * root.square().square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    return root.detach().square()


FRAMES = 8  # per session, evenly spaced
_SEED = 0


def train_photo_screen(
    network: AQFusionNet, sessions: Sequence[Session], frames: Sequence[Tensor]
) -> PhotoScreen:
    """Fit the photo screen on the frames uint8 (F, 3, H, W) of the network's training sessions.

    Whole places are held out together: held out by day, it learned how each place looks and then
    refused three photos in ten of a place it had not seen.
    """
    places = sorted({session.place for session in sessions})
    few = [some_of(own) for own in frames]
    owner = torch.arange(len(few)).repeat_interleave(torch.tensor([len(own) for own in few]))
    place = torch.tensor([places.index(session.place) for session in sessions])[owner]
    photos = torch.cat(few)
    real = ScreeningFeatures(*screening_features(network, photos), owner, place)
    pictures, way = synthetic_negative(photos, torch.Generator().manual_seed(_SEED))
    daylight = stack([Photo.open(ASSETS / "scenes" / s.file) for s in scenes()], STORED_SIZE)
    number = torch.arange(len(daylight))
    return fit_guard(
        real,
        ScreeningFeatures(*screening_features(network, pictures), way, torch.full_like(way, -1)),
        ScreeningFeatures(*screening_features(network, daylight), number, number),
    )


def screening_features(network: AQFusionNet, images: Tensor) -> tuple[Tensor, Tensor]:
    """Picture statistics (B, 13) and backbone features (B, D) of pixels uint8 (B, 3, H, W)."""
    features, _ = extract_features(network.image_encoder, images)
    return statistics(images), features


def margins(guard: PhotoScreen, network: AQFusionNet, images: Tensor) -> Tensor:
    """Score less threshold of each picture (B,); above 0 is refused."""
    with torch.no_grad():
        score_margins: Tensor = guard(*screening_features(network, images)) - guard.threshold
    return score_margins


def margins_of_pictures(
    guard: PhotoScreen, network: AQFusionNet, pictures: Mapping[str, Mapping[str, Photo]]
) -> dict[str, Tensor]:
    """The margins of each set of pictures."""
    return {
        name: margins(guard, network, stack(list(photos.values()), STORED_SIZE))
        for name, photos in pictures.items()
    }


def some_of(frames: Tensor) -> Tensor:
    """Up to `FRAMES` evenly spaced ones of (F, 3, H, W)."""
    count = min(FRAMES, len(frames))
    return frames[[i * len(frames) // count for i in range(count)]]
