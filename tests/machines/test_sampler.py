"""The state of the GPU during a visit, told by a stand-in for NVML; no GPU was asked."""

import os
import subprocess
import sys
import threading

import pynvml
import pytest

from harness import protocols
from harness.entries.discovery import discover
from harness.evaluation.bench import Bench
from harness.evaluation.timing import time_pass
from harness.images.datasets import open_splits
from harness.machines import environment, nvml
from harness.machines.sampler import Sampler, standing
from harness.records import Burst, Spread, Visit
from harness.statistics.scrutiny import disturbance
from harness.store.passes import Store
from tests.support import tiny
from tests.support.nvml import FakeNvml, OlderNvml, install


@pytest.fixture
def fake(monkeypatch):
    return install(monkeypatch, FakeNvml())


def visit(began_s, ended_s, **rest):
    return Visit({}, {}, "", {}, began_s=began_s, ended_s=ended_s, **rest)


class Script:
    """A sampler that is driven by hand, on a clock of its own."""

    def __init__(self, gpu, fake):
        self.now, self.fake = 0.0, fake
        self.sampler = Sampler(gpu, now=lambda: self.now)

    def at(self, now, **changes):
        self.now = now
        for name, value in changes.items():
            setattr(self.fake, name, value)
        self.sampler.take()


@pytest.fixture
def script(fake):
    with nvml.opened("cuda:0") as gpu:
        yield Script(gpu, fake)


def test_figures_are_those_from_warm_up_to_the_end_of_the_visit(script):
    script.at(0, sm_mhz=210, power_mw=30_000)  # the process starts
    script.at(1, sm_mhz=1800, power_mw=250_000)
    script.at(2, sm_mhz=1500, celsius=80)
    script.at(3, sm_mhz=1700)
    script.at(4, sm_mhz=300)
    state = script.sampler.state(visit(1, 3))
    assert state.samples == 3
    assert state.sm_clock_mhz == Spread(1500, 1700, 1800)
    assert state.power_w == Spread(250, 250, 250)
    assert state.temperature_c == Spread(60, 80, 80)
    assert state.memory_clock_mhz.middle == 8001
    assert state.utilisation_percent.middle == 97


def test_reasons_are_those_seen_at_any_sample_of_the_visit(script):
    bits = pynvml.nvmlClocksThrottleReasonSwPowerCap, pynvml.nvmlClocksThrottleReasonGpuIdle
    script.at(0, limits=pynvml.nvmlClocksThrottleReasonHwThermalSlowdown)
    script.at(1, limits=bits[0] | bits[1])
    script.at(2, limits=pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown)
    assert script.sampler.state(visit(1, 2)).reasons == ("software power cap", "power brake")


def test_reasons_are_read_by_their_older_name_too(monkeypatch):
    fake = install(monkeypatch, OlderNvml())
    fake.limits = pynvml.nvmlClocksThrottleReasonHwSlowdown
    with nvml.opened("cuda:0") as gpu:
        assert gpu.read().reasons == ("hardware slowdown",)
        assert gpu.ask("nvmlDeviceGetSomethingNew") is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ApplicationsClocksSetting", "applications clocks"),
        ("SwPowerCap", "software power cap"),
        ("HwSlowdown", "hardware slowdown"),
        ("SyncBoost", "sync boost"),
        ("SwThermalSlowdown", "software thermal slowdown"),
        ("HwThermalSlowdown", "hardware thermal slowdown"),
        ("HwPowerBrakeSlowdown", "power brake"),
        ("DisplayClockSetting", "display clocks"),
    ],
)
def test_the_bits_are_those_of_nvml(name, reason):
    assert nvml.REASONS[getattr(pynvml, f"nvmlClocksThrottleReason{name}")] == reason


def test_energy_is_that_of_the_bursts_per_image(script):
    # 300 W from second 1 to 3, 50 W around it; the counter is read between samples
    for at, energy_mj in ((0, 0), (1, 50_000), (2, 350_000), (3, 650_000), (4, 700_000)):
        script.at(at, energy_mj=energy_mj)
    bursts = {"valid": Burst(1.5, 2.5, 100), "test": Burst(2.5, 3.0, 10)}
    state = script.sampler.state(visit(0, 4, bursts=bursts))
    assert state.energy_mj == {"valid": pytest.approx(3000), "test": pytest.approx(15_000)}
    assert state.burst_c == {"valid": Spread(60, 60, 60), "test": Spread(60, 60, 60)}


def test_what_the_gpu_does_not_know_is_left_open(script):
    unknown = dict.fromkeys(("sm_mhz", "power_mw", "load", "energy_mj", "limits"))
    script.at(0, **unknown)
    state = script.sampler.state(visit(0, 1, bursts={"valid": Burst(0, 1, 1)}))
    assert state.sm_clock_mhz is state.power_w is state.utilisation_percent is None
    assert (state.reasons, state.energy_mj, state.process_bytes) == ((), {}, None)
    assert state.temperature_c == Spread(60, 60, 60)


def test_the_harness_and_what_it_started_are_not_foreign(script):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        script.at(0, processes={os.getpid(): 2**20})
        script.at(1, processes={os.getpid(): 2**20, child.pid: 2**30, 1: 2**24})
        script.at(2, processes={child.pid: 2**29})
    finally:
        child.communicate()
    state = script.sampler.state(visit(0, 2))
    assert state.foreign == (1,)
    assert state.process_bytes == 2**30


