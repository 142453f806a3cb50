"""The clock on a GPU that is simulated under the real `CudaDevice`. No real GPU was asked."""

import gc
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.errors import ForwardError
from harness.evaluation.clock import Sample, measure
from harness.records import Entry, RoundVisit, Timing, TimingPolicy
from harness.statistics import launches, runtimes
from harness.statistics.scrutiny import Circumstances, of_visits
from harness.worker.devices import select
from harness.worker.loading import Network
from harness.worker.pixels import to_input, to_uint8
from tests.support.inside import Inside
from tests.support.virtual_gpu import LAUNCH, RECORD, WAKE, Stream, VirtualGpu

AROUND = Circumstances(noise=0.2, input_size=(16, 20), scale=2)
POLICY = TimingPolicy(rounds=1, sweeps=2, warm_up_seconds=0.0)
ENERGY = replace(POLICY, energy=True, burst_seconds=0.0)
STEPS = 20  # kernels of the network below, besides that which enlarges


class Nearest(torch.nn.Module):
    """Takes 20 kernels and one that enlarges."""

    def forward(self, x):
        for _ in range(STEPS):
            x = torch.relu(x)
        return torch.nn.functional.interpolate(x, scale_factor=2)


def sample(height, width, split="valid", seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Sample(split, (height, width), pixels.copy)


IMAGES = [sample(16, 20), sample(16, 20, seed=1), sample(24, 10)]


NEAREST = Nearest()


def visit(gpu, module=NEAREST, images=IMAGES, policy=POLICY, name="cuda:0"):
    device = select(name)
    with gpu:
        caller = Inside(Network(module, 2), device, data_range=1.0)
        return measure(caller, images, device, policy, progress=str, seed=0)


def flags(found):
    return set(of_visits(Entry("one", "One"), [RoundVisit(0, 0, "entry", found)], AROUND))


@pytest.fixture
def gpu(monkeypatch):
    return VirtualGpu().install(monkeypatch)


def every(found):
    return [ms for images in found.values() for image in images for ms in image]


# ---------------------------------------------------------------- what is timed


def test_whatever_is_warmed_perturbed_or_timed_has_the_layout_of_the_official_loop(gpu):
    seen = []

    class Looks(Nearest):
        def forward(self, x):
            seen.append((x.dtype, tuple(x.shape), x.stride()))
            return super().forward(x)

    visit(gpu, Looks(), policy=ENERGY)
    # utils_image.py, uint2tensor4: HWC pixels, permuted, float, a dimension of one in front
    official = {(torch.float32, (1, 3, h, w), (3, 1, 3 * w, 3)) for h, w in ((16, 20), (24, 10))}
    assert set(seen) == official


def test_no_timed_call_waits_for_a_search_that_warm_up_made_for_another_layout(monkeypatch):
    gpu = VirtualGpu(tuning_ms=50.0).install(monkeypatch)
    found = visit(gpu)
    assert max(every(found.samples_ms)) < 2 * 21 * gpu.kernel_ms
    assert found.flags == {}
    assert flags(found) == set()


def test_an_input_that_is_changed_in_place_is_no_other_call_s(gpu):
    marks = []

    class Spoils(Nearest):
        def forward(self, x):
            marks.append(float(x.mean()))
            sr = super().forward(x)
            x.sub_(1.0)
            return sr

    visit(gpu, Spoils(), policy=ENERGY)
    assert min(marks) > 0.4


def test_the_runtime_is_that_of_the_official_pair_of_events(gpu):
    lr, module, device = to_input(IMAGES[0].load(), 1.0), Nearest(), select("cuda")
    with gpu, torch.no_grad():
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        start.record()
        module(lr)
        end.record()
        torch.cuda.synchronize()
        lap = device.timed(lambda: module(lr))
    assert lap.ms == pytest.approx(start.elapsed_time(end))
    assert lap.ms == pytest.approx((STEPS + 1) * gpu.kernel_ms, rel=0.01)
    # the third event comes when the host has woken up
    assert lap.whole_ms - lap.ms == pytest.approx((WAKE + RECORD) * 1e3)
    assert lap.host_ms == pytest.approx(lap.ms + (WAKE + RECORD) * 1e3, rel=0.02)
    assert lap.launch_ms < lap.ms / 5


class Hides(Nearest):
    """Computes on a stream of its own, for which the result does not wait."""

    def __init__(self, gpu):
        super().__init__()
        self.aside = Stream(gpu, gpu.index)

    def forward(self, x):
        with torch.cuda.stream(self.aside):
            return super().forward(x)


def test_work_on_another_stream_is_flagged_by_the_device_s_own_clock(gpu):
    found = visit(gpu, Hides(gpu))
    assert max(every(found.samples_ms)) < 0.2
    assert min(every(found.whole_ms)) > 1.0
    assert flags(found) == {"other-streams"}
    assert flags(visit(gpu)) == set()


def test_events_stand_on_the_stream_that_is_current_when_the_call_returns(gpu):
    class Moves(Nearest):
        def forward(self, x):
            gpu.current[0] = Stream(gpu, 0)
            return super().forward(x)

    found = visit(gpu, Moves())
    assert min(every(found.samples_ms)) == pytest.approx(21 * gpu.kernel_ms, rel=0.1)


def test_the_entry_s_device_is_timed_whichever_is_current(monkeypatch):
    gpu = VirtualGpu(index=1).install(monkeypatch)
    assert gpu.device == 0
    found = visit(gpu, name="cuda:1")
    assert min(every(found.samples_ms)) == pytest.approx(21 * gpu.kernel_ms, rel=0.1)
    assert flags(found) == set()


# ---------------------------------------------------------------- memory


def test_memory_of_a_call_holds_no_earlier_result(gpu):
    class Enlarges(torch.nn.Module):
        def forward(self, x):
            return x.repeat(1, 1, 2, 2)

    found = visit(gpu, Enlarges(), images=[sample(32, 32, seed=n) for n in range(4)])
    lr = 3 * 32 * 32 * 4
    assert found.peak_bytes["valid"] == lr + 4 * lr


def test_reserved_memory_is_that_of_the_split_s_warm_calls(gpu):
    class Searches(Nearest):
        """Takes 4 MiB more at the first call on a size."""

        def __init__(self):
            super().__init__()
            self.known = set()

        def forward(self, x):
            if x.shape not in self.known:
                self.known.add(x.shape)
                torch.zeros(2**20)
            return super().forward(x)

    images = [sample(128, 128, "valid"), sample(16, 16, "test")]
    found = visit(gpu, Searches(), images=images)
    assert found.reserved_bytes["valid"] < 2**21
    assert found.reserved_bytes["test"] < 2**17


# ---------------------------------------------------------------- the ramp of clocks


def test_timed_calls_come_after_so_much_work_that_clocks_have_risen(monkeypatch):
    # clocks rise after 0.45 s of work, 20 calls; two passes agree within 5 % long before
    gpu = VirtualGpu(kernel_ms=1.0, idle=0.5, ramp_s=0.45).install(monkeypatch)
    monkeypatch.setattr("harness.worker.calls.monotonic", lambda: gpu.now)
    found = visit(gpu, policy=TimingPolicy(rounds=1, sweeps=2))
    assert every(found.samples_ms) == [pytest.approx(21 * gpu.kernel_ms, rel=0.05)] * 6


# ---------------------------------------------------------------- between calls


@pytest.mark.parametrize("data_range", [1.0, 255.0])
def test_pixels_are_those_of_the_official_arithmetic(gpu, data_range):
    edges = torch.arange(-2, 514) / 510.0  # every half level, and beyond both ends
    sr = (edges * data_range).repeat(3, 4).reshape(1, 3, 4, -1)
    with gpu:
        pixels = select("cuda").quantised(sr, data_range)
        again = select("cuda").quantised(sr.permute(0, 1, 3, 2), data_range)
    assert np.array_equal(pixels, to_uint8(sr, data_range))
    assert np.array_equal(again, pixels.transpose(1, 0, 2))


def test_objects_that_are_there_before_the_sweeps_are_not_collected_in_them(gpu):
    frozen = []

    class Looks(Nearest):
        def forward(self, x):
            frozen.append(gc.get_freeze_count())
            return super().forward(x)

    try:
        found = visit(gpu, Looks(), policy=TimingPolicy(policy="official"))
        assert len(every(found.samples_ms)) == len(frozen)
        assert min(frozen) > 1000
    finally:
        gc.unfreeze()


# ---------------------------------------------------------------- what launches cost


def launches_of(found):
    entry = Entry("one", "One", timing=Timing((RoundVisit(0, 0, "entry", found),)))
    return launches.of_entry(entry, runtimes.of_entries([entry])["one"])


def test_a_network_of_short_kernels_is_bound_by_the_host(monkeypatch):
    short = launches_of(visit(VirtualGpu(kernel_ms=0.001).install(monkeypatch)))
    assert short.host_ms == pytest.approx(21 * LAUNCH * 1e3, rel=0.1)
    assert short.graph_ms < 0.5 * 21 * LAUNCH * 1e3  # 22 kernels of 0.001 ms, and two launches
    assert short.bound_by(21 * LAUNCH * 1e3) == "host"
    gpu = VirtualGpu(kernel_ms=0.5).install(monkeypatch)
    long = launches_of(visit(gpu))
    assert long.graph_ms == pytest.approx(22 * gpu.kernel_ms, rel=0.05)
    assert long.row_ms == pytest.approx(22 * gpu.kernel_ms, rel=0.05)
    assert long.bound_by(21 * gpu.kernel_ms) == "device"


def test_a_network_that_cannot_be_recorded_is_timed_all_the_same(gpu):
    class Waits(Nearest):
        def forward(self, x):
            torch.cuda.synchronize()
            return super().forward(x)

    found = visit(gpu, Waits())
    assert found.graph_ms == {}
    assert len(found.row_ms["valid"]) == len(IMAGES)


def test_what_a_graph_replays_is_what_the_network_computes(gpu):
    module, device = Nearest(), select("cuda")
    with gpu, torch.no_grad():
        graphed = device.graphed(module)
        for image in (IMAGES[0], IMAGES[1], IMAGES[2]):
            lr = to_input(image.load(), 1.0)
            assert torch.equal(graphed(lr.clone()), module(lr))


# ---------------------------------------------------------------- what fails


def test_a_timed_forward_that_runs_out_of_memory_is_one_sentence(gpu):
    class Grows(Nearest):
        def forward(self, x):
            return super().forward(x) + torch.zeros(512, 1024).sum()

    gpu.limit = 2**20
    with pytest.raises(ForwardError) as raised:
        visit(gpu, Grows())
    assert str(raised.value).startswith(
        "image 1 of valid: the forward of a 16x20 image ran out of memory, asking for 2.00 MiB more"
    )


def test_a_kernel_that_faults_is_one_sentence_though_the_host_hears_of_it_late(gpu):
    gpu.fault_after = 600
    with pytest.raises(ForwardError) as raised:
        visit(gpu, policy=TimingPolicy(policy="official"), images=IMAGES * 12)
    assert "of valid: the forward" in str(raised.value)
    assert "illegal memory access" in str(raised.value)


# ---------------------------------------------------------------- the fake itself


def test_the_fake_refuses_what_cuda_refuses(gpu):
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    with gpu:
        start.record()
        torch.relu(torch.zeros(1))
        end.record()
        with pytest.raises(AssertionError, match="not completed"):
            start.elapsed_time(end)
        torch.cuda.synchronize()
        assert start.elapsed_time(end) > 0
    with pytest.raises(TypeError):
        torch.cuda.reset_peak_memory_stats(stream=1)
