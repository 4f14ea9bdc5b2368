"""Fits how site, photo and readings are pooled, and how far intervals reach, on held-out sessions.

Sessions of the same place are no evidence of other places: elsewhere, places weigh alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from aqfusion.model.prediction import KINDS
from aqfusion.model.site_config import DAY_STEPS, ELSEWHERE, LEARNED, STANDINGS
from aqfusion.network.modality_pooling import calibrated_logits
from aqfusion.network.site_modules import OpinionPool
from aqfusion.network.torch_bins import cumulative, smoothed_targets
from aqfusion.training.calibration import (
    TARGET_COVERAGE,
    Calibration,
    CalibrationBatch,
    shown_logits,
)
from aqfusion.training.holdout_predictions import HoldoutPredictions
from aqfusion.training.losses import distribution_loss, mean_loss
from aqfusion.training.sessions import session_weights, weighted_quantile
from aqfusion.training.site_holdout import SiteHoldoutPredictions

PHOTOS_FITTED = 6  # of each session: more of the same hour are no more evidence
_STEPS = 200
_RATE = 0.05
_BATCH = 1024
# What the pool is drawn to, and how strongly: five or six places are too few to trust a network
# where it has never been, so the burden of proof is on it.
_SHARES = {ELSEWHERE: 4.0, LEARNED: 2.0}  # logits: 98 % and 88 % for the site
_PULL = 0.1
_MOST_SESSIONS = 10_000


@dataclass(frozen=True, eq=False)
class Pooling:
    """R inputs: log probabilities by network and by site (R, 50), and what each input is.

    `kind` (R,) numbers `KINDS`; `session` (R,) is numbered as in the held-out part, `group` (R,)
    is what weighs alike: the session at learned places, the place elsewhere.
    """

    network: Tensor
    site: Tensor
    kind: Tensor
    days: Tensor
    standing: Tensor
    aqi: Tensor
    photo: Tensor
    session: Tensor
    group: Tensor
    draw: Tensor

    def where(self, keep: Tensor) -> "Pooling":
        """Only those for which `keep` (R,) is true."""
        return Pooling(*(getattr(self, field.name)[keep] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class SiteCalibration:
    """The pool, and half an interval's width in probability by standing, kind and days."""

    pool: OpinionPool
    reach: dict[str, dict[str, tuple[float, ...]]]


