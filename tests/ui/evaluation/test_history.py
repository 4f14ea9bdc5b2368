"""What days of a place are worth, as the Evaluation page shows it: planted figures in place."""

import re
from math import log2

import pytest

from aqfusion.metric_values import Estimate
from aqfusion.metrics import HistoryBaseline, HistoryFigures
from aqfusion.ui.evaluation import history_view, metric_tables
from aqfusion.ui.evaluation.text import HISTORY_BASELINES, HISTORY_KINDS


def known(kind, days, rmse, coverage=0.9, places=8):
    error = Estimate(rmse, rmse - 20, rmse + 10)
    return HistoryFigures(kind, days, error, 110.5, 90.5, 99.5, 0.3, coverage, 260.5, 24, places)


def simple(method, days, rmse):
    return HistoryBaseline(method, days, Estimate(rmse, rmse - 1, rmse + 1))


PHOTO = (
    known("image_only", 0, 112.4, 0.8),
    known("image_only", 1, 84, 0.866),  # shown as 87 %
    known("image_only", 8, 57, 0.95, places=5),
)
FUSED = (known("fused", 0, 70), known("fused", 8, 40.8))
ALONE = (known("nothing", 1, 87),)
MEANS = (simple("constant", 0, 114.7), simple("place_mean", 1, 88), simple("place_mean", 8, 60))


def test_chart_has_a_line_per_kind_with_intervals_and_two_simple_ones():
    figure = history_view.history_chart((*PHOTO, *FUSED, *ALONE), MEANS)
    lines = {trace.name: trace for trace in figure.data}
    assert list(lines) == [
        *HISTORY_KINDS.values(),
        "Constant prediction",
        "Mean of the place's days",
    ]
    photo, mean = lines["Photo only"], lines["Mean of the place's days"]
    assert photo.y == (112.4, 84, 57)
    assert (photo.error_y.array, photo.error_y.arrayminus) == ((10, 10, 10), (20, 20, 20))
    assert [row[0] for row in photo.customdata] == [0, 1, 8]
    assert (mean.x, mean.y, mean.error_y.array) == ((1, log2(9)), (88, 60), None)
    assert lines["Readings only"].x == ()
    assert figure.layout.xaxis.ticktext == ("0", "1", "8")
    assert figure.layout.yaxis.range[1] > 122.4  # the highest interval is not cut off


def test_value_outside_its_interval_draws_no_line_backwards():
    odd = HistoryFigures("fused", 0, Estimate(9, 10, 12), 1, 1, 1, 1, 1, 1, 1, 1)
    (trace, *_) = history_view.history_chart([odd], ()).data
    assert (trace.error_y.array, trace.error_y.arrayminus) == ((3,), (0,))


def test_step_table_has_every_figure_of_every_cell():
    rows = history_view.step_table((*PHOTO[:1], *FUSED[:1], *ALONE)).rows
    figures = (90.5, 99.5, 0.3, 0.9, 260.5, 24, 8)
    assert rows[0] == ("Photo and readings", 0, Estimate(70, 50, 80), 110.5, *figures)
    assert rows[1][:2] == ("Photo only", 0)
    assert rows[2] == ("Only the place's days", 1, Estimate(87, 67, 97), None, *figures)


def test_methods_stand_beside_each_other_by_known_days():
    table = history_view.rival_table((*PHOTO, *FUSED), MEANS)
    assert [column.title for column in table.columns] == [*("method", "0 days", "1 day", "8 days")]
    assert len(table.rows) == len(HISTORY_KINDS) + len(HISTORY_BASELINES)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Ours: photo and readings"] == (
        *(FUSED[0].session_rmse, None, FUSED[1].session_rmse),
    )
    assert rows["Mean of the place's days"] == (
        *(None, Estimate(88, 87, 89), Estimate(60, 59, 61)),
    )


def test_known_places_are_told_with_and_without_their_days():
    own = (known("image_only", None, 62), known("nothing", None, 65), *PHOTO)
    others = (
        *(simple("place_mean", None, 64.5), simple("ridge", None, 58), MEANS[0]),
        simple("ridge_place", None, 51),
    )
    quality = (99.5, 0.3, 0.9, 260.5)
    assert history_view.known_place_table(own, others).rows == (
        ("Ours: photo only", 110.5, 90.5, Estimate(62, 42, 72), *quality),
        ("Ours: only the place's days", None, Estimate(65, 45, 75), None, *quality),
        ("Mean of the place's days", None, Estimate(64.5, 63.5, 65.5), None, *[None] * 4),
        ("Ridge regression", Estimate(58, 57, 59), None, Estimate(51, 50, 52), *[None] * 4),
    )
    assert history_view.known_place_sentence(own, others) == (
        "The error from a photo alone is 110.5 AQI points; with the days of the place it is 62.0, "
        "and from the days without the photo 65.0. The mean AQI of those days has an error of 64.5."
    )
    assert history_view.known_place_sentence(own, ()).endswith("without the photo 65.0.")
    assert history_view.known_place_sentence(own[:1], ()).endswith("place it is 62.0.")
    assert history_view.known_place_sentence(PHOTO, others) == ""


def test_chart_is_told_in_words_with_its_figures():
    first, fused, places = history_view.chart_sentences((*PHOTO, *FUSED), MEANS)
    assert "from a photo alone is 112 AQI points" in first
    assert fused == "With photo and readings the error is 70 and 41 with 0 and 8 known days."
    assert "With 0, 1 and 8 known days these are 8, 8 and 5 places" in places
    assert history_view.chart_sentences(PHOTO[:2], ()) == []


def test_interval_is_told_as_it_is():
    said = history_view.interval_sentence((*PHOTO, *FUSED)).replace("\u00a0", " ")
    assert said == (
        "The 90 % interval contains the measured AQI of 87 to 93 % of the photos, as it should, "
        "in 3 of these 5 cases; the largest deviation is photo only, 0 days: 80 %."
    )
    known_only = history_view.interval_sentence([known("nothing", None, 65, coverage=0.99)])
    assert known_only.endswith(
        "in 0 of these 1 cases; the largest deviation is only the place's days: 99\u00a0%."
    )


def test_headline_tells_what_a_photo_is_worth_at_a_new_place(metrics):
    said = " ".join(re.sub(r"<[^>]+>", " ", metric_tables.headline(metrics())).split())
    assert "At a place that the model has never seen, its typical error from a photo" in said
    assert "Ours, at a new place MobileNetV2, photo only At a place" in said
    assert said.endswith(
        "is 98, 81, 65 and 60. Without the photo the error is 118, 87, 79, 61 and 60 "
        "with 0, 1, 2, 4 and 8 known days."
    )


@pytest.mark.parametrize("part", ["history", "history_baselines"])
def test_headline_is_silent_where_new_places_are_not_computed(metrics, part):
    def change(whole):
        place = whole["protocols"]["place"]
        (place if part in place else place["backbones"]["mobilenetv2_100"]).pop(part)

    assert "never seen" not in metric_tables.headline(metrics(change))
    assert "never seen" not in metric_tables.headline(
        metrics(lambda m: m["protocols"].pop("place"))
    )
