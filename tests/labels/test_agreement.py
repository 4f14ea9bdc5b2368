"""Agreement of planted answers: published examples, other programs, and what is undefined."""

import time

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from aqfusion.labels.agreement import (
    CANNOT_TELL,
    MISSING,
    Agreement,
    AnswerTable,
    nominal_alpha,
    ordinal_alpha,
    weighted_kappas,
)

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: four observers,
# twelve units, five values; a dot is missing.
KRIPPENDORFF = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""


def table(*columns: list[int]) -> AnswerTable:
    answers = np.array(columns, dtype=np.int8).T
    names = [f"item {number}" for number in range(len(answers))]
    return AnswerTable(tuple(names), tuple("abcdefghij"[: len(columns)]), answers)


def published() -> AnswerTable:
    lines = KRIPPENDORFF.split("\n")[1:-1]
    return table(*([MISSING if v == "." else int(v) - 1 for v in line.split()] for line in lines))


def noisy(items: int, annotators: int, seed: int = 1) -> AnswerTable:
    """People who are off by at most one, and skip a third of the items."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(6, size=items)[:, None]
    answers = np.clip(truth + generator.integers(-1, 2, (items, annotators)), 0, 5)
    answers[generator.random(answers.shape) < 0.33] = MISSING
    return table(*answers.T.tolist())


def test_alpha_is_the_published_one():
    ordinal, nominal = ordinal_alpha(published(), seed=0), nominal_alpha(published(), seed=0)
    assert (round(ordinal.value, 3), round(nominal.value, 3)) == (0.815, 0.743)
    assert ordinal.items == nominal.items == 11  # the twelfth unit has one value


@pytest.mark.parametrize("level", ["ordinal", "nominal"])
def test_alpha_is_that_of_the_krippendorff_package(level):
    """On any table with gaps; the package keeps an answer alone in its item out as well."""
    alpha, codes = (ordinal_alpha, 6) if level == "ordinal" else (nominal_alpha, 7)
    compared = 0
    for seed in range(150):
        generator = np.random.default_rng(seed)
        shape = generator.integers(2, 40), generator.integers(2, 7)
        used = generator.choice(codes, generator.integers(2, codes + 1), replace=False)
        answers = generator.choice(used, shape)
        answers[generator.random(shape) < generator.random()] = MISSING
        estimate = alpha(table(*answers.T.tolist()), seed)
        if estimate.value is None:
            continue
        data = np.where(answers == MISSING, np.nan, answers).T
        wanted = krippendorff.alpha(data, value_domain=range(codes), level_of_measurement=level)
        assert estimate.value == pytest.approx(wanted, abs=5.1e-5), seed
        compared += 1
    assert compared > 110


def test_kappa_of_every_pair_is_scikit_learns():
    answers = noisy(items=80, annotators=4)
    pairs = weighted_kappas(answers, seed=0)
    assert [(p.first, p.second) for p in pairs] == [
        *map(tuple, ["ab", "ac", "ad", "bc", "bd", "cd"])
    ]
    for pair in pairs:
        first, second = (
            answers.answers[:, "abcd".index(name)] for name in (pair.first, pair.second)
        )
        both = (first != MISSING) & (second != MISSING)
        wanted = cohen_kappa_score(first[both], second[both], weights="quadratic")
        assert (pair.kappa.value, pair.kappa.items) == (round(wanted, 4), both.sum())


def test_kappa_of_equal_margins_is_the_correlation_as_cohen_1968_shows():
    first, second = [0, 0, 1, 1, 2, 3, 5, 5], [0, 1, 0, 2, 1, 5, 3, 5]
    (pair,) = weighted_kappas(table(first, second), seed=0)
    assert pair.kappa.value == round(float(np.corrcoef(first, second)[0, 1]), 4)


def alpha_by_definition(units: list[list[int]]) -> float:
    """Ordinal alpha as 1 - observed / expected disagreement of all pairs of values, one by one."""
    values = [value for unit in units for value in unit]
    n = [values.count(category) for category in range(6)]

    def apart(c: int, k: int) -> float:
        low, high = min(c, k), max(c, k)
        return (sum(n[low : high + 1]) - (n[low] + n[high]) / 2) ** 2

    within = sum(sum(apart(c, k) for c in u for k in u) / (len(u) - 1) for u in units)
    anywhere = sum(n[c] * n[k] * apart(c, k) for c in range(6) for k in range(6))
    return 1 - within / anywhere * (len(values) - 1)


def kappa_by_definition(first: np.ndarray, second: np.ndarray) -> float:
    """1 - mean squared distance of answers to one item / of any two answers."""
    return 1 - np.mean((first - second) ** 2) / np.mean((first[:, None] - second) ** 2)


def test_intervals_are_those_of_items_drawn_one_by_one():
    answers = noisy(items=60, annotators=2)
    both = answers.answers[(answers.answers != MISSING).all(1)]
    generator = np.random.default_rng(7)
    drawn = [both[generator.integers(len(both), size=len(both))] for _ in range(400)]
    kappas = [kappa_by_definition(*sample.T.astype(int)) for sample in drawn]
    alphas = [alpha_by_definition(sample.tolist()) for sample in drawn]
    kappa, alpha = weighted_kappas(answers, seed=0)[0].kappa, ordinal_alpha(answers, seed=0)
    for statistic, values in ((kappa, kappas), (alpha, alphas)):
        assert statistic.high - statistic.low > 0.1
        ends = np.percentile(values, [2.5, 97.5])
        assert [statistic.low, statistic.high] == pytest.approx(ends, abs=0.025)
    assert alpha.value == round(alpha_by_definition(both.tolist()), 4)


def test_nine_intervals_in_ten_or_more_hold_the_value_of_all_items():
    all_items = noisy(items=20_000, annotators=3)
    value = ordinal_alpha(all_items, seed=0).value
    parts = all_items.answers[:4000].reshape(40, 100, 3)
    alphas = [ordinal_alpha(table(*part.T.tolist()), seed=0) for part in parts]
    held = sum(alpha.low <= value <= alpha.high for alpha in alphas)
    assert 34 <= held <= 40
    assert any(alpha.value != value for alpha in alphas)


@pytest.mark.parametrize(
    ("columns", "items", "why"),
    [
        (([], []), 0, "needs two items"),
        (([3, MISSING], [3, 2]), 1, "needs two items"),
        (([3, 3, 3], [3, 3, 3]), 3, "same category"),
    ],
)
def test_what_is_undefined_says_why(columns, items, why):
    for statistic in (
        weighted_kappas(table(*columns), seed=0)[0].kappa,
        ordinal_alpha(table(*columns), seed=0),
        nominal_alpha(table(*columns), seed=0),
    ):
        assert (statistic.value, statistic.low, statistic.high, statistic.items) == (
            None,
            None,
            None,
            items,
        )
        assert why in statistic.why


def test_full_agreement_on_a_few_items_claims_no_certainty():
    alpha = ordinal_alpha(table([0, 3, 5], [0, 3, 5]), seed=0)
    assert alpha == Agreement(1.0, None, None, 3, "the items are too similar for an interval")


def test_cannot_tell_is_an_answer_of_its_own_in_nominal_alpha_alone():
    answers = table([0, 1, 2, CANNOT_TELL, 4, 0], [0, 1, 3, CANNOT_TELL, 4, CANNOT_TELL])
    without = table([0, 1, 2, 4, 0], [0, 1, 3, 4, MISSING])
    assert ordinal_alpha(answers, seed=0) == ordinal_alpha(without, seed=0)
    kappa = weighted_kappas(without, seed=0)[0].kappa
    assert weighted_kappas(answers, seed=0)[0].kappa == kappa
    swapped = table(*answers.answers.T[::-1].tolist())
    assert weighted_kappas(swapped, seed=0)[0].kappa.value == kappa.value
    # Of twelve answers four are in pairs that differ; they fall on six codes 3, 2, 1, 1, 2 and 3
    # times, so that 144 - 28 ordered pairs of answers differ.
    assert nominal_alpha(answers, seed=0).value == round(1 - 4 * 11 / 116, 4)


def test_far_apart_is_worse_than_next_to_each_other():
    near = table([0, 1, 2, 3, 4, 5] * 3, [0, 1, 3, 2, 4, 5] * 3)
    far = table([0, 1, 2, 3, 4, 5] * 3, [5, 1, 2, 3, 4, 0] * 3)
    assert nominal_alpha(near, seed=0).value == nominal_alpha(far, seed=0).value
    assert ordinal_alpha(near, seed=0).value > 0.9
    assert ordinal_alpha(far, seed=0).value < 0


def test_a_seed_gives_the_same_again_and_another_seed_the_same_value():
    answers = noisy(items=50, annotators=3)
    first, again, other = (ordinal_alpha(answers, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first.value == other.value


def test_ten_people_and_two_thousand_items_take_a_second():
    answers = noisy(items=2000, annotators=10)
    start = time.perf_counter()
    assert len(weighted_kappas(answers, seed=0)) == 45
    assert ordinal_alpha(answers, seed=0).items > 1990
    assert time.perf_counter() - start < 3  # 0.4 s on one idle core


def test_a_table_is_made_of_answers_in_any_order():
    answers = [("photo 2", "Ram", 5), ("photo 1", "Asha", 0), ("photo 2", "Asha", CANNOT_TELL)]
    made = AnswerTable.from_answers(answers)
    assert (made.items, made.annotators) == (("photo 1", "photo 2"), ("Asha", "Ram"))
    assert made.answers.tolist() == [[0, MISSING], [CANNOT_TELL, 5]]
    assert AnswerTable.from_answers([]).answers.shape == (0, 0)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([("x", "Asha", 1), ("x", "Asha", 1)], "Asha must have one answer to x, got two"),
        ([("x", "Asha", 7)], "an answer must be 0 to 6, got 7"),
        ([("x", "Asha", MISSING)], "an answer must be 0 to 6, got -1"),
    ],
)
def test_answers_that_make_no_table_are_refused(answers, message):
    with pytest.raises(ValueError, match=message):
        AnswerTable.from_answers(answers)


def test_arrays_that_are_no_table_are_refused():
    with pytest.raises(ValueError, match=r"answers must be \(1, 1\), got \(1, 2\)"):
        AnswerTable(("x",), ("Asha",), np.zeros((1, 2), dtype=np.int8))
    with pytest.raises(ValueError, match="answers must be -1 to 6, got 9"):
        AnswerTable(("x",), ("Asha",), np.full((1, 1), 9, dtype=np.int8))