def pooling(
    held_out: HoldoutPredictions,
    calibration: Calibration,
    answers: SiteHoldoutPredictions,
    numbers: Sequence[int],
    most_photos: int | None = None,
) -> Pooling:
    """Join the network's predictions for the photos of sessions to those of the site process.

    `numbers` (S,) are the numbers of `held_out`'s sessions in `answers`. With `most_photos`,
    so many evenly spaced ones of each session. Each answer is joined to its session's photos with
    and without the photo shown.
    """
    parts = []
    for own, number in enumerate(numbers):
        photos = torch.nonzero(held_out.session == own)[:, 0]
        if most_photos is not None and len(photos) > most_photos:
            photos = photos[torch.arange(most_photos) * len(photos) // most_photos]
        about = torch.nonzero(answers.session == number)[:, 0]
        if len(about):
            parts.append((own, photos, about))
    rows = [
        (own, photo, answer, has_image)
        for has_image in (True, False)
        for own, photos, about in parts
        # Without the photo all photos of a session are the same input.
        for photo in [photos if has_image else photos[:1]]
        for answer in [about]
    ]
    session = torch.cat([torch.full((len(p) * len(a),), own) for own, p, a, _ in rows])
    photo = torch.cat([p.repeat_interleave(len(a)) for _, p, a, _ in rows])
    answer = torch.cat([a.repeat(len(p)) for _, p, a, _ in rows])
    has_image = torch.cat(
        [torch.full((len(p) * len(a),), with_photo) for _, p, a, with_photo in rows]
    )
    mask = answers.mask[answer]
    shown = shown_logits(calibration.haze_share, held_out, CalibrationBatch(photo, mask, has_image))
    logits, _ = calibrated_logits(calibration.gate, calibration.temperature, shown)
    standing = answers.standing[answer]
    return Pooling(
        logits.log_softmax(1),
        answers.log_probabilities[answer],
        shown.kinds,
        answers.days[answer].double(),
        standing,
        held_out.aqi[session],
        photo,
        session,
        torch.where(standing == LEARNED, session, -1 - held_out.fold[session]),
        answers.draw[answer],
    )


def joined_poolings(parts: Sequence[Pooling]) -> Pooling:
    """Several as one, sessions and photos of each numbered apart."""
    columns = [[getattr(part, field.name) for part in parts] for field in fields(Pooling)]
    joint = Pooling(*(torch.cat(column) for column in columns))
    owner = torch.cat([torch.full_like(part.session, n) for n, part in enumerate(parts)])
    return replace(
        joint,
        session=joint.session + owner * _MOST_SESSIONS,
        group=torch.where(joint.group >= 0, joint.group + owner * _MOST_SESSIONS, joint.group),
    )


def fit_pool(rows: Pooling, sigma: float, seed: int) -> OpinionPool:
    """The pool under which what was measured is likeliest and the mean nearest to it."""
    generator = torch.Generator().manual_seed(seed)
    pool = first_pool()
    first = pool.share.detach().clone()
    optimizer = torch.optim.Adam(pool.parameters(), _RATE)
    # Inputs of every kind and number of days alike, and within them groups.
    days = rows.days.clamp(max=99).long()
    chance = session_weights(rows.standing, days, rows.kind, rows.group)
    for _ in range(_STEPS):
        chosen = torch.multinomial(chance, _BATCH, replacement=True, generator=generator)
        part = rows.where(chosen)
        logits, _ = pool(part.network, part.site, part.kind, part.days, part.standing)
        loss = distribution_loss(logits, smoothed_targets(part.aqi, sigma).double())
        loss = loss + mean_loss(logits, part.aqi)
        loss = loss + _PULL * (pool.share - first).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return pool.eval().requires_grad_(False)


def first_pool() -> OpinionPool:
    """The pool as it is believed to be before any place was held out."""
    pool = OpinionPool()
    with torch.no_grad():
        for standing, share in _SHARES.items():
            pool.share[standing, :, 0] = share
    return pool


def fit_reach(
    rows: Pooling, pool: OpinionPool, before: dict[str, float]
) -> dict[str, dict[str, tuple[float, ...]]]:
    """How far from the median, in probability, intervals must reach: as `calibrate` has it.

    One threshold per standing, kind of input and number of days; `before` by kind stands where
    nothing was held out.
    """
    with torch.no_grad():
        logits, _ = pool(rows.network, rows.site, rows.kind, rows.days, rows.standing)
    score = (cumulative(logits.softmax(1), rows.aqi.double()) - 0.5).abs()
    reach: dict[str, dict[str, tuple[float, ...]]] = {name: {} for name in STANDINGS}
    for number, kind in enumerate(KINDS):
        learned = (rows.standing == LEARNED) & (rows.kind == number)
        reach[STANDINGS[LEARNED]][kind] = (_reach(score, rows, learned, before[kind]),)
        steps: list[float] = []
        for step in DAY_STEPS:
            here = (rows.standing == ELSEWHERE) & (rows.kind == number) & (rows.days == step)
            steps.append(_reach(score, rows, here, steps[-1] if steps else before[kind]))
        reach[STANDINGS[ELSEWHERE]][kind] = tuple(steps)
    return reach


def _reach(score: Tensor, rows: Pooling, here: Tensor, otherwise: float) -> float:
    if not bool(here.any()):
        return otherwise
    sessions = len(rows.session[here].unique())
    level = min(1.0, TARGET_COVERAGE * (sessions + 1) / sessions)
    # Groups alike, and within one its sessions.
    group, session = rows.group[here], rows.session[here]
    weights = session_weights(group, session)
    share = session_weights(group)
    by_group = torch.zeros_like(weights)
    for number in group.unique().tolist():
        inside = group == number
        by_group[inside] = weights[inside] / weights[inside].sum() * share[inside].sum()
    return round(min(0.5, weighted_quantile(score[here], by_group, level).item()), 4)
