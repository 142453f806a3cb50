"""The order of timed calls, seen through a device that records them."""

import torch

from harness.devices import Lap
from harness.devices.fake import FakeDevice
from harness.loading import Network
from harness.records import TimingPolicy
from harness.timing import measure


class Nearest(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append((x.shape[-2], x.shape[-1], float(x[0, 0, 0, 0])))
        return torch.nn.functional.interpolate(x, scale_factor=2)


def image(height, width, mark):
    return lambda: torch.full((1, 3, height, width), float(mark))


IMAGES = [
    ("valid", image(10, 20, 0)),
    ("valid", image(10, 20, 1)),
    ("valid", image(30, 10, 2)),
    ("test", image(50, 50, 3)),
]


def timed(policy, images=IMAGES, device=None):
    module = Nearest()
    done = []
    visit = measure(
        Network(module, 2, 1),
        images,
        device or FakeDevice(),
        policy,
        digest=lambda sr: f"{sr.shape[-1]} wide, {float(sr[0, 0, 0, 0]):g}",
        progress=done.append,
    )
    return module.seen, visit, done


def test_every_size_is_run_until_two_passes_in_turn_agree():
    seen, visit, _ = timed(TimingPolicy(sweeps=3))
    # the fake clock is ten times as slow on a size's first call: the third pass agrees
    # on LR darkened by 1/1024, so that what a network remembers of it does not help it later
    assert seen[:6] == [(10, 20, 0.0)] * 3 + [(30, 10, 2.0 * (1 - 2**-10))] * 3
    assert visit.warm_up == {"10x20": 3, "30x10": 3, "50x50": 3}
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
    assert visit.warm_up == {"10x20": 4, "30x10": 4, "50x50": 4}
    assert "of 4 agreed within 5%" in visit.flags["unsettled"]
    assert "10x20, 30x10, 50x50" in visit.flags["unsettled"]
    _, visit, _ = timed(TimingPolicy(settled=0.07), device=Wavers())
    assert visit.warm_up == {"10x20": 2, "30x10": 2, "50x50": 2}


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
    sweeps = [tuple(twenty[i : i + 3]) for i in range(6, 66, 3)]
    assert all(sorted(sweep) == [0, 1, 2] for sweep in sweeps)
    assert len(set(sweeps)) > 1
    assert marks(TimingPolicy(sweeps=20)) == twenty
    assert marks(TimingPolicy(sweeps=20, seed=1)) != twenty


def test_memory_is_reset_between_splits():
    images = [("valid", image(50, 50, 0)), ("test", image(10, 10, 1))]
    _, visit, _ = timed(TimingPolicy(), images)
    assert visit.peak_bytes == {"valid": 100 * 100 * 3 * 4, "test": 20 * 20 * 3 * 4}


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


class OtherStream(FakeDevice):
    """Half of the work is where the device's clock does not see it, from a given call on."""

    def __init__(self, hidden_from=0):
        super().__init__()
        self.calls, self.hidden_from = 0, hidden_from

    def timed(self, call):
        sr, ms, _ = super().timed(call)
        self.calls += 1
        return Lap(sr, ms / 2 if self.calls > self.hidden_from else ms, ms)


LARGE = [("valid", image(50, 50, mark)) for mark in range(30)]  # 1 ms each


def test_work_outside_the_timed_stream_is_flagged():
    _, visit, _ = timed(TimingPolicy(), LARGE, OtherStream())
    assert "30 of 30 calls" in visit.flags["clocks-differ"]
    _, visit, _ = timed(TimingPolicy(), LARGE, OtherStream(hidden_from=3 + 28))
    assert "2 of 30 calls" in visit.flags["clocks-differ"]


def test_an_interruption_and_a_fifth_of_a_millisecond_are_not():
    _, visit, _ = timed(TimingPolicy(), LARGE, OtherStream(hidden_from=3 + 29))
    assert visit.flags == {}
    small = [("valid", image(20, 20, 0))]  # 0.16 ms each
    assert timed(TimingPolicy(), small, OtherStream())[1].flags == {}


class Remembers(FakeDevice):
    """A network that is done at once with what it has seen before."""

    def __init__(self):
        super().__init__()
        self.known = set()

    def timed(self, call):
        sr, ms, _ = super().timed(call)
        key = (sr.shape, float(sr[0, 0, 0, 0]))
        ms = 0.01 if key in self.known else ms
        self.known.add(key)
        return Lap(sr, ms, ms)


def test_repeats_that_are_faster_than_the_first_call_are_flagged():
    images = [("valid", image(50, 50, mark)) for mark in (1, 2, 3)]
    _, visit, _ = timed(TimingPolicy(sweeps=3), images, Remembers())
    assert visit.flags["repeats-faster"].startswith("repeats on valid took 1%")
    assert timed(TimingPolicy(sweeps=3), images)[1].flags == {}


def test_what_was_remembered_in_warm_up_does_not_help():
    images = [("valid", image(50, 50, mark)) for mark in (1, 2)]
    _, visit, _ = timed(TimingPolicy(), images, Remembers())
    assert visit.samples_ms["valid"] == ((1.0,), (1.0,))


def test_sr_images_of_timed_calls_are_digested_in_the_order_of_the_images():
    _, visit, _ = timed(TimingPolicy(sweeps=2))
    assert visit.digests == {
        "valid": ("40 wide, 0", "40 wide, 1", "20 wide, 2"),
        "test": ("100 wide, 3",),
    }


class Meter(FakeDevice):
    """A device whose driver counts energy; all its calls are written down."""

    counts_energy = True

    def __init__(self):
        super().__init__()
        self.calls = 0

    def timed(self, call):
        self.calls += 1
        return super().timed(call)


def test_a_split_runs_back_to_back_once_more_where_energy_is_counted():
    device = Meter()
    images = [("valid", image(50, 50, 1)), ("valid", image(50, 150, 2))]  # 1 ms and 3 ms
    seen, visit, _ = timed(TimingPolicy(burst_seconds=0), images, device)
    # each image 5 times in a row, which takes 10 ms of the mean image
    assert [mark for _, _, mark in seen[-10:]] == [1.0] * 5 + [2.0] * 5
    assert visit.bursts["valid"].images == 10
    assert device.calls == 3 + 3 + 2 + 1
    assert visit.began_s < visit.bursts["valid"].began_s < visit.bursts["valid"].ended_s
    assert visit.bursts["valid"].ended_s < visit.ended_s
    assert visit.samples_ms == {"valid": ((1.0,), (3.0,))}


def test_the_official_policy_and_devices_without_a_counter_have_no_burst():
    assert timed(TimingPolicy(policy="official"), device=Meter())[1].bursts == {}
    assert timed(TimingPolicy())[1].bursts == {}
