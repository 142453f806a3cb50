"""Intervals over rounds, held to closed forms and to scipy's own t tests."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from harness.statistics import estimates

TEN = [0.013, -0.004, 0.002, 0.007, -0.011, 0.005, 0.001, -0.006, 0.009, -0.002]


def test_a_visit_is_the_mean_over_splits_of_the_mean_over_images_of_medians_over_sweeps():
    valid = [[5.0, 4.0, 100.0], [7.0, 7.0, 8.0]]
    assert estimates.visit_ms({"valid": valid, "test": [[2.0]]}) == (6.0 + 2.0) / 2


def test_the_interval_is_student_s():
    estimate = estimates.estimate(TEN)
    expected = scipy.stats.ttest_1samp(TEN, 0).confidence_interval(0.95)
    assert estimate.mean == pytest.approx(np.mean(TEN))
    assert estimate.mean - estimate.half_width == pytest.approx(expected.low)
    assert estimate.mean + estimate.half_width == pytest.approx(expected.high)


def test_the_probability_to_exceed_is_that_of_a_one_sided_t_test():
    p = scipy.stats.ttest_1samp(TEN, 0.004, alternative="greater").pvalue
    assert estimates.estimate(TEN).exceeds(0.004) == pytest.approx(1 - p)


def test_an_outlying_round_is_left_out():
    assert estimates.estimate([*TEN, 0.2]) == estimates.estimate(TEN)
    # median absolute deviation 0.0055, so 5 robust deviations are 0.0408 from the median 0.0015
    flags = estimates.outlying(np.array([*TEN[:9], 0.042, 0.0428]))
    assert flags.tolist() == [False] * 11
    assert estimates.outlying(np.array([*TEN, 0.06])).tolist() == [False] * 10 + [True]


def test_of_few_rounds_none_is_an_outlier():
    assert not estimates.outlying(np.array([0.0, 0.0, 0.0, 0.0, 1.0])).any()
    assert estimates.outlying(np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])).sum() == 1


def test_one_round_says_nothing_of_its_spread():
    estimate = estimates.estimate([0.5])
    assert (estimate.mean, estimate.half_width, estimate.exceeds(0)) == (0.5, None, None)


def test_equal_rounds_are_certain():
    estimate = estimates.estimate([0.5] * 4)
    assert estimate.half_width == 0
    assert [estimate.exceeds(value) for value in (0.4, 0.5, 0.6)] == [1, 0.5, 0]


def test_means_of_different_rounds_are_compared_by_welch():
    other = [0.02, 0.05, 0.01, 0.04]
    compared = estimates.difference(estimates.estimate(TEN), estimates.estimate(other))
    expected = scipy.stats.ttest_ind(TEN, other, equal_var=False)
    assert compared.mean / compared.error == pytest.approx(expected.statistic)
    assert compared.freedom == math.floor(expected.df)


def test_many_at_once_are_as_one_by_one():
    samples = np.random.default_rng(0).standard_t(2, (200, 10))
    mean, error, freedom = estimates.moments(samples)
    for index, row in enumerate(samples):
        one = estimates.estimate(row.tolist())
        assert (mean[index], error[index], freedom[index]) == (one.mean, one.error, one.freedom)
    assert (freedom < 9).any()  # some rows have outliers


def test_chances_of_many_means_are_as_one_by_one():
    samples = np.array([TEN, [one + 0.004 for one in TEN], [0.0] * 10, [-1.0] * 10, TEN[::-1]])
    means = np.array([0.001, 0.02, 0.0, -1.0, -0.003])
    expected = [
        replace(estimates.estimate(list(row)), mean=mean).exceeds(0)
        for row, mean in zip(samples, means, strict=True)
    ]
    assert estimates.chances(samples, means) == pytest.approx(expected)
    assert estimates.chances(samples[:, :1], means) == [None] * 5
