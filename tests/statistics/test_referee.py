"""Whose runtime is disputed: made visits, whose excess is known."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.records import RoundVisit, Visit
from harness.statistics import referee
from harness.statistics.estimates import visit_ms

SIZES = {"valid": [(10, 20), (10, 20), (30, 10), (40, 40)]}
EXCHANGE = {"10x20": (2.0, 2.5, 2.1), "30x10": (3.0, 3.0, 4.0), "40x40": (9.0, 8.0, 8.5)}
LEAST = [2.0, 2.0, 3.0, 8.0]  # of each image


def visits(told, excess, noise=0.0, seed=0, rounds=3):
    """Return visits whose calls took `told`, and that `excess` longer, beside the exchange."""
    draw, found = random.Random(seed), []
    for number in range(rounds):
        seen = tuple(
            tuple(told + least + excess + draw.uniform(0, noise) for _ in range(3))
            for least in LEAST
        )
        samples = {"valid": ((told,) * 3,) * len(LEAST)}
        made = Visit(samples, {"valid": 1}, "scripted", {"valid": ("a",) * len(LEAST)})
        made = replace(made, referee_ms={"valid": seen})
        found.append(RoundVisit(0, number, "entry", made, exchange_ms=EXCHANGE))
    return found


def with_samples(made, samples):
    return replace(made, visit=replace(made.visit, samples_ms={"valid": samples}))


BASE = visits(20.0, 0.5)


@pytest.mark.parametrize(
    ("told", "excess", "disputed"),
    [
        (10.0, 0.5, False),  # as the baseline
        (10.0, 1.2, False),  # 0.7 ms more: within 0.5 and 0.3 ms
        (10.0, 1.4, True),  # 0.9 ms more
        (1.0, 0.8, False),  # 0.3 ms more: within 0.05 and 0.3
        (1.0, 0.9, True),
        (100.0, 5.7, False),  # 5.2 more: within 5 and 0.3
        (100.0, 6.0, True),
        (10.0, -3.0, False),
    ],
)
def test_the_bound_is_5_percent_and_a_third_of_a_millisecond_beyond_the_baseline(
    told, excess, disputed
):
    assert bool(referee.dispute(visits(told, excess), BASE, SIZES)) == disputed


@pytest.mark.parametrize(("calls", "disputed"), [(1, False), (2, False), (3, True)])
def test_of_one_visit_the_least_excess_of_an_image_counts(calls, disputed):
    """Interrupted calls take longer by the harness's clock; work takes longer in every one."""
    (made,) = visits(10.0, 0.5, rounds=1)
    seen = made.visit.referee_ms["valid"]
    late = tuple((*(ms + 40 for ms in image[:calls]), *image[calls:]) for image in seen)
    late = replace(made, visit=replace(made.visit, referee_ms={"valid": late}))
    assert bool(referee.dispute([late], BASE[:1], SIZES)) is disputed


def test_what_the_harness_saw_takes_the_place_of_what_was_told():
    told = visits(1.0, 9.0)
    dispute = referee.dispute(told, BASE, SIZES)
    for made, before in zip(dispute.visits, told, strict=True):
        assert made.visit.samples_ms["valid"] == ((10.0,) * 3,) * 4
        assert made.visit.told_ms == before.visit.samples_ms
        assert made.visit.referee_ms == before.visit.referee_ms
    assert "1 ms by the worker and 8.5 ms more by the harness" in dispute.why


def test_a_call_that_the_worker_saw_longer_stays_as_it_was():
    mixed = [with_samples(one, ((1.0, 1.0, 99.0),) * 4) for one in visits(1.0, 9.0)]
    dispute = referee.dispute(mixed, BASE, SIZES)
    assert dispute.visits[0].visit.samples_ms["valid"] == ((10.0, 10.0, 99.0),) * 4


def test_hurrying_in_most_sweeps_or_on_some_images_is_disputed_too():
    def hurried(made, calls):
        samples = [list(sweeps) for sweeps in made.visit.samples_ms["valid"]]
        for image, sweep in calls:
            samples[image][sweep] = 1.0
        return with_samples(made, tuple(map(tuple, samples)))

    most = [(image, sweep) for image in range(4) for sweep in range(2)]
    some = [(image, sweep) for image in range(2) for sweep in range(3)]
    honest = visits(40.0, 0.5, rounds=5)
    for calls in (most, some):
        hurrying = [hurried(one, calls) for one in honest]
        assert referee.dispute(hurrying, BASE, SIZES)
        after = referee.dispute(hurrying, BASE, SIZES).visits
        assert all(visit_ms(one.visit.samples_ms) >= 40.0 for one in after)
    assert not referee.dispute(honest, BASE, SIZES)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.5, 200), st.floats(0, 50))
def test_who_waits_as_the_baseline_does_is_hardly_ever_disputed(seed, told, noise):
    own = visits(told, 0.5, noise, seed)
    theirs = visits(20.0, 0.5 + 0.1 * noise, noise, seed + 1)
    assert not referee.dispute(own, theirs, SIZES)


def test_without_a_baseline_the_exchange_itself_says_how_far_calls_spread():
    assert not referee.dispute(visits(10.0, 0.5), [], SIZES)
    assert referee.dispute(visits(10.0, 5.0), [], SIZES)


def test_nothing_is_disputed_where_the_exchange_was_not_measured():
    unknown = [replace(one, exchange_ms={}) for one in visits(1.0, 50.0)]
    assert referee.dispute(unknown, BASE, SIZES) is None
    assert referee.dispute(visits(1.0, 50.0), BASE, SIZES | {"test": [(7, 7)]}) is None


def test_the_exchange_costs_what_is_left_of_calls_that_do_nothing():
    told, seen = ((1.0, 2.0), (3.0, 1.0)), ((3.0, 4.5), (9.0, 8.0))
    made = replace(BASE[0].visit, samples_ms={"all": told}, referee_ms={"all": seen})
    found = referee.costs_ms(made, "all", [(1, 2), (3, 4)])
    assert found == {"1x2": (2.0, 2.5), "3x4": (6.0, 7.0)}
