"""What experts read of drift: the worst first, in words, and for nobody else."""

from collections import Counter
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.air.readings import Reading
from aqfusion.labels.usage_counts import Settled
from aqfusion.labels.usage_key import Cell
from aqfusion.model.predictor import load_model
from aqfusion.monitoring.drift_report import UsageCounts, report
from aqfusion.monitoring.population_stability import FAR, STEADY, TOO_FEW
from aqfusion.monitoring.reference import ReferenceDistribution
from aqfusion.monitoring.usage_counter import UPLOAD, PredictionUsage, counted
from aqfusion.registry.serving import Served
from aqfusion.settings import DEFAULT_MODEL
from aqfusion.ui import usage as counting
from aqfusion.ui.registry import drift_view
from aqfusion.ui.registry.drift_view import drift_chart, drift_table
from tests.labels.planted import NOW, PIN

SECONDS = 60
TODAY = NOW.date()


@pytest.fixture(scope="module")
def reference() -> ReferenceDistribution:
    return counting.reference(load_model(), DEFAULT_MODEL)


def cells_of(reference, readings, refused=0) -> Counter[Cell]:
    found = Counter()
    for number, reading in enumerate(readings):
        seen = PredictionUsage(UPLOAD, reading, reference.frames[number] + 30, number < refused)
        for facts in counted(seen, reference):
            found[Cell(TODAY.isoformat(), reference.model, UPLOAD, *facts)] += 1
    return found


def made(reference, cells, settled=()):
    return report(UsageCounts(30, TODAY - timedelta(days=29), cells, settled), reference)


def test_the_worst_comes_first_and_what_is_alike_is_one_sentence(reference):
    """PM2.5 high, the others as at City day, NO2 given by nobody; photos of another world."""
    readings = [Reading(pm25=400 + n) for n in range(40)]
    told = drift_view.sentences(made(reference, cells_of(reference, readings, refused=5)))
    verdicts = [verdict for verdict, _ in told]
    assert verdicts == sorted(verdicts, key=[FAR, "moved", TOO_FEW, STEADY].index)
    words = dict.fromkeys(sentence for _, sentence in told)
    (pm25,) = [sentence for sentence in words if sentence.startswith("PM2.5 ")]
    assert pm25 == (
        "PM2.5 has shifted far from training: 100\u00a0% lie in the range 303.8 µg/m³ and above, "
        "in training 20\u00a0%."
    )
    assert (
        "NO2 has shifted far from training: not given in 100\u00a0%, in training in 7\u00a0%."
        in words
    )
    assert any(
        s.startswith(
            "Distance of the photos has shifted far from training: 100\u00a0% lie in the range "
        )
        for s in words
    )
    assert (
        "Photos that cannot be judged: 12\u00a0% of 40 (5\u00a0% to 26\u00a0%); too few counts "
        "(40, and too few earlier counts)." in words
    )
    assert "Items where people corrected the model: no settled items yet." in words


def test_few_counts_say_how_many_are_needed(reference):
    found = made(reference, cells_of(reference, [Reading(pm25=40)] * 3))
    told = drift_view.sentences(found)
    assert {verdict for verdict, _ in told} == {TOO_FEW}
    (few,) = [sentence for _, sentence in told if "compare with training" in sentence]
    assert few.startswith("Too few counts to compare with training: PM2.5 (3 of 95 needed), ")


def test_nothing_counted_is_no_drift(reference):
    found = made(reference, Counter(), (Settled(NOW, True),) * 30)
    told = drift_view.sentences(found)
    assert {verdict for verdict, _ in told} == {TOO_FEW}
    assert any("100\u00a0% of 30 (89\u00a0% to 100\u00a0%)" in sentence for _, sentence in told)


def test_chart_and_table_show_the_same_counts(reference):
    found = made(reference, cells_of(reference, [Reading(pm25=40, co=1.0)] * 20))
    (pm25, distance) = (
        next(histogram for histogram in found.histograms if histogram.name == name)
        for name in ("pm25", "distance")
    )
    names = drift_view.ranges_of(pm25)
    recent, training = drift_chart(pm25, names).data
    assert list(recent.y) == ["not given", "below 24.6", *names[2:]]
    assert list(recent.x) == [0, 0, 0, 1, *[0] * 7]
    assert sum(training.x) == pytest.approx(1)
    rows = drift_table(pm25, names).rows
    assert rows[3] == ("33.67 to 43.9", 20, 0, 9.0)
    assert len(drift_table(distance, drift_view.ranges_of(distance)).rows) == 10  # never missing


def app(actor, now, model):
    from aqfusion.registry.serving import Served
    from aqfusion.ui import page
    from aqfusion.ui.labels import store_session
    from aqfusion.ui.registry import drift_view

    page.begin("Drift", "")
    drift_view.render_drift(store_session.store(), actor, Served(model, None), now)


def opened(actor) -> AppTest:
    page = AppTest.from_function(app, default_timeout=SECONDS, args=(actor, NOW, DEFAULT_MODEL))
    page.run()
    assert not page.exception
    return page


def test_an_expert_sees_it_and_chooses_days_and_sensors(labels, reference):
    admin = labels.accounts.first_admin("Ada", PIN, NOW)
    eva = labels.accounts.add_user(admin, "Eva", PIN, "expert", NOW)
    labels.predictions.add(cells_of(reference, [Reading(pm25=400 + n) for n in range(40)]))
    page = opened(eva)
    assert "40 predictions from inputs of visitors" in page.caption[0].value
    assert "PM2.5 has shifted far from training" in page.markdown[1].value
    page.selectbox(key="drift_choice_histogram").set_value("distance").run()
    assert not page.exception
    page.segmented_control(key="drift_choice_days").set_value(7).run()
    assert not page.exception
    assert "Since 27 October 2026" in page.caption[0].value


def test_nobody_else_does(labels, reference):
    admin = labels.accounts.first_admin("Ada", PIN, NOW)
    ana = labels.accounts.add_user(admin, "Ana", PIN, "annotator", NOW)
    labels.predictions.add(cells_of(reference, [Reading(pm25=400)]))
    page = opened(ana)
    (said,) = page.error
    assert "expert or above is needed here, and your role is annotator" in said.value
    assert "predictions" not in " ".join(one.value for one in page.caption)
    assert not page.get("html")[1:]


def test_a_model_without_a_features_file_says_what_is_not_compared(labels):
    admin = labels.accounts.first_admin("Ada", PIN, NOW)
    page = AppTest.from_function(app, default_timeout=SECONDS, args=(admin, NOW, "resnet18"))
    page.run()
    assert not page.exception
    assert Served("resnet18", None).version is None
    assert [one.value for one in page.info] == [
        "There is no file with the features of this model's training photos, so only readings "
        "are compared with the training data."
    ]
