"""What all visits of an entry together give to doubt; flags of the machine are in test_rounds."""

from dataclasses import replace

import pytest

from harness.records import (
    Ceiling,
    Complexity,
    Count,
    DeviceState,
    Entry,
    Inspection,
    Restoration,
    RoundVisit,
    Visit,
)
from harness.statistics.scrutiny import Circumstances, of_visits

ENTRY = Entry("one", "One")
AROUND = Circumstances(noise=0.2, input_size=(100, 100), scale=4)


def visits(samples, host=None, perturbed=None, whole=None):
    """Return a visit for each row of images, of one sweep; the others alike.

    `whole` is what the device's clock says until it was idle: `samples` if nothing else.
    """

    def table(rows, number):
        return {"valid": tuple((ms,) for ms in rows[number])} if rows else {}

    return [
        RoundVisit(
            0,
            number,
            "entry",
            Visit(
                table(samples, number),
                {},
                "",
                {},
                whole_ms=table(whole or samples, number),
                host_ms=table(host, number),
                perturbed_ms={"valid": tuple(perturbed[number])} if perturbed else {},
            ),
        )
        for number in range(len(samples))
    ]


# ---------------------------------------------------------------- memory


@pytest.mark.parametrize(("mib", "flagged"), [(2048, False), (2049, True)])
def test_gpu_memory_beyond_the_allocator_s_is_flagged(mib, flagged):
    """Two GiB are the context's; the median of three visits counts."""
    held, more = 2**30, [mib, 0, 9000]
    visit = Visit({"valid": ((1.0,),)}, {}, "", {}, reserved_bytes={"valid": held, "test": 1})
    made = [
        RoundVisit(0, n, "entry", visit, DeviceState(9, process_bytes=held + one * 2**20))
        for n, one in enumerate(more)
    ]
    assert ("hidden-memory" in of_visits(ENTRY, made, AROUND)) is flagged


# ---------------------------------------------------------------- two clocks


def test_a_device_s_clock_that_differs_from_the_host_s_is_flagged():
    found = of_visits(ENTRY, visits([[4.0, 5.0]] * 3, [[8.0, 10.0]] * 3), AROUND)
    assert set(found) == {"clocks-differ"}
    assert found["clocks-differ"].startswith("6 of 6 calls, and the median call of 2 images")


def test_work_on_other_streams_than_the_timed_one_is_flagged():
    hidden = [[8.0, 10.0]] * 3
    found = of_visits(ENTRY, visits([[4.0, 5.0]] * 3, hidden, whole=hidden), AROUND)
    assert set(found) == {"other-streams"}
    assert found["other-streams"].startswith("6 of 6 calls, and the median call of 2 images")
    waking = visits([[4.0, 5.0]] * 3, whole=[[4.05, 5.05]] * 3)
    assert of_visits(ENTRY, waking, AROUND) == {}


@pytest.mark.parametrize(("device_ms", "host_ms"), [(10.0, 10.5), (1.0, 1.19), (10.0, 9.6)])
def test_five_percent_and_a_fifth_of_a_millisecond_are_not(device_ms, host_ms):
    assert of_visits(ENTRY, visits([[device_ms]] * 4, [[host_ms]] * 4), AROUND) == {}


@pytest.mark.parametrize(("device_ms", "host_ms"), [(10.0, 10.6), (1.0, 1.21), (10.0, 9.5)])
def test_more_than_both_is(device_ms, host_ms):
    found = of_visits(ENTRY, visits([[device_ms]] * 4, [[host_ms]] * 4), AROUND)
    assert "clocks-differ" in found


def interrupted(calls):
    """Return 10 visits to 10 images; the host is interrupted in these of the 100 calls."""
    host = [[2.0 if 10 * v + i in calls else 1.0 for i in range(10)] for v in range(10)]
    return visits([[1.0] * 10] * 10, host)


