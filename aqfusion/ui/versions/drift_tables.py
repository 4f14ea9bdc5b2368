"""All figures of a drift report as tables."""

from aqfusion.drift.report import Histogram, Report
from aqfusion.figures import Estimate
from aqfusion.labels.annotators import Share
from aqfusion.ui.table import Cell, Column, Table
from aqfusion.ui.versions.drift_words import DAYS_BEFORE, RATES, name_of, word, worse

__all__ = ["rate_table", "shift_table"]


def shift_table(report: Report) -> Table:
    """All comparisons of histograms."""
    columns = (
        *(Column("against training"), Column("counted", "d"), Column("PSI", ".2f")),
        *(Column("by chance", ".2f"), Column("among present", ".2f"), Column("verdict")),
        *(Column(f"PSI, {DAYS_BEFORE}", ".2f"), Column("verdict")),
    )
    return Table(columns, tuple(_row(histogram) for histogram in report.histograms))


def rate_table(report: Report) -> Table:
    """Both rates."""
    columns = (
        *(Column("share"), Column("now", ".0%"), Column("of", "d")),
        *(Column(DAYS_BEFORE, ".0%"), Column("of", "d"), Column("verdict")),
    )
    rows = tuple(
        (
            *(RATES[rate.name][0], _estimate(rate.recent), rate.earlier.recent),
            *(_estimate(rate.before), rate.earlier.known, word(rate.earlier, DAYS_BEFORE)),
        )
        for rate in report.rates
    )
    return Table(columns, rows)


def _row(histogram: Histogram) -> tuple[Cell, ...]:
    has_training = histogram.training.chance is not None
    return (
        *(
            name_of(histogram),
            histogram.training.recent,
            histogram.training.psi if has_training else None,
        ),
        *(
            histogram.training.chance,
            histogram.present.psi if histogram.present and has_training else None,
        ),
        word(worse(histogram), "training"),
        histogram.earlier.psi if histogram.earlier.chance is not None else None,
        word(histogram.earlier, DAYS_BEFORE),
    )


def _estimate(share: Share | None) -> Estimate | None:
    return None if share is None else Estimate(share.share, share.low, share.high)