@pytest.mark.parametrize("host_pid", [2**30, 1])  # no process of Linux; one of another's
def test_in_a_container_what_computed_before_is_foreign_and_what_came_later_may_be_the_visit(
    script, host_pid
):
    other = 2**30 + 1
    script.at(0, processes={other: 2**20})
    script.at(1, processes={other: 2**20, host_pid: 2**30})
    state = script.sampler.state(visit(0, 1))
    assert state.foreign == (other,)
    assert state.process_bytes == 2**30


def test_as_process_1_of_a_container_the_harness_knows_its_own(script, monkeypatch, tmp_path):
    for pid, parent in ((1, 0), (7, 1), (8, 7), (9, 99)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a (b) c) S {parent} 0 0")
    monkeypatch.setattr("harness.machines.sampler._PROC", tmp_path)
    monkeypatch.setattr("os.getpid", lambda: 1)
    script.at(0, processes={})
    script.at(1, processes={8: 2**20, 9: 2**20})
    assert script.sampler.state(visit(0, 1)).foreign == (9,)


def test_a_context_that_was_idle_before_the_run_is_not_foreign(fake, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    fake.processes, fake.load = {1: 2**20}, 0
    assert standing("cuda:0") == {1: True}
    fake.load = 40
    assert standing("cuda:0") == {1: False}
    fake.processes = {os.getpid(): 2**20}
    assert standing("cuda:0") == standing("cpu") == {}
    with nvml.opened("cuda:0") as gpu:
        sampler = Sampler(gpu, standing=(1,), now=lambda: 0.5)
        fake.processes = {1: 2**20}
        sampler.take()
        fake.processes = {1: 2**20, 2**30: 2**21}
        sampler.take()
    state = sampler.state(visit(0, 1))
    assert (state.foreign, state.process_bytes) == ((), 2**21)


def test_a_watch_that_ends_early_is_told(fake):
    with nvml.opened("cuda:0") as gpu, Sampler(gpu, now=lambda: 1.0) as sampler:
        fake.processes = None  # an answer that nobody expects
        sampler._thread.join()
    state = sampler.state(visit(0, 2))
    assert state.lost.startswith("AttributeError")
    assert "a watch that was lost" in disturbance(state)


def test_an_instance_of_a_gpu_is_found_and_counts_its_own_processes(monkeypatch):
    fake = install(monkeypatch, FakeNvml())
    fake.instance, fake.processes = True, {4242: 2**20}
    with nvml.opened("cuda:0") as gpu:
        reading = gpu.read()
    assert (reading.sm_clock_mhz, reading.processes) == (1800, {4242: 2**20})


def test_clocks_of_the_timed_calls_are_told_apart(script):
    script.at(0, sm_mhz=300)
    script.at(1, sm_mhz=1200)
    script.at(2, sm_mhz=1800)
    script.at(3, sm_mhz=1500)
    script.at(4, sm_mhz=200)
    state = script.sampler.state(visit(0, 4, sweeps_s={"valid": (1.5, 2.5), "test": (2.9, 3.1)}))
    assert state.sweeps_sm_mhz == Spread(1500, 1650, 1800)


def test_a_process_that_ended_before_the_visit_began_did_not_disturb_it(script):
    script.at(0, processes={1: 2**20})
    script.at(1, processes={})
    assert script.sampler.state(visit(1, 2)).foreign == ()


def test_it_samples_by_itself_while_entered(fake):
    enough, ended = threading.Event(), []
    read, reads = nvml.Gpu.read, []

    class Counted(nvml.Gpu):
        def read(self):
            reads.append(1)
            if len(reads) == 3:
                enough.set()
            return read(self)

    with nvml.opened("cuda:0") as gpu:
        gpu.__class__ = Counted
        before = threading.active_count()
        with Sampler(gpu, now=lambda: 1.0) as sampler:
            assert enough.wait(60)
        ended.append(threading.active_count() == before)
    assert ended == [True]
    assert sampler.state(visit(0, 2)).samples >= 3
    assert fake.open == 0


@pytest.mark.parametrize("device", ["cpu", "fake", "cuda:0"])
def test_without_nvml_nothing_fails_and_nothing_is_told(monkeypatch, device):
    install(monkeypatch, FakeNvml(missing=True))
    with nvml.opened(device) as gpu, Sampler(gpu) as sampler:
        pass
    assert gpu is None
    assert sampler.state(visit(0, 1)) is None
    observed = environment.observe(device)
    assert set(observed.values()) - {observed["date"]} <= {"not available"}


def test_the_environment_is_observed_through_the_same_door(fake):
    observed = environment.observe("cuda:0")
    assert observed["sm_clock_mhz"] == observed["sm_clock_max_mhz"] == "1800"
    assert (observed["temperature_c"], observed["power_limit_w"]) == ("60", "300.0")
    assert fake.open == 0


def test_a_visit_in_a_process_of_its_own_is_watched(fake, monkeypatch, tmp_path):
    opened = nvml.opened
    monkeypatch.setattr("harness.machines.nvml.opened", lambda device: opened("cuda:0"))
    fake.limits = pynvml.nvmlClocksThrottleReasonSwPowerCap
    edition = protocols.load(tiny.PROTOCOL)
    splits = open_splits(edition, tiny.write_data(tmp_path))
    bench = Bench(edition, splits, "fake", Store(tmp_path), tiny.Recorder())
    (good,) = discover([tiny.SUBMISSIONS / "good"])
    state = time_pass(good, bench).state
    assert set(state.reasons) <= {"software power cap"}  # so short a visit may fall between samples
    assert fake.open == 0
