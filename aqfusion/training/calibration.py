"""Fit mix, gate and intervals on held-out sessions; training sessions would be optimistic."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aqfusion.model.prediction import KINDS
from aqfusion.network.aqfusion_net import AlignedGate
from aqfusion.network.modality_pooling import ModalityPredictions
from aqfusion.network.torch_bins import category_probabilities, cumulative, smoothed_targets
from aqfusion.training.holdout_predictions import ALL_SHOWN, MASKS, HoldoutPredictions
from aqfusion.training.losses import distribution_loss, mean_loss
from aqfusion.training.sessions import session_weights, weighted_quantile

TARGET_COVERAGE = 0.9
_STEPS = 400
_BATCH = 512
_RATE = 0.05
_WEIGHT_DECAY = 1e-2
_TEMPERATURES = torch.logspace(-0.7, 0.7, 57, base=2.0).square()  # 0.38 to 2.64, 1 among them
_NO_FURTHER = _TEMPERATURES.log().abs().argsort()  # positions, from 1 outwards


@dataclass(frozen=True)
class Calibration:
    """How to mix, how sure to be and how far an interval reaches, fitted on held-out sessions.

    `haze_share` is the haze branch's weight in the image embedding; `temperature` divides the
    logits and `reach` is the interval's half width in probability, both per kind of input.
    """

    haze_share: float
    gate: AlignedGate
    temperature: dict[str, float]
    reach: dict[str, float]


@dataclass(frozen=True)
class CalibrationBatch:
    """B inputs: number of the photo, number of the mask, and whether the photo is shown."""

    photo: Tensor
    mask: Tensor
    has_image: Tensor

    @classmethod
    def from_mask(cls, photos: int, mask: int | Tensor, has_image: bool) -> "CalibrationBatch":
        """The same of all photos; `mask` may be one per photo (B,)."""
        photo = torch.arange(photos)
        masks = mask if isinstance(mask, Tensor) else torch.full_like(photo, mask)
        return cls(photo, masks, torch.full(photo.shape, has_image))


def calibrate(
    held_out: HoldoutPredictions, sigma: float, seed: int, haze_share: float | None = None
) -> Calibration:
    """Fit everything, sessions alike in weight; `haze_share` where it is another's already."""
    haze_share, gate = _fit_gate(held_out, sigma, seed, haze_share)
    photos = len(held_out.session)
    generator = torch.Generator().manual_seed(seed)
    some = torch.randint(1, len(MASKS), (photos,), generator=generator)
    some = torch.where(torch.rand(photos, generator=generator) < 0.5, ALL_SHOWN, some)
    temperature, reach = {}, {}
    for kind in KINDS:
        mask = some if kind in ("fused", "sensors_only") else 0
        batch = CalibrationBatch.from_mask(photos, mask, kind in ("fused", "image_only"))
        logits, _ = pooled(gate, haze_share, held_out, batch)
        temperature[kind] = _fit_temperature(logits, held_out)
        reach[kind] = _fit_reach(logits / temperature[kind], held_out)
    return Calibration(haze_share, gate, temperature, reach)


def shown_logits(
    haze_share: float | Tensor, held_out: HoldoutPredictions, batch: CalibrationBatch
) -> ModalityPredictions:
    """Logits of photo and readings of a batch, as far as they are shown."""
    session = held_out.session[batch.photo]
    cnn, haze = held_out.cnn_logits[batch.photo], held_out.haze_logits[batch.photo]
    return ModalityPredictions(
        (1 - haze_share) * cnn + haze_share * haze,
        held_out.sensor_logits[session, batch.mask],
        batch.has_image,
        held_out.present[session] & MASKS[batch.mask],
    )


def pooled(
    gate: AlignedGate,
    haze_share: float | Tensor,
    held_out: HoldoutPredictions,
    batch: CalibrationBatch,
) -> tuple[Tensor, Tensor]:
    """Logits (B, 50) and photo weight (B,) of what is shown, before any temperature."""
    shown = shown_logits(haze_share, held_out, batch)
    fused: tuple[Tensor, Tensor] = gate(shown.image, shown.sensors, shown.has_image, shown.present)
    return fused


def _fit_gate(
    held_out: HoldoutPredictions, sigma: float, seed: int, override: float | None
) -> tuple[float, AlignedGate]:
    """The haze branch's share and the gate's 20 weights, under random masks."""
    generator = torch.Generator().manual_seed(seed)
    gate, haze = AlignedGate(), nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.Adam([*gate.parameters(), haze], _RATE)
    chance = session_weights(held_out.session)
    for _ in range(_STEPS):
        photo = torch.multinomial(chance, _BATCH, replacement=True, generator=generator)
        mask = torch.randint(len(MASKS), (_BATCH,), generator=generator)
        mask = torch.where(torch.rand(_BATCH, generator=generator) < 0.3, ALL_SHOWN, mask)
        has_image = torch.rand(_BATCH, generator=generator) < 0.75
        share = haze.sigmoid() if override is None else override
        logits, _ = pooled(gate, share, held_out, CalibrationBatch(photo, mask, has_image))
        aqi = held_out.aqi[held_out.session[photo]]
        loss = distribution_loss(logits, smoothed_targets(aqi, sigma)) + mean_loss(logits, aqi)
        loss = loss + _WEIGHT_DECAY * sum(p.square().sum() for p in [*gate.parameters(), haze])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    haze_share = round(haze.sigmoid().item(), 4) if override is None else override
    return haze_share, gate.eval().requires_grad_(False)


def _fit_temperature(logits: Tensor, held_out: HoldoutPredictions) -> float:
    """The temperature that makes the measured categories most likely (Guo et al. 2017).

    Of all that do not differ from the likeliest, the one nearest to 1: within one standard error
    over sessions (Breiman et al. 1984, the rule for pruning trees). With a hundred sessions the
    likeliest alone follows a few of them.
    """
    aqi = held_out.aqi[held_out.session]
    category = category_probabilities(smoothed_targets(aqi, 0.1)).argmax(1)
    sessions = len(held_out.aqi)
    photos = torch.bincount(held_out.session, minlength=sessions)
    by_session = []
    for temperature in _TEMPERATURES:
        probabilities = category_probabilities((logits / temperature).softmax(1))
        loss = -probabilities.gather(1, category[:, None])[:, 0].clamp_min(1e-9).log()
        by_session.append(torch.zeros(sessions).index_add(0, held_out.session, loss) / photos)
    losses = torch.stack(by_session)  # (57, S)
    worse = losses - losses[losses.mean(1).argmin()]  # (57, S)
    spread = worse.std(1, correction=0) / sessions**0.5
    good = (worse.mean(1) <= spread)[_NO_FURTHER]
    return round(_TEMPERATURES[_NO_FURTHER][good][0].item(), 4)


def _fit_reach(logits: Tensor, held_out: HoldoutPredictions) -> float:
    """How far from the median, in probability, an interval must reach.

    Distributional conformal prediction (Chernozhukov et al. 2021), one threshold per kind of input
    (Mondrian): the score is |F(measured) - 1/2|, its 90 % quantile the reach.
    """
    measured = held_out.aqi[held_out.session]
    score = (cumulative(logits.softmax(1), measured) - 0.5).abs()
    # The finite-sample correction counts sessions: photos of one session are one draw.
    sessions = len(held_out.aqi)
    level = min(1.0, TARGET_COVERAGE * (sessions + 1) / sessions)
    reach = weighted_quantile(score, session_weights(held_out.session), level).item()
    return round(min(0.5, reach), 4)
