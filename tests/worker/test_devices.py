"""The clocks and memories of the real devices, over stand-ins for what they ask."""

import os
import subprocess
import sys
import time

import pytest
import torch

from harness.errors import InputError
from harness.records import Switches
from harness.worker.devices import cpu, host, select
from harness.worker.devices.cpu import CpuDevice
from harness.worker.devices.cuda import CudaDevice
from harness.worker.witness import Witness
from tests.support.places import ROOT
from tests.support.virtual_gpu import LAUNCH, RECORD, VirtualGpu


class Ticks:
    """A host's clock that says what it is told; in ns."""

    def __init__(self, *readings):
        self.readings = list(readings)

    def __call__(self):
        return self.readings.pop(0)


# ---------------------------------------------------------------- a GPU


@pytest.fixture
def gpu(monkeypatch):
    return VirtualGpu().install(monkeypatch)


@pytest.mark.parametrize(
    "name", ["cuda:x", "cuda:", "cuda:-1", "cuda:0:1", "cudax", "gpu", "cpu:0"]
)
def test_a_device_that_is_none_is_an_error_of_the_input(gpu, name):
    with pytest.raises(InputError, match="is unknown; use auto, cpu, cuda or cuda:N"):
        select(name)


def test_a_gpu_that_is_not_there_is_an_error_of_the_input(gpu):
    with pytest.raises(InputError, match=r"PyTorch sees 2 GPU\(s\) from 0"):
        select("cuda:2")


def test_functions_of_the_clock_that_are_replaced_later_are_not_what_times(gpu, monkeypatch):
    device = select("cuda")
    witness = Witness(device)
    assert witness.flags() == {}
    kept = torch.cuda.Event
    monkeypatch.setattr(torch.cuda, "Event", None)
    monkeypatch.setattr(torch.cuda, "synchronize", None)
    monkeypatch.setattr(torch.cuda, "current_stream", None)
    monkeypatch.setattr(time, "perf_counter_ns", lambda: 0)
    with gpu:
        lap = device.timed(lambda: torch.zeros(1))
    assert lap.ms == pytest.approx(gpu.kernel_ms + (RECORD + LAUNCH) * 1e3, rel=0.1)
    monkeypatch.setattr(torch.cuda, "Event", kept)
    replaced = witness.flags()["clock-replaced"]
    names = "torch.cuda.current_stream, torch.cuda.synchronize, time.perf_counter_ns"
    assert replaced.endswith(f"the clock: {names}")


@pytest.mark.parametrize("method", ["record", "elapsed_time"])
def test_methods_of_the_events_that_are_replaced_are_flagged(gpu, monkeypatch, method):
    witness = Witness(select("cuda"))
    monkeypatch.setattr(torch.cuda.Event, method, lambda *_: 0.0)
    assert witness.flags()["clock-replaced"].endswith(f"the clock: torch.cuda.Event.{method}")


def test_a_clock_that_is_replaced_in_the_harness_is_flagged(gpu, monkeypatch):
    witness = Witness(select("cuda"))
    monkeypatch.setattr(CudaDevice, "timed", lambda self, call: None)
    assert witness.flags()["clock-replaced"].endswith("the clock: the harness")


def test_memory_of_a_gpu_is_what_was_allocated_and_what_the_allocator_held(gpu, monkeypatch):
    calls = []

    def since_reset(device):
        return 100 if calls[-1:] == [f"reset {device}"] else 900

    monkeypatch.setattr(
        torch.cuda, "reset_peak_memory_stats", lambda device: calls.append(f"reset {device}")
    )
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", since_reset)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 2 * since_reset(device))
    device = select("cuda:0")
    device.reset_peak()
    assert (device.peak_bytes(), device.reserved_bytes()) == (100, 200)


# ---------------------------------------------------------------- the CPU


def test_the_cpu_is_timed_by_the_clock_that_was_there_before_the_entry(monkeypatch):
    monkeypatch.setattr(time, "perf_counter_ns", Ticks(1_000_000, 5_500_000))
    device = CpuDevice()
    witness = Witness(device)
    monkeypatch.setattr(time, "perf_counter_ns", lambda: 0)
    lap = device.timed(lambda: torch.zeros(1))
    assert (lap.ms, lap.host_ms) == (4.5, None)
    assert witness.flags()["clock-replaced"].endswith("the clock: time.perf_counter_ns")


def test_memory_of_the_cpu_is_the_growth_since_before_the_first_forward(monkeypatch, tmp_path):
    status = tmp_path / "status"
    monkeypatch.setattr(cpu, "_STATUS", status)
    monkeypatch.setattr(cpu, "_CLEAR_REFS", tmp_path / "clear_refs")

    def resident(now_kib, peak_kib):
        status.write_text(f"Name:\tpython\nVmHWM:\t{peak_kib} kB\nVmRSS:\t{now_kib} kB\n")

    device = CpuDevice()
    resident(1000, 4000)
    device.reset_peak()  # as the visit begins
    assert (tmp_path / "clear_refs").read_text() == "5"  # proc(5): forget the peak
    resident(3000, 3000)  # the first forward took memory that the process keeps
    device.reset_peak()
    resident(3000, 3500)
    assert device.peak_bytes() == 2500 * 1024
    assert device.reserved_bytes() is None


# ---------------------------------------------------------------- switches


@pytest.fixture
def switches():
    device, before = CpuDevice(), host.read()
    yield device
    host.restore(before)
    device.apply(Switches(threads=before["threads"]))


def test_switches_are_set_and_read_back(switches):
    switches.apply(Switches(True, False, "high", threads=2))
    names = ("cudnn_benchmark", "cudnn_tf32", "matmul_precision", "threads")
    assert [host.read()[name] for name in names] == [True, False, "high", 2]
    torch.set_num_threads(1)
    assert host.read()["threads"] == 1


def new_precision():
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    torch.backends.cudnn.conv.fp32_precision = "ieee"


def new_precision_everywhere():
    torch.backends.fp32_precision = "tf32"


def others():
    torch.backends.cudnn.enabled = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cuda.matmul.allow_fp16_accumulation = True


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (new_precision, {"cuda.matmul.fp32_precision", "cudnn.conv.fp32_precision"}),
        (new_precision_everywhere, {"fp32_precision"}),
        (
            others,
            {"cudnn.enabled", "cudnn.deterministic", "cuda.matmul.allow_fp16_accumulation"},
        ),
    ],
)
def test_switches_of_either_interface_are_read_and_set_back(switches, change, named):
    asked = Switches(threads=1)
    switches.apply(asked)
    before = host.read()
    change()
    changed = {name for name, value in host.read().items() if value != before[name]}
    assert named <= changed
    host.restore(before)
    switches.apply(asked)
    assert host.read() == before


# ---------------------------------------------------------------- threads

PINS = """
import os, sys
os.sched_setaffinity(0, range(os.cpu_count()))  # a test has one core
sys.path.insert(0, sys.argv[1])
import torch
from harness.records import Switches
from harness.worker.devices import host
torch.set_num_threads(2)
cores = sorted(os.sched_getaffinity(0))
host.pin()
host.apply(Switches(threads=0))
print(torch.get_num_threads() == len(cores), host.pinned() == (cores[1],))
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
def test_helping_threads_are_bound_each_to_a_core_and_the_first_one_stays_free():
    told = subprocess.run(
        [sys.executable, "-c", PINS, str(ROOT)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True", "True"]
