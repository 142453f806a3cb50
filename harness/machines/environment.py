"""The fingerprint of a run: what results depend on, and what was merely observed."""

import contextlib
import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pynvml
import torch

from harness.machines import ceiling, nvml, sampler
from harness.records import Machine, Site, Switches
from harness.worker.devices import host

_CPUINFO = Path("/proc/cpuinfo")


def machine(device: str, switches: Switches) -> Machine:
    """Describe all that is known of where work is done now."""
    most = ceiling.of_device(device)
    others = sampler.standing(device)
    observed = observe(device) | ceiling.described(most) | _contexts(others)
    idle = tuple(pid for pid, is_idle in others.items() if is_idle)
    return Machine(identity(device, switches), most, _site(device), observed, idle, compilers())


def _contexts(others: Mapping[int, bool]) -> dict[str, str]:
    """Describe who held a context on the GPU before the run."""
    told = [f"{pid} ({'idle' if idle else 'computing'})" for pid, idle in others.items()]
    return {"processes_of_others": ", ".join(told)} if told else {}


def _site(device: str) -> Site:
    card = node = os.environ.get("SLURMD_NODENAME") or socket.gethostname()
    if device.partition(":")[0] == "cuda":
        card = str(torch.cuda.get_device_properties(torch.device(device)).uuid)
    job = os.environ.get("SLURM_JOB_ID", "")
    return Site(card, node, job, int(os.environ.get("SLURM_RESTART_COUNT") or 0))


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
        with nvml.opened(device) as gpu:
            driver = nvml.driver() if gpu else None
        facts |= {
            "gpu": properties.name,
            "gpu_memory_mib": str(properties.total_memory // 2**20),
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
            "driver": _told(driver),
        }
    return facts


@cache
def compilers() -> dict[str, str]:
    """Return what the compilers of C++ and CUDA say of themselves; those that are here."""
    found = {}
    for name in ("c++", "nvcc"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run(
                [name, "--version"], capture_output=True, text=True, timeout=60, check=True
            )
            found[name] = " ".join(said.stdout.split())
    return found


@cache
def counters() -> dict[str, str]:
    """Return the versions that the counts of an `inspect` pass depend on."""
    return {name: version(name) for name in ("torch", "fvcore", "ptflops")}


def observe(device: str) -> dict[str, str]:
    """Read clocks, temperature and power limit as they are now. Never enters a key."""
    facts = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
    if device.partition(":")[0] == "cuda":
        with nvml.opened(device) as gpu:
            now = gpu.read() if gpu else None
            most = gpu and gpu.ask("nvmlDeviceGetMaxClockInfo", pynvml.NVML_CLOCK_SM)
            limit_mw = gpu and gpu.ask("nvmlDeviceGetEnforcedPowerLimit")
        facts |= {
            "sm_clock_mhz": _told(now and now.sm_clock_mhz),
            "sm_clock_max_mhz": _told(most),
            "memory_clock_mhz": _told(now and now.memory_clock_mhz),
            "temperature_c": _told(now and now.temperature_c),
            "power_limit_w": _told(limit_mw and limit_mw / 1000),
        }
    return facts


def _told(answer: object) -> str:
    return "not available" if answer is None else str(answer)


def _cpu_name() -> str:
    if _CPUINFO.is_file():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()}, {os.cpu_count()} cores"
    return platform.processor() or platform.machine()
