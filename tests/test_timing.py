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


def timed(policy, images=IMAGES):
    module = Nearest()
    done = []
    samples, peaks = measure(Network(module, 2, 1), images, FakeDevice(), policy, done.append)
    return module.seen, samples, peaks, done


def test_every_size_is_run_once_before_the_sweeps():
    seen, samples, _, _ = timed(TimingPolicy(sweeps=3))
    assert seen[:2] == [(10, 20, 0.0), (30, 10, 2.0)]
    # 0.1 ms per 1000 SR pixels; a cold call would take ten times as long
    assert samples["valid"] == ((0.08,) * 3, (0.08,) * 3, (0.12,) * 3)
    assert samples["test"] == ((1.0,) * 3,)


def test_each_sweep_visits_every_image_once_in_an_order_drawn_from_the_seed():
    marks = [mark for _, _, mark in timed(TimingPolicy(sweeps=20))[0]]
    sweeps = [tuple(marks[i : i + 3]) for i in range(2, 62, 3)]
    assert all(sorted(sweep) == [0, 1, 2] for sweep in sweeps)
    assert len(set(sweeps)) > 1
    assert timed(TimingPolicy(sweeps=20))[0] == timed(TimingPolicy(sweeps=20))[0]
    other = [mark for _, _, mark in timed(TimingPolicy(sweeps=20, seed=1))[0]]
    assert other != marks


def test_memory_is_reset_between_splits():
    images = [("valid", image(50, 50, 0)), ("test", image(10, 10, 1))]
    _, _, peaks, _ = timed(TimingPolicy(), images)
    assert peaks == {"valid": 100 * 100 * 3 * 4, "test": 20 * 20 * 3 * 4}


def test_progress_counts_timed_images():
    assert timed(TimingPolicy(sweeps=2))[3] == list(range(1, 9))


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
