"""Peaks from make and clocks, against those that NVIDIA's datasheets print. No GPU was asked."""

from types import SimpleNamespace

import pytest
import torch

from harness.machines import ceiling
from harness.records import Ceiling
from tests.support.nvml import FakeNvml, install

# compute capability; SMs, boost clock, memory clock and bits; dense TFLOPS in float32 or TF32, and
# in float16; GB/s
DATASHEETS = {
    "V100 SXM2": ((7, 0), (80, 1530, 877, 4096), (15.7, 125, 900)),
    "T4": ((7, 5), (40, 1590, 5001, 256), (8.1, 65, 320)),
    "A100 40GB": ((8, 0), (108, 1410, 1215, 5120), (156, 312, 1555)),
    "RTX A6000": ((8, 6), (84, 1800, 8001, 384), (77.4, 154.8, 768)),
    "L40S": ((8, 9), (142, 2520, 9001, 384), (183, 366, 864)),
    "H100 SXM": ((9, 0), (132, 1830, 2619, 5120), (494.7, 989.4, 3350)),
}


@pytest.mark.parametrize("gpu", DATASHEETS)
def test_gpus(monkeypatch, gpu):
    (major, minor), (sms, sm_mhz, memory_mhz, bus_bits), printed = DATASHEETS[gpu]
    fake = install(monkeypatch, FakeNvml())
    fake.sm_mhz, fake.memory_mhz, fake.bus_bits = sm_mhz, memory_mhz, bus_bits
    properties = SimpleNamespace(
        uuid="1234", major=major, minor=minor, multi_processor_count=sms, L2_cache_size=2**22
    )
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda device: properties)
    found = ceiling.of_device("cuda:0")
    tflops = 2 * found.float32_macs / 1e12, 2 * found.half_macs / 1e12
    assert (*tflops, found.bytes_per_s / 1e9) == pytest.approx(printed, rel=0.02)
    assert found.cache_bytes == 2**22


def test_of_a_gpu_that_is_not_listed_the_memory_alone_is_known(monkeypatch):
    install(monkeypatch, FakeNvml())
    properties = SimpleNamespace(
        uuid="1234", major=99, minor=0, multi_processor_count=1, L2_cache_size=1
    )
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda device: properties)
    found = ceiling.of_device("cuda")
    assert found.float32_macs is found.half_macs is None
    assert found.bytes_per_s == pytest.approx(768e9, rel=0.01)


def test_without_nvml_nothing_is_known_of_a_gpu(monkeypatch):
    install(monkeypatch, FakeNvml(missing=True))
    assert ceiling.of_device("cuda:0") == Ceiling()
    assert set(ceiling.described(Ceiling()).values()) == {"not known"}


@pytest.mark.parametrize(("capability", "gmacs"), [("AVX512", 256), ("AVX2", 128)])
def test_a_cpu_by_cores_clock_and_vector_width(monkeypatch, tmp_path, capability, gmacs):
    clock = tmp_path / "cpuinfo_max_freq"
    clock.write_text("4000000\n")  # kHz
    monkeypatch.setattr(ceiling, "_CPU_CLOCK", clock)
    monkeypatch.setattr("harness.worker.devices.host.available_cores", lambda: 2)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    found = ceiling.of_device("cpu")
    assert found == Ceiling(float32_macs=gmacs * 1e9)
    assert ceiling.described(found)["most_float32_gmacs_per_s"] == str(gmacs)
    clock.unlink()
    assert ceiling.of_device("cpu").float32_macs == gmacs * 1e9 * 7 / 4


def test_of_another_cpu_and_of_the_fake_device_nothing_is_known(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    assert ceiling.of_device("cpu") == ceiling.of_device("fake") == Ceiling()
