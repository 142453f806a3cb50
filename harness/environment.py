"""The fingerprint of a run: what results depend on, and what was merely observed."""

import contextlib
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pynvml
import torch

from harness.devices import host
from harness.records import Switches

_CPUINFO = Path("/proc/cpuinfo")


def identity(device: str, switches: Switches) -> dict[str, str]:
    """Describe hardware and versions that time and bits depend on. Enters the store's keys."""
    facts = {
        "device": device.partition(":")[0],
        "cpu": _cpu_name(),
        "threads": str(switches.threads or host.available_cores()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    if facts["device"] == "cuda":
        properties = torch.cuda.get_device_properties(torch.device(device))
        facts |= {
            "gpu": properties.name,
            "gpu_memory_mib": str(properties.total_memory // 2**20),
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
            "driver": _nvml(lambda _: pynvml.nvmlSystemGetDriverVersion(), device),
        }
    return facts


def counters() -> dict[str, str]:
    """Return the versions that the counts of an `inspect` pass depend on."""
    return {name: version(name) for name in ("torch", "fvcore", "ptflops")}


def observe(device: str) -> dict[str, str]:
    """Read clocks, temperature and power limit as they are now. Never enters a key."""
    facts = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
    if device.partition(":")[0] == "cuda":
        facts |= {
            name: _nvml(query, device)
            for name, query in {
                "sm_clock_mhz": lambda h: pynvml.nvmlDeviceGetClockInfo(h, pynvml.NVML_CLOCK_SM),
                "sm_clock_max_mhz": lambda h: pynvml.nvmlDeviceGetMaxClockInfo(
                    h, pynvml.NVML_CLOCK_SM
                ),
                "memory_clock_mhz": lambda h: pynvml.nvmlDeviceGetClockInfo(
                    h, pynvml.NVML_CLOCK_MEM
                ),
                "temperature_c": lambda h: pynvml.nvmlDeviceGetTemperature(
                    h, pynvml.NVML_TEMPERATURE_GPU
                ),
                "power_limit_w": lambda h: pynvml.nvmlDeviceGetEnforcedPowerLimit(h) / 1000,
            }.items()
        }
    return facts


def _nvml(query: Callable[[Any], object], device: str) -> str:
    """Ask NVML about the GPU that PyTorch calls `device`; "not available" where it cannot say."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return "not available"
    try:
        uuid = str(torch.cuda.get_device_properties(torch.device(device)).uuid)
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid.removeprefix('GPU-')}")
        return str(query(handle))
    except pynvml.NVMLError:
        return "not available"
    finally:
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _cpu_name() -> str:
    if _CPUINFO.is_file():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()}, {os.cpu_count()} cores"
    return platform.processor() or platform.machine()