def test_one_call_in_twenty_may_be_interrupted():
    assert of_visits(ENTRY, interrupted({3, 14, 25, 36, 47}), AROUND) == {}
    found = of_visits(ENTRY, interrupted({3, 14, 25, 36, 47, 58}), AROUND)
    assert found["clocks-differ"].startswith("6 of 100 calls, and the median call of 0 images")


def test_work_hidden_on_one_image_of_many_is_flagged():
    host = [[1.0] * 99 + [2.0]] * 3
    found = of_visits(ENTRY, visits([[1.0] * 100] * 3, host), AROUND)
    assert found["clocks-differ"].startswith("3 of 300 calls, and the median call of 1 images")


def test_two_calls_of_an_image_cannot_tell_an_interruption():
    host = [[1.0] * 99 + [2.0]] * 2
    assert of_visits(ENTRY, visits([[1.0] * 100] * 2, host), AROUND) == {}


# ---------------------------------------------------------------- memory of images


def repeating(*visits_of_images):
    """Return visits whose images took so long in sweep after sweep."""
    return [
        RoundVisit(0, number, "entry", Visit({"valid": images}, {}, "", {}))
        for number, images in enumerate(visits_of_images)
    ]


def test_repeats_that_are_faster_than_the_first_call_are_flagged():
    made = repeating(((5.0, 0.1, 9.0, 0.1), (5.0, 0.1, 0.1, 0.1)))
    found = of_visits(ENTRY, made, AROUND)
    assert found == {"repeats-faster": "later calls took, of an image's first call, 2% on valid"}


@pytest.mark.parametrize(("later_ms", "flagged"), [(3.99, True), (4.01, False), (9.0, False)])
def test_repeats_may_be_faster_by_the_noise(later_ms, flagged):
    found = of_visits(ENTRY, repeating(((5.0, later_ms),)), AROUND)
    assert ("repeats-faster" in found) is flagged


def test_repeats_are_judged_over_all_visits_and_images():
    # half of them at half the time gain 2 ** -0.5, 0.71; one of four 2 ** -0.25, 0.84
    fast, slow = ((4.0, 2.0),), ((4.0, 4.0),)
    assert "repeats-faster" in of_visits(ENTRY, repeating(*(fast, slow) * 20), AROUND)
    assert "repeats-faster" in of_visits(ENTRY, repeating((fast + slow) * 20), AROUND)
    assert of_visits(ENTRY, repeating(*(fast, slow, slow, slow) * 20), AROUND) == {}


@pytest.mark.parametrize(("pairs", "flagged"), [(1, False), (16, False), (17, True)])
def test_repeats_are_flagged_where_their_gain_is_beyond_doubt(pairs, flagged):
    # the mean of 2n log ratios, half of them log 0.5, is -0.3466; Student's t times its error is
    # 0.127 for n = 16 and 0.123 for n = 17; log 0.8 is -0.2231
    made = repeating(*(((4.0, 2.0),), ((4.0, 4.0),)) * pairs)
    assert ("repeats-faster" in of_visits(ENTRY, made, AROUND)) is flagged


def test_results_remembered_by_content_are_flagged():
    made = visits([[0.1, 0.1]] * 4, perturbed=[[(0, 5.0)], [(1, 5.0)]] * 2)
    found = of_visits(ENTRY, made, AROUND)
    assert found["content-remembered"].endswith("50.00 times as long on valid")


def test_results_remembered_in_some_visits_alone_are_flagged_by_what_that_gains():
    # 2 of 5 visits at half the time: 2 ** (2 / 5) is 1.32; 1 of 5 gains 1.15, within the noise
    perturbed = [[(0, 4.0)]] * 100
    gained = of_visits(ENTRY, visits([[2.0]] * 40 + [[4.0]] * 60, perturbed=perturbed), AROUND)
    assert "1.32 times" in gained["content-remembered"]
    within = visits([[2.0]] * 20 + [[4.0]] * 80, perturbed=perturbed)
    assert of_visits(ENTRY, within, AROUND) == {}


