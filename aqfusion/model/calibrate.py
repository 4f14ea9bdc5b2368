"""Fits on held-out sessions what training sessions would tell too rosily: gate and intervals."""

import torch
from torch import Tensor

from aqfusion.model.bins import cumulative, smoothed_targets
from aqfusion.model.held_out import ALL_SHOWN, MASKS, HeldOut
from aqfusion.model.losses import distribution_loss, mean_loss
from aqfusion.model.network import AlignedGate

TARGET_COVERAGE = 0.9
KINDS = ("image_only", "sensors_only", "fused")
_STEPS = 400
_BATCH = 512
_RATE = 0.05
_WEIGHT_DECAY = 1e-2


def fit_gate(held_out: HeldOut, sigma: float, seed: int) -> AlignedGate:
    """Fit the gate's 20 weights under random masks, sessions alike in weight."""
    generator = torch.Generator().manual_seed(seed)
    gate = AlignedGate()
    optimizer = torch.optim.Adam(gate.parameters(), _RATE)
    chance = _session_balanced(held_out)
    for _ in range(_STEPS):
        photo = torch.multinomial(chance, _BATCH, replacement=True, generator=generator)
        session = held_out.session[photo]
        mask = torch.randint(len(MASKS), (_BATCH,), generator=generator)
        mask = torch.where(torch.rand(_BATCH, generator=generator) < 0.3, ALL_SHOWN, mask)
        has_image = torch.rand(_BATCH, generator=generator) < 0.75
        logits, _ = pooled(gate, held_out, photo, mask, has_image)
        aqi = held_out.aqi[session]
        loss = distribution_loss(logits, smoothed_targets(aqi, sigma)) + mean_loss(logits, aqi)
        loss = loss + _WEIGHT_DECAY * sum(p.square().sum() for p in gate.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return gate.eval().requires_grad_(False)


def pooled(
    gate: AlignedGate, held_out: HeldOut, photo: Tensor, mask: Tensor, has_image: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits (B, 50) and photo weight (B,) of `photo` (B,) with `mask` (B,) of its readings."""
    session = held_out.session[photo]
    present = held_out.present[session] & MASKS[mask]  # (B, 6)
    fused: tuple[Tensor, Tensor] = gate(
        held_out.image_logits[photo], held_out.sensor_logits[session, mask], has_image, present
    )
    return fused


def fit_intervals(gate: AlignedGate, held_out: HeldOut, seed: int) -> dict[str, float]:
    """How far from the median, in probability, an interval must reach, per kind of input.

    Distributional conformal prediction (Chernozhukov et al. 2021), one threshold per kind
    (Mondrian): the score is |F(measured) - 1/2|, its 90 % quantile the reach. The kinds with
    readings are fitted over random masks.
    """
    generator = torch.Generator().manual_seed(seed)
    photo = torch.arange(len(held_out.session))
    mask = torch.randint(1, len(MASKS), photo.shape, generator=generator)
    mask = torch.where(torch.rand(photo.shape, generator=generator) < 0.5, ALL_SHOWN, mask)
    weight = _session_balanced(held_out)
    reach = {}
    for kind in KINDS:
        shown = torch.zeros_like(mask) if kind == "image_only" else mask
        has_image = torch.full(photo.shape, kind != "sensors_only")
        logits, _ = pooled(gate, held_out, photo, shown, has_image)
        measured = held_out.aqi[held_out.session]
        score = (cumulative(logits.softmax(1), measured) - 0.5).abs()
        # The finite-sample correction counts sessions: photos of one session are one draw.
        sessions = len(held_out.aqi)
        level = min(1.0, TARGET_COVERAGE * (sessions + 1) / sessions)
        reach[kind] = round(_weighted_quantile(score, weight, level), 4)
    return reach


def _session_balanced(held_out: HeldOut) -> Tensor:
    """A weight per photo (N,), every session alike, adding up to 1."""
    count = torch.bincount(held_out.session, minlength=len(held_out.aqi)).float()
    return 1 / count[held_out.session] / (count > 0).sum()


def _weighted_quantile(values: Tensor, weights: Tensor, level: float) -> float:
    order = values.argsort()
    reached = weights[order].cumsum(0) >= level - 1e-6
    position = int(reached.float().argmax()) if bool(reached.any()) else len(values) - 1
    return min(0.5, values[order][position].item())
