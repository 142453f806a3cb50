"""The order of timed calls, seen through a device that records them."""

import torch

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
    visit = measure(Network(module, 2, 1), images, device or FakeDevice(), policy, done.append)
    return module.seen, visit, done


def test_every_size_is_run_until_two_passes_in_turn_agree():
    seen, visit, _ = timed(TimingPolicy(sweeps=3))
    # the fake clock is ten times as slow on a size's first call: the third pass agrees
    assert seen[:6] == [(10, 20, 0.0)] * 3 + [(30, 10, 2.0)] * 3
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
            return call(), 1.0 + self.calls % 2 * 0.06

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
