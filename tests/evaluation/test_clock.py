"""The order of timed calls, seen through a device that records them."""

import numpy as np
import pytest
import torch

from harness.evaluation.clock import Perturbation, Sample, measure
from harness.records import Entry, RoundVisit, TimingPolicy, pixels
from harness.statistics.estimates import visit_ms
from harness.statistics.scrutiny import Circumstances, of_visits
from harness.worker.devices import Lap
from harness.worker.devices.fake import FakeDevice
from harness.worker.loading import Network
from tests.support.inside import Inside


class Nearest(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append((x.shape[-2], x.shape[-1], float(x[0, 0, 0, 0])))
        return torch.nn.functional.interpolate(x, scale_factor=2)


def image(height, width, mark, split="valid"):
    def load():
        return np.full((height, width, 3), mark, np.uint8)

    return Sample(split, (height, width), load)


IMAGES = [image(10, 20, 0), image(10, 20, 1), image(30, 10, 2), image(50, 50, 3, "test")]


def digest(height, width, mark):
    return pixels.digest(np.full((height, width, 3), mark, np.uint8))


def timed(policy, images=IMAGES, device=None, seed=0):
    module = Nearest()
    done = []
    device = device or FakeDevice()
    caller = Inside(Network(module, 2, 1), device)
    visit = measure(caller, images, device, policy, progress=done.append, seed=seed)
    return module.seen, visit, done


def test_every_size_is_run_and_the_largest_until_two_passes_in_turn_agree():
    seen, visit, _ = timed(TimingPolicy(sweeps=3))
    # the fake clock is ten times as slow on a size's first call: the third pass agrees
    assert [size for *size, _ in seen[:4]] == [[10, 20], [30, 10], [30, 10], [30, 10]]
    assert visit.warm_up == {"10x20": 1, "30x10": 3, "50x50": 3}
    assert visit.flags == {}
    # 0.1 ms per 1000 SR pixels
    assert visit.samples_ms["valid"] == ((0.08,) * 3, (0.08,) * 3, (0.12,) * 3)
    assert visit.samples_ms["test"] == ((1.0,) * 3,)


def test_a_size_that_never_settles_is_given_up_at_the_limit_and_flagged():
    class Wavers(FakeDevice):
        calls = 0

        def timed(self, call):
            self.calls += 1
            ms = 1.0 + self.calls % 2 * 0.06
            return Lap(call(), ms, ms)

    _, visit, _ = timed(TimingPolicy(warm_up_passes=4), device=Wavers())
    assert visit.warm_up == {"10x20": 1, "30x10": 4, "50x50": 4}
    assert "of 4 agreed within 5%" in visit.flags["unsettled"]
    assert visit.flags["unsettled"].endswith("on LR 30x10, 50x50")
    _, visit, _ = timed(TimingPolicy(settled=0.07), device=Wavers())
    assert visit.warm_up == {"10x20": 1, "30x10": 2, "50x50": 2}


def test_what_an_entry_warmed_by_itself_changes_nothing():
    device = FakeDevice()
    for height, width in ((20, 40), (60, 20), (100, 100)):  # the sizes of SR
        device.timed(lambda size=(height, width): torch.zeros(1, 3, *size))
    _, warmed, _ = timed(TimingPolicy(sweeps=3), device=device)
    _, cold, _ = timed(TimingPolicy(sweeps=3))
    assert warmed.samples_ms == cold.samples_ms
    assert warmed.warm_up == {"10x20": 1, "30x10": 2, "50x50": 2}


def test_every_call_gets_a_fresh_copy_of_lr():
    class Spoils(Nearest):
        def forward(self, x):
            sr = super().forward(x)
            x.fill_(77.0)
            return sr

    spoils, device = Spoils(), FakeDevice()
    caller, policy = Inside(Network(spoils, 2, 1), device), TimingPolicy(sweeps=4)
    visit = measure(caller, [image(50, 50, 5)], device, policy, progress=str, seed=0)
    assert [mark for _, _, mark in spoils.seen[3:7]] == [5.0] * 4
    assert visit.digests == {"valid": (digest(100, 100, 5),)}


def test_the_official_policy_times_every_image_once_cold_and_in_order():
    seen, visit, done = timed(TimingPolicy(policy="official", sweeps=3))
    assert [mark for _, _, mark in seen] == [0, 1, 2, 3]
    assert visit.samples_ms == {"valid": ((0.8,), (0.08,), (1.2,)), "test": ((10.0,),)}
    assert visit.warm_up == {}
    assert done == [1, 2, 3, 4]


def test_each_sweep_visits_every_image_once_in_an_order_drawn_from_the_seed():
    def marks(policy):
        return [mark for _, _, mark in timed(policy)[0]]

    twenty = marks(TimingPolicy(sweeps=20))
    sweeps = [tuple(twenty[i : i + 3]) for i in range(4, 64, 3)]
    assert all(sorted(sweep) == [0, 1, 2] for sweep in sweeps)
    assert len(set(sweeps)) > 1
    assert marks(TimingPolicy(sweeps=20)) == twenty
    assert marks(TimingPolicy(sweeps=20, seed=1)) != twenty


def test_memory_is_reset_between_splits():
    images = [image(50, 50, 0), image(10, 10, 1, "test")]
    _, visit, _ = timed(TimingPolicy(sweeps=1), images)
    assert visit.peak_bytes == {"valid": 100 * 100 * 3 * 4, "test": 20 * 20 * 3 * 4}
    assert visit.reserved_bytes == {}


def test_reserved_memory_is_the_most_that_any_call_of_a_split_held():
    class Pooled(FakeDevice):
        def reserved_bytes(self):
            return 2 * self.peak_bytes()

    _, visit, _ = timed(TimingPolicy(sweeps=2), device=Pooled())
    # images of valid are 20x40 and 60x20 as SR, of test 100x100
    assert visit.reserved_bytes == {"valid": 2 * 60 * 20 * 12, "test": 2 * 100 * 100 * 12}


def test_progress_counts_timed_images():
    assert timed(TimingPolicy(sweeps=2))[2] == list(range(1, 9))


def test_input_is_padded_by_reflection_and_the_output_cropped():
    seen = []

    class Records(torch.nn.Module):
        def forward(self, x):
            seen.append(x)
            return torch.nn.functional.interpolate(x, scale_factor=2)

    lr = torch.arange(3 * 5 * 6.0).reshape(1, 3, 5, 6)
    sr = Network(Records(), 2, 4)(lr)
    assert seen[0].shape == (1, 3, 8, 8)
    assert torch.equal(seen[0][..., 5, :6], lr[..., 3, :])
    assert torch.equal(seen[0][..., :5, 6], lr[..., :, 4])
    assert torch.equal(sr, torch.nn.functional.interpolate(lr, scale_factor=2))


AROUND = Circumstances(noise=0.2, input_size=(100, 100), scale=2)
LARGE = [image(50, 50, mark) for mark in range(1, 4)]  # 1 ms each


def test_perturbed_lr_differs_by_one_level_at_most_and_anew_at_every_call():
    lr = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    perturb = Perturbation(seed=7)
    one, other = perturb(lr), perturb(lr)
    assert set((one - lr.astype(int)).ravel()) == {-1, 0, 1}
    assert (one.min(), one.max()) == (0, 255)
    assert not np.array_equal(one, other)
    assert np.array_equal(one, Perturbation(seed=7)(lr))
    assert not np.array_equal(one, Perturbation(seed=8)(lr))


def test_over_all_rounds_about_every_image_is_timed_once_more_on_perturbed_lr():
    ten = [image(10, 10, 100 + 10 * mark) for mark in range(10)]
    seen, visit, _ = timed(TimingPolicy(rounds=4, sweeps=1), ten)
    assert len(visit.perturbed_ms["valid"]) == 3  # 10 / 4, rounded up
    assert visit.perturbation_seed == 0
    marks = [mark for _, _, mark in seen[-3:]]
    for (index, ms), mark in zip(visit.perturbed_ms["valid"], marks, strict=True):
        assert ms == 0.04
        assert abs(mark - (100 + 10 * index)) <= 1
    drawn = {
        tuple(
            i
            for i, _ in timed(TimingPolicy(rounds=4, sweeps=1), ten, seed=n)[1].perturbed_ms[
                "valid"
            ]
        )
        for n in range(9)
    }
    assert len(drawn) > 1
    assert timed(TimingPolicy(sweeps=1), seed=7)[1].perturbation_seed == 7


def test_the_official_policy_sees_the_images_alone():
    seen, visit, _ = timed(TimingPolicy(policy="official"))
    assert len(seen) == 4
    assert visit.perturbed_ms == {"valid": (), "test": ()}


def test_times_by_the_host_stand_beside_those_of_the_device():
    device = FakeDevice(hidden=0.5)
    _, visit, _ = timed(TimingPolicy(sweeps=2), LARGE, device)
    assert visit.samples_ms["valid"] == ((0.5, 0.5),) * 3
    assert visit.host_ms["valid"] == ((1.0, 1.0),) * 3

    class OneClock(FakeDevice):
        def timed(self, call):
            return super().timed(call)._replace(host_ms=None)

    assert timed(TimingPolicy(sweeps=1), LARGE, OneClock())[1].host_ms == {}


def test_a_network_that_remembers_is_faster_from_the_second_call_on():
    _, visit, _ = timed(TimingPolicy(sweeps=3), LARGE, FakeDevice(remembered=set()))
    assert visit.samples_ms["valid"] == ((1.0, 0.01, 0.01),) * 3
    found = of_visits(Entry("one", "One"), [RoundVisit(0, 0, "entry", visit)], AROUND)
    assert set(found) == {"repeats-faster", "content-remembered"}


def test_what_was_remembered_in_warm_up_does_not_help():
    _, visit, _ = timed(TimingPolicy(sweeps=1), LARGE, FakeDevice(remembered=set()))
    assert visit.samples_ms["valid"] == ((1.0,),) * 3


def test_what_another_process_remembered_does_not_help_with_perturbed_lr():
    known = set()
    timed(TimingPolicy(sweeps=1), LARGE, FakeDevice(remembered=known), seed=1)
    _, visit, _ = timed(
        TimingPolicy(rounds=1, sweeps=1), LARGE, FakeDevice(remembered=known), seed=2
    )
    assert visit.samples_ms["valid"] == ((0.01,),) * 3
    assert [ms for _, ms in visit.perturbed_ms["valid"]] == [1.0] * 3


def test_an_outlying_call_does_not_move_the_runtime_of_a_visit():
    # calls 4 to 12 are the sweeps, after three of warm-up
    _, visit, _ = timed(TimingPolicy(sweeps=3), LARGE, FakeDevice(outliers={8: 50.0}))
    assert max(max(image) for image in visit.samples_ms["valid"]) == 50.0
    assert visit_ms(visit.samples_ms) == 1.0


def test_a_device_that_grows_slower_never_settles():
    _, visit, _ = timed(TimingPolicy(sweeps=1), LARGE, FakeDevice(drift=0.06))
    assert visit.warm_up == {"50x50": 10}
    assert "unsettled" in visit.flags
    assert timed(TimingPolicy(sweeps=1), LARGE, FakeDevice(drift=0.04))[1].warm_up == {"50x50": 3}


def test_a_device_that_throttles_in_warm_up_is_waited_for():
    _, visit, _ = timed(TimingPolicy(sweeps=1), LARGE, FakeDevice(throttled_from=3))
    assert visit.warm_up == {"50x50": 4}
    assert visit.samples_ms["valid"] == ((2.0,),) * 3


def test_sr_images_of_timed_calls_are_digested_in_the_order_of_the_images():
    _, visit, _ = timed(TimingPolicy(sweeps=2, rounds=1))
    assert visit.digests == {
        "valid": (digest(20, 40, 0), digest(20, 40, 1), digest(60, 20, 2)),
        "test": (digest(100, 100, 3),),
    }


def test_an_image_of_which_one_call_gave_another_is_none_that_was_scored():
    class Differs(Nearest):
        def forward(self, x):
            return super().forward(x) + float(len(self.seen) == 6)

    device, images = FakeDevice(), [image(50, 50, 5)]  # three calls of warm-up, then three
    caller, policy = Inside(Network(Differs(), 2), device), TimingPolicy(sweeps=3)
    visit = measure(caller, images, device, policy, progress=str, seed=0)
    assert visit.digests["valid"] != (digest(100, 100, 5),)


class Meter(FakeDevice):
    """A device whose driver counts energy."""

    is_gpu = True


def test_a_split_runs_back_to_back_once_more_where_energy_is_counted():
    device = Meter()
    images = [image(50, 50, 1), image(50, 150, 2)]  # 1 ms and 3 ms
    seen, visit, _ = timed(
        TimingPolicy(sweeps=1, energy=True, burst_seconds=0, warm_up_seconds=0), images, device
    )
    # each image 25 times in a row, which takes 50 ms of the mean image
    # before the ten calls in a row of the one image that is drawn
    assert [mark for _, _, mark in seen[-60:-10]] == [1.0] * 25 + [2.0] * 25
    assert visit.bursts["valid"].images == 50
    assert visit.began_s < visit.bursts["valid"].began_s < visit.bursts["valid"].ended_s
    assert visit.bursts["valid"].ended_s < visit.ended_s
    assert visit.samples_ms == {"valid": ((1.0,), (3.0,))}


def test_the_official_policy_and_devices_without_a_counter_have_no_burst():
    assert timed(TimingPolicy(policy="official"), device=Meter())[1].bursts == {}
    assert timed(TimingPolicy(sweeps=1))[1].bursts == {}


@pytest.mark.heavy
def test_a_compiled_entry_is_told_of_the_limit_to_its_versions():
    def flags(module, count):
        caller = Inside(Network(module, 2), FakeDevice())
        for width in range(count):
            caller.called(image(8, 8 + width, 0).load())
        return caller.restorer.told().flags

    compiled = Nearest()
    compiled.forward = torch.compile(lambda x: x.repeat(1, 1, 2, 2), backend="eager", dynamic=False)
    counted = torch._dynamo.utils.counters
    try:
        assert flags(compiled, 8) == {}
        assert (
            "keeps 8 versions of a function, and LR is of 9 sizes"
            in flags(compiled, 9)["recompile-limit"]
        )
    finally:
        counted.clear()
    assert flags(Nearest(), 9) == {}
