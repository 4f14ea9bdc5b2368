"""A candidate beside the model before it: on the frozen part, and on corrections held out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aqfusion.model.network import AQFusionNet
from aqfusion.retrain.compare import EVERYWHERE, Change, Judged, changes, error_change
from aqfusion.retrain.gate import LEAST_GROUPS, LEAST_ITEMS, Evidence, Verdict, verdict
from aqfusion.retrain.lessons import Corrected
from aqfusion.retrain.said import KINDS, Floats, Said, say
from aqfusion.retrain.workbench import Workbench

__all__ = ["Outcome", "judge"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trained candidate with all that was found about it; `items` is what a page lists."""

    network: AQFusionNet
    changes: tuple[Change, ...]
    evidence: Evidence
    verdict: Verdict
    items: Mapping[str, Any]


def judge(bench: Workbench, before: AQFusionNet, corrected: Sequence[Corrected]) -> Outcome:
    """Train on all corrections, and on each half of them to be judged by the other half."""
    seed = bench.recipe.seed
    after = bench.network(corrected)
    frozen = _Frozen(bench)
    said = frozen.said(before), frozen.said(after)
    found = changes(frozen.judged, said[0], said[1], seed)
    ordinary = next(one.before for one in found if (one.place, one.kind) == (EVERYWHERE, KINDS[0]))
    held_out = _HeldOut(bench, before, corrected)
    evidence = held_out.evidence(ordinary, seed)
    items = {"frozen": frozen.listed(*said), "corrections": held_out.listed()}
    return Outcome(after, found, evidence, verdict(found, evidence), items)


class _Frozen:
    """The frozen sessions' frames."""

    def __init__(self, bench: Workbench) -> None:
        features = bench.features
        kept = torch.tensor([session.group in bench.frozen for session in features.sessions])
        shown = kept[features.owner]
        self._owner = features.owner[shown].tolist()
        self._sessions = [features.sessions[number] for number in self._owner]
        self._seen = features.features[shown], features.statistics[shown]
        self._temperature = bench.base.config.temperature
        self.judged = Judged(
            np.array([session.aqi for session in self._sessions]),
            [session.place for session in self._sessions],
            [session.group for session in self._sessions],
        )

    def said(self, network: AQFusionNet) -> Said:
        readings = torch.tensor([session.reading.values for session in self._sessions])
        return say(network, self._temperature, self._seen, readings)

    def listed(self, before: Said, after: Said) -> list[dict[str, Any]]:
        """Means over the frames of each session."""
        owner = np.array(self._owner)
        rows = []
        for number in dict.fromkeys(self._owner):
            here = owner == number
            session = self._sessions[int(here.argmax())]
            rows.append(
                {
                    "session": session.key,
                    "place": session.place,
                    "measured": round(session.aqi, 1),
                    "before": {kind: _number(before[kind][here].mean()) for kind in KINDS},
                    "after": {kind: _number(after[kind][here].mean()) for kind in KINDS},
                }
            )
        return rows


class _HeldOut:
    """Corrections told by networks that learned the other half of their groups."""

    def __init__(
        self, bench: Workbench, before: AQFusionNet, corrected: Sequence[Corrected]
    ) -> None:
        self._all = _Items(corrected)
        temperature, seen = bench.base.config.temperature, self._all.seen
        self._enough = (
            len(self._all.items) >= LEAST_ITEMS and len({*self._all.group}) >= LEAST_GROUPS
        )
        self.before = say(before, temperature, seen, self._all.readings) if corrected else {}
        self.after = {kind: np.full(len(self._all.items), np.nan) for kind in KINDS}
        self.constant = np.full(len(self._all.items), np.nan)
        if not self._enough:
            return
        half = _halves(self._all.group)
        for number in (0, 1):
            learned = [one for one in corrected if half[one.group] != number]
            mine = np.array([half[group] == number for group in self._all.group])
            network = bench.network(learned)
            told = say(network, temperature, seen, self._all.readings)
            for kind in KINDS:
                self.after[kind][mine] = told[kind][mine]
            self.constant[mine] = self._all.middle[~mine].mean()

    def evidence(self, ordinary: float, seed: int) -> Evidence:
        counted = len(self._all.items), len({*self._all.group})
        if not self._enough:
            return Evidence(*counted, 0.0, 0.0, 0.0, 0.0, ordinary)
        before, after, constant = (
            self._all.missed(told)
            for told in (self.before[KINDS[0]], self.after[KINDS[0]], self.constant)
        )
        learned = error_change(self._all.group, before, after, seed)
        against = error_change(self._all.group, constant, after, seed)
        return Evidence(
            *counted, learned.before, learned.after, against.before, against.high, ordinary
        )

    def listed(self) -> list[dict[str, Any]]:
        return [
            {
                "item": item,
                "group": self._all.group[number],
                "label": [round(float(end), 1) for end in self._all.band[number]],
                "before": {kind: _number(self.before[kind][number]) for kind in KINDS},
                "after": {kind: _number(self.after[kind][number]) for kind in KINDS},
            }
            for number, item in enumerate(self._all.items)
        ]


class _Items:
    """Corrected sessions as single items: I of them."""

    def __init__(self, corrected: Sequence[Corrected]) -> None:
        self.items = [item for one in corrected for item in one.items]
        self.group = [one.group for one in corrected for _ in one.items]
        self.band: Floats = np.array([band for one in corrected for band in one.bands])
        self.band = self.band.reshape(-1, 2)
        self.middle: Floats = self.band.mean(1)
        readings = [one.reading.values for one in corrected for _ in one.items]
        self.readings = torch.tensor(readings, dtype=torch.float32)
        self.seen = _stacked(corrected)

    def missed(self, told: Floats) -> Floats:
        """How far what was told (I,) lies outside what was said; a category forgives its band."""
        low, high = self.band.T
        outside: Floats = np.maximum(np.maximum(low - told, told - high), 0.0)
        return outside


def _stacked(corrected: Sequence[Corrected]) -> tuple[Tensor, Tensor]:
    if not corrected:
        return torch.zeros(0), torch.zeros(0)
    features = torch.cat([one.features for one in corrected])
    return features, torch.cat([one.statistics for one in corrected])


def _halves(groups: Sequence[str]) -> dict[str, int]:
    """Every other group by the hash of its name."""
    names = sorted({*groups}, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return {name: number % 2 for number, name in enumerate(names)}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 1)
