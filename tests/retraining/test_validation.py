"""Which labels count as new, and that each is predicted by a network that has not learned it."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.retraining.batch_prediction import KINDS
from aqfusion.retraining.promotion_gate import ValidationEvidence
from aqfusion.retraining.training_set import CorrectedSession
from aqfusion.retraining.validation import (
    correction_evidence,
    differing_labels,
    hold_out_corrections,
    listed_corrections,
    predict_held_out,
)

WIDTH = 4


def session(group: int, items: tuple[int, ...], aqi: float = 300.0) -> CorrectedSession:
    return CorrectedSession(
        f"g{group}",
        "Deltapur",
        Reading(pm25=100.0 + group),
        items,
        tuple((aqi, aqi) for _ in items),
        torch.tensor([[float(item)] * WIDTH for item in items]),
        torch.zeros(len(items), 108),
    )


@dataclass
class Validated:
    """New labels validated with networks that know the items they learned, and nothing else."""

    learned: list[set[int]]
    differed: int
    listed: list[dict]
    evidence: ValidationEvidence


def validated(before: set[int], corrected, learned_bands) -> Validated:
    held_out = hold_out_corrections(corrected, learned_bands)
    learned = [{item for part in half for item in part.items} for half in held_out.training_sets]
    predictions = predict_held_out(held_out, before, learned, {})
    return Validated(
        learned,
        differing_labels(held_out, predictions.before),
        listed_corrections(held_out, predictions),
        correction_evidence(held_out, predictions, 40.0, seed=0),
    )


@pytest.fixture(autouse=True)
def _say(monkeypatch):
    """A network says 300 of what it has learned, and 100 of all else."""

    def say(network, temperature, seen, readings):
        items = seen[0][:, 0].tolist()
        told = np.array([300.0 if int(item) in network else 100.0 for item in items])
        return dict.fromkeys(KINDS, told)

    monkeypatch.setattr("aqfusion.retraining.validation.predict_from_features", say)


def corrected() -> list[CorrectedSession]:
    return [session(group, tuple(range(6 * group, 6 * group + 6))) for group in range(6)]


def test_all_is_new_to_a_model_that_learned_nothing():
    found = validated(set(), corrected(), {})
    first, second = found.learned
    assert first & second == set()
    assert first | second == set(range(36))
    assert all(len({item // 6 for item in half}) == 3 for half in (first, second))  # whole groups
    evidence = found.evidence
    assert (evidence.items, evidence.groups, evidence.ordinary) == (36, 6, 40.0)
    assert (evidence.before, evidence.after) == (200.0, 200.0)  # nobody told what it had learned
    assert evidence.constant == 0.0
    assert found.differed == 36


def test_what_the_model_before_knows_is_learned_by_both_halves_and_judged_by_neither():
    known = {item: (300.0, 300.0) for item in range(36) if item % 6 == 0}
    known[1] = (200.0, 200.0)  # said otherwise since: new
    found = validated(set(known), corrected(), known)
    old = {item for item in known if item != 1}
    assert all(half >= old for half in found.learned)
    assert found.learned[0] & found.learned[1] == old
    assert found.evidence.items == 30
    assert [row["item"] for row in found.listed] == [n for n in range(36) if n not in old]
    assert found.listed[0]["before"]["fused"] == 300.0  # item 1
    assert found.listed[0]["after"]["fused"] == 100.0


def test_too_few_new_ones_are_not_trained_for():
    known = {item: (300.0, 300.0) for item in range(18)}
    found = validated(set(), corrected(), known)
    assert found.learned == []
    assert (found.evidence.items, found.evidence.groups) == (18, 3)
    assert validated(set(), [], {}).evidence.items == 0


def test_a_category_forgives_its_band():
    many = [session(group, tuple(range(6 * group, 6 * group + 6))) for group in range(6)]
    bands = tuple((51.0, 100.0) for _ in range(6))
    wide = [CorrectedSession(**{**vars(part), "bands": bands}) for part in many]
    found = validated(set(), wide, {})
    assert found.differed == 0
    assert found.evidence.before == 0.0
