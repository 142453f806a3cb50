"""Costs that hide: which inspections are flagged, from which figures on."""

import pytest

from harness.records import Complexity, Count, Counted, Inspection, Manifest, ModelTable, Work
from harness.statistics.flags import flags_of

MANIFEST = Manifest("Net", ModelTable("model.py", "Net"))
HONEST = Work(4096, 600_000_000, 6_000_000, 28.0, 24.0, 60)


def flags(params=100_000, **found):
    found = {"work": HONEST} | found
    found = {"complexity": Complexity({}, 0, 0)} | found
    inspection = Inspection(params, params, **found)
    return flags_of(inspection, MANIFEST, "fvcore")


def test_an_honest_network_has_no_flag():
    assert flags(held={"buffers": 3, "numbers": 700}, checkpoint_elements=100_000) == {}


@pytest.mark.parametrize(("held", "flagged"), [(5000, False), (5001, True)])
def test_more_than_a_twentieth_of_the_parameters_beside_them_is_flagged(held, flagged):
    assert ("hidden-params" in flags(held={"tensors": held})) is flagged
    assert ("hidden-params" in flags(held={"buffers": held - 2000, "arrays": 2000})) is flagged


def test_the_flag_names_what_is_held():
    text = flags(held={"buffers": 4000, "arrays": 3000, "numbers": 9})["hidden-params"]
    assert text == (
        "beside 100,000 parameters it holds 7,000 numbers that may be weights "
        "(buffers 4,000, arrays 3,000)"
    )


def test_a_small_network_may_hold_a_few():
    assert flags(params=0, held={"buffers": 2048}) == {}
    assert flags(params=0, held={"buffers": 2049}).keys() == {"hidden-params"}


def test_a_checkpoint_of_more_than_the_network_is_flagged():
    assert flags(checkpoint_elements=105_000) == {}
    text = flags(checkpoint_elements=105_001)["hidden-params"]
    assert text.startswith("its checkpoint has 5,001 numbers more")
    assert flags(held={"buffers": 4000}, checkpoint_elements=109_000) == {}  # those are counted


def test_work_by_element_is_flagged_where_counters_explain_less_than_a_quarter():
    assert flags(work=Work(100, 1_000_000, 3_000_000, 1.0, 1.0, 9)) == {}
    text = flags(work=Work(100, 1_000_000, 3_000_001, 1.0, 1.0, 9))["hidden-work"]
    assert "1 M multiply-accumulates beside 3 M results" in text
    assert flags(work=Work(100, 0, 50_000, 1.0, 1.0, 9)) == {}  # next to nothing is done


@pytest.mark.parametrize(
    ("spent", "explained", "calls", "flagged"),
    [
        (20.0, 10.0, 0, False),
        (20.0, 9.9, 0, True),
        (20.0, 2.0, 80, False),  # Python around so many operators
        (20.0, 2.0, 79, True),
        (5.0, 0.0, 0, False),
        (28.0, 280.0, 60, False),
    ],
)
def test_time_that_operators_do_not_explain_is_flagged(spent, explained, calls, flagged):
    found = flags(work=Work(4096, 10**9, 0, spent, explained, calls))
    assert ("hidden-work" in found) is flagged


@pytest.mark.parametrize(
    ("size", "flops", "flagged"),
    [
        ((128, 64), 1000, False),
        ((128, 64), 1001, True),
        ((65, 64), 1969, False),  # windows of 64 would make it 128x64
        ((65, 64), 1970, True),
        ((16, 20), 12_000, False),
    ],
)
def test_a_cost_image_that_is_cheaper_than_ordinary_ones_is_flagged(size, flops, flagged):
    counts = Complexity({"fvcore": Count(900, {}, {})}, 0, 0)
    found = flags(complexity=counts, counted=(Counted("fvcore", 0, size, flops),))
    assert ("hidden-work" in found) is flagged


def test_a_counter_that_fails_on_ordinary_images_alone_is_flagged():
    counts = Complexity({"fvcore": Count(900, {}, {})}, 0, 0)
    refused = Counted("fvcore", 0, (16, 20), refused="it raised Tired")
    text = flags(complexity=counts, counted=(refused,))["hidden-work"]
    assert text == "counting by fvcore fails on an ordinary image alone: it raised Tired"
