"""What a device can do at most, from its make and its clocks. Never below the truth."""

from pathlib import Path

import pynvml
import torch

from harness.machines import nvml
from harness.records import Ceiling
from harness.worker.devices import host

# Compute capability -> multiply-accumulates per SM and clock: float32 or TF32, and float16 or
# bfloat16, dense. NVIDIA's architecture whitepapers: V100 (2017), Turing (2018), A100 (2020),
# GA102 (2021), Ada (2022), H100 (2022); the largest of a capability's products.
_GPU_MACS = {
    (7, 0): (64, 512),
    (7, 5): (64, 512),
    (8, 0): (512, 1024),
    (8, 6): (256, 512),
    (8, 9): (256, 512),
    (9, 0): (1024, 2048),
}
# of a core per clock, in float32: two units of the vector's width, on every processor so far
_CPU_MACS = {"AVX2": 16, "AVX512": 32}
_CPU_FASTEST_HZ = 7e9  # above any processor sold; where the kernel does not tell
_CPU_CLOCK = Path("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")  # kHz


def of_device(device: str) -> Ceiling:
    """Return what `device` can do at most, with nothing known of devices that are not listed."""
    kind = device.partition(":")[0]
    return _gpu(device) if kind == "cuda" else _cpu() if kind == "cpu" else Ceiling()


def _gpu(device: str) -> Ceiling:
    properties = torch.cuda.get_device_properties(torch.device(device))
    with nvml.opened(device) as gpu:
        if gpu is None:
            return Ceiling()
        sm_mhz = gpu.ask("nvmlDeviceGetMaxClockInfo", pynvml.NVML_CLOCK_SM)
        memory_mhz = gpu.ask("nvmlDeviceGetMaxClockInfo", pynvml.NVML_CLOCK_MEM)
        bus_bits = gpu.ask("nvmlDeviceGetMemoryBusWidth")
    macs = _GPU_MACS.get((properties.major, properties.minor))
    clocks = sm_mhz * 1e6 * properties.multi_processor_count if sm_mhz else None
    cache = getattr(properties, "L2_cache_size", None)  # an older PyTorch does not tell
    told = memory_mhz and bus_bits and cache
    return Ceiling(
        float32_macs=macs[0] * clocks if macs and clocks else None,
        half_macs=macs[1] * clocks if macs and clocks else None,
        bytes_per_s=2 * memory_mhz * 1e6 * bus_bits / 8 if told else None,  # double data rate
        cache_bytes=cache or 0,
    )


def _cpu() -> Ceiling:
    """Return the vector units' peak; of its memory and caches, and of matrix units, nothing."""
    macs = _CPU_MACS.get(torch.backends.cpu.get_cpu_capability())
    hertz = int(_CPU_CLOCK.read_text()) * 1e3 if _CPU_CLOCK.is_file() else _CPU_FASTEST_HZ
    return Ceiling(float32_macs=macs * hertz * host.available_cores() if macs else None)


def described(ceiling: Ceiling) -> dict[str, str]:
    """Describe a ceiling among what was observed of the device."""
    return {
        "most_float32_gmacs_per_s": _giga(ceiling.float32_macs),
        "most_half_gmacs_per_s": _giga(ceiling.half_macs),
        "most_memory_gb_per_s": _giga(ceiling.bytes_per_s),
    }


def _giga(value: float | None) -> str:
    return "not known" if value is None else f"{value / 1e9:.0f}"
