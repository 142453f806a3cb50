"""The clocks and memories of the real devices, over stand-ins for what they ask."""

import time

import pytest
import torch

from harness.records import Switches
from harness.worker.devices import cpu, select
from harness.worker.devices.cpu import CpuDevice
from harness.worker.devices.cuda import CudaDevice
from harness.worker.witness import Witness


class Ticks:
    """A host's clock that says what it is told; in ns."""

    def __init__(self, *readings):
        self.readings = list(readings)

    def __call__(self):
        return self.readings.pop(0)


# ---------------------------------------------------------------- a GPU


@pytest.fixture
def calls(monkeypatch):
    """Let PyTorch see a GPU that writes down what it is asked to do."""
    made = []

    class Event:
        def __init__(self, enable_timing):
            assert enable_timing

        def record(self):
            made.append("event")

        def elapsed_time(self, end):
            assert end is not self
            return 7.5

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: made.append(f"finish {device}"))
    monkeypatch.setattr(time, "perf_counter_ns", Ticks(1_000_000, 10_000_000))
    return made


def ran(calls):
    calls.append("call")
    return torch.zeros(1)


def test_the_gpu_is_idle_before_the_first_event_and_as_a_whole_before_the_last(calls):
    lap = select("cuda:1").timed(lambda: ran(calls))
    done = "finish cuda:1"
    assert calls == [done, "event", "call", done, "event", done]
    assert (lap.ms, lap.host_ms) == (7.5, 9.0)
    assert torch.equal(lap.sr, torch.zeros(1))


def test_functions_of_the_clock_that_are_replaced_later_are_not_what_times(calls, monkeypatch):
    device = select("cuda")
    witness = Witness(device)
    assert witness.flags() == {}
    kept = torch.cuda.Event
    monkeypatch.setattr(torch.cuda, "Event", None)
    monkeypatch.setattr(torch.cuda, "synchronize", None)
    monkeypatch.setattr(time, "perf_counter_ns", lambda: 0)
    lap = device.timed(lambda: ran(calls))
    assert (lap.ms, lap.host_ms) == (7.5, 9.0)
    monkeypatch.setattr(torch.cuda, "Event", kept)
    replaced = witness.flags()["clock-replaced"]
    assert replaced.endswith("the clock: torch.cuda.synchronize, time.perf_counter_ns")


@pytest.mark.parametrize("method", ["record", "elapsed_time"])
def test_methods_of_the_events_that_are_replaced_are_flagged(calls, monkeypatch, method):
    witness = Witness(select("cuda"))
    monkeypatch.setattr(torch.cuda.Event, method, lambda *_: 0.0)
    assert witness.flags()["clock-replaced"].endswith(f"the clock: torch.cuda.Event.{method}")


def test_a_clock_that_is_replaced_in_the_harness_is_flagged(calls, monkeypatch):
    witness = Witness(select("cuda"))
    monkeypatch.setattr(CudaDevice, "timed", lambda self, call: None)
    assert witness.flags()["clock-replaced"].endswith("the clock: the harness")


def test_memory_of_a_gpu_is_what_was_allocated_and_what_the_allocator_held(calls, monkeypatch):
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


def test_switches_are_set_and_read_back():
    device, before = CpuDevice(), CpuDevice().switches()
    asked = Switches(cudnn_benchmark=True, cudnn_tf32=False, matmul_precision="high", threads=2)
    try:
        device.apply(asked)
        assert device.switches() == asked
        torch.set_num_threads(1)
        assert device.switches().threads == 1
    finally:
        device.apply(before)
