"""What launches cost, from visits that nobody made."""

import math

import pytest

from harness.records import Entry, RoundVisit, Timing, Visit
from harness.statistics import launches, runtimes


def visit(samples, launch, row=(), graph=()):
    return Visit(
        {"valid": samples},
        {},
        "",
        {},
        launch_ms={"valid": launch},
        row_ms={"valid": row},
        graph_ms={"valid": graph},
    )


def found(*visits):
    made = tuple(RoundVisit(0, number, "entry", one) for number, one in enumerate(visits))
    entry = Entry("one", "One", timing=Timing(made))
    return launches.of_entry(entry, runtimes.of_entries([entry])["one"])


def test_figures_are_the_runtime_s_by_the_ratios_of_the_drawn_images():
    samples = ((4.0, 5.0, 9.0), (15.0, 15.0, 15.0))  # medians of 5 and 15: a runtime of 10
    one = visit(samples, ((1.0, 2.0, 3.0), (6.0,) * 3), row=((0, 2.5),), graph=((1, 3.0),))
    other = visit(samples, ((2.0, 2.0, 2.0), (6.0,) * 3), row=((1, 15.0),), graph=())
    both = found(one, other)
    assert both.host_ms == pytest.approx((2 + 6) / 2)
    assert both.row_ms == pytest.approx(10 * math.sqrt(0.5 * 1.0))
    assert both.graph_ms == pytest.approx(10 * 0.2)
    assert both.bound_by(10.0) == "host"
    assert found(other).bound_by(10.0) == "device"


def test_without_a_gpu_there_is_nothing_to_tell():
    none = found(Visit({"valid": ((1.0,),)}, {}, "", {}))
    assert none == launches.Launches(None, None, None)
    assert none.bound_by(1.0) is None
