"""Where an entry would stand in an edition's published table."""

import math

import pytest

from harness import protocols
from harness.ranking.forecast import forecast
from harness.ranking.table import read_table
from harness.records import Figures
from harness.statistics.estimates import Estimate
from reports import PUBLISHED

EDITION = protocols.load("ntire2026")
TABLE = read_table(PUBLISHED / "ntire2026.csv")
SPAN = next(row for row in TABLE if row.name in EDITION.baseline.names)


def test_the_baseline_itself_stands_where_the_baseline_stands():
    found = forecast(SPAN, Estimate(0.0, 0.01, 5), TABLE, EDITION)
    assert found.log_score == pytest.approx(2)
    low, high = found.log_scores
    # d log(score) / d log(runtime) = 2 x 0.8 where all ratios are 1
    half = Estimate(0.0, 0.01, 5).half_width
    assert (high - low) / 2 == pytest.approx(1.6 * half, rel=1e-2)
    assert found.ranks[0] <= found.rank <= found.ranks[1]


def test_a_runtime_is_related_to_the_published_baseline():
    twice = forecast(SPAN, Estimate(math.log(2), None, 0), TABLE, EDITION)
    assert twice.log_score == pytest.approx(math.log(0.8 * math.exp(4) + 0.2 * math.exp(2)))
    assert twice.ranks is None


def test_without_a_runtime_costs_are_ranked_alone():
    found = forecast(SPAN, None, TABLE, EDITION)
    assert (found.rank, found.log_score) == (None, None)
    assert set(found.metric_ranks) == {"params", "flops"}


def test_an_entry_below_a_threshold_is_not_ranked():
    weak = Figures("weak", psnr_db={"valid": 26.0, "test": 26.0}, metrics=SPAN.metrics)
    assert "below 26.90 dB" in forecast(weak, None, TABLE, EDITION).reason


def test_no_table_no_forecast():
    assert forecast(SPAN, None, [], EDITION) is None