def test_an_interrupted_call_is_no_memory():
    perturbed = [[(0, 4.0)]] * 9 + [[(0, 16.0)]]
    assert of_visits(ENTRY, visits([[4.0]] * 10, perturbed=perturbed), AROUND) == {}


# ---------------------------------------------------------------- content


def test_how_runtime_follows_content_is_told_where_cost_does():
    around = Circumstances(0.2, (100, 100), 4, {"valid": [(100, 100), (50, 100)]})
    made = visits([[2.0, 4.0], [3.0, 5.0], [9.0, 4.5]])  # medians 3 and 4.5 ms
    depends = replace(ENTRY, flags={"content-dependent": "its cost depends on the image"})
    assert of_visits(depends, made, around)["content-dependent"] == (
        "its cost depends on the image; runtime of its images is 300 to 900 ns for each LR pixel"
    )
    assert "content-dependent" not in of_visits(ENTRY, made, around)


# ---------------------------------------------------------------- impossible times


def counted(gmacs, precisions=("float32",), dtypes=("float32",)):
    """Return an entry that one counter gives so many giga-MACs of 100x100, another twice that."""
    flops = {name: Count(int(times * gmacs * 1e9), {}, {}) for name, times in (("a", 1), ("b", 2))}
    inspection = Inspection(1, 1, Complexity(flops, 1, 1), precisions=precisions)
    return replace(ENTRY, inspection=inspection, restorations={"valid": Restoration(dtypes)})


def on(height, width, **ceiling):
    return replace(AROUND, lr_sizes={"valid": [(height, width)]}, ceiling=Ceiling(**ceiling))


def impossible(entry, ms, around):
    return "impossible-time" in of_visits(entry, visits([[ms]] * 3), around)


def test_more_multiplications_than_winograd_saves_the_device_are_impossible():
    # 8 G at 1 T/s take 8 ms, 2 ms by Winograd's algorithm; twice as many pixels twice that
    assert impossible(counted(8), 1.99, on(100, 100, float32_macs=1e12))
    assert not impossible(counted(8), 2.01, on(100, 100, float32_macs=1e12))
    assert impossible(counted(8), 3.99, on(100, 200, float32_macs=1e12))
    assert not impossible(counted(8), 4.01, on(100, 200, float32_macs=1e12))


def test_on_smaller_images_attention_may_cost_the_square():
    # half the pixels: 2 G of 8 G
    assert impossible(counted(8), 0.49, on(50, 100, float32_macs=1e12))
    assert not impossible(counted(8), 0.51, on(50, 100, float32_macs=1e12))


def test_the_peak_is_that_of_the_precision():
    both = on(100, 100, float32_macs=1e12, half_macs=4e12)
    assert impossible(counted(8), 1.0, both)
    assert not impossible(counted(8, ("float32", "float16")), 1.0, both)
    assert impossible(counted(8, ("bfloat16",)), 0.49, both)
    assert not impossible(counted(8, ("float32", "float8_e4m3fn")), 0.01, both)


def test_what_must_move_through_memory_takes_its_time():
    # LR 120 kB and SR 1.92 MB at 1 GB/s: 2.04 ms; half of SR where it is written in half
    around = on(100, 100, bytes_per_s=1e9)
    assert impossible(counted(0), 2.03, around)
    assert not impossible(counted(0), 2.05, around)
    assert not impossible(counted(0, dtypes=("float16",)), 1.09, around)
    cached = on(100, 100, bytes_per_s=1e9, cache_bytes=40_000)
    assert not impossible(counted(0), 2.01, cached)


def test_nothing_is_impossible_where_the_device_is_not_known():
    assert not impossible(counted(1e6), 1e-6, on(100, 100))
    assert not impossible(ENTRY, 1e-6, on(100, 100, float32_macs=1e12))
