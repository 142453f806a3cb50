"""Every CUDA and NVML call of the harness once, each on a line of its own: ok, or what it raised.

    python benchmarks/gpu_smoke.py [--device cuda:0] [--seconds 60]

To be run first on a GPU that is new to the harness. Then what the clock relies on: layouts, the
official loop against ours, a stream that hides work, memory, graphs, the energy counter's step. It
needs no installation, but torch, numpy, scipy, safetensors and nvidia-ml-py. Without a GPU,
--device cpu goes through what a CPU has of it.
"""

import argparse
import os
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch

from harness.errors import InputError
from harness.evaluation.clock import Perturbation, Sample, measure
from harness.machines import ceiling, environment, nvml, sampler
from harness.records import Entry, RoundVisit, Switches, TimingPolicy
from harness.statistics.scrutiny import Circumstances, of_visits
from harness.worker.devices import host, select
from harness.worker.loading import Network
from harness.worker.pixels import to_input, to_uint8
from tests.support.inside import Inside

SIZE, SCALE, CALLS = (339, 510), 4, 100
_QUESTIONS = (
    "nvmlDeviceGetPowerUsage",
    "nvmlDeviceGetUtilizationRates",
    "nvmlDeviceGetCurrentClocksEventReasons",
    "nvmlDeviceGetCurrentClocksThrottleReasons",
    "nvmlDeviceGetTotalEnergyConsumption",
    "nvmlDeviceGetMemoryBusWidth",
    "nvmlDeviceGetEnforcedPowerLimit",
)


class Smoke:
    """Runs checks until the time is up; prints each as it is made."""

    def __init__(self, seconds: float) -> None:
        self._end, self.failed = time.monotonic() + seconds, 0

    def line(self, name: str, check: Callable[[], Any]) -> Any:
        """Print what `check` returns or raises; skip it where the time is up."""
        if time.monotonic() > self._end:
            print(f"skip  {name}: no time left", flush=True)
            return None
        try:
            value = check()
        except Exception as error:
            self.failed += 1
            print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
            traceback.print_exc(limit=-3, file=sys.stdout)
            return None
        print(f"ok    {name}: {' '.join(str(value).split())[:400]}", flush=True)
        return value


def network(device: torch.device) -> torch.nn.Module:
    """Return thirteen convolutions, of the width of the challenge's entries."""
    torch.manual_seed(0)
    middle = [torch.nn.Conv2d(48, 48, 3, padding=1) for _ in range(12)]
    layers = [torch.nn.Conv2d(3, 48, 3, padding=1), *middle, torch.nn.PixelShuffle(SCALE)]
    return torch.nn.Sequential(*layers).to(device).eval().requires_grad_(False)


def of_the_driver(smoke: Smoke, name: str) -> None:
    smoke.line("identity", lambda: environment.identity(name, Switches()))
    smoke.line("observed", lambda: environment.observe(name))
    smoke.line("ceiling", lambda: ceiling.of_device(name))
    smoke.line("contexts of others", lambda: sampler.standing(name))
    with nvml.opened(name) as gpu:
        smoke.line("NVML is open", lambda: gpu is not None)
        if gpu is None:
            return
        for question in _QUESTIONS:
            smoke.line(question, lambda question=question: gpu.ask(question))
        smoke.line("a reading", gpu.read)
        smoke.line("own context so far (the harness's own process must hold none)", gpu.processes)
        smoke.line("seconds of a reading", lambda: _seconds(gpu.read))
        smoke.line("the energy counter's step [ms]", lambda: _energy_step_ms(gpu))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _energy_step_ms(gpu: nvml.Gpu) -> float:
    """Return the median time between two values of the counter, over a second."""
    began, seen, last = time.monotonic(), [], None
    while time.monotonic() - began < 1:
        now = gpu.ask("nvmlDeviceGetTotalEnergyConsumption")
        if now != last:
            seen.append(time.monotonic())
            last = now
    return 1e3 * statistics.median(np.diff(seen))


def of_the_clock(smoke: Smoke, name: str, side: float) -> None:
    device = select(name)
    smoke.line("switches are set", lambda: device.apply(Switches()))
    smoke.line("switches", host.read)
    height, width = (round(length * side) for length in SIZE)
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    module = smoke.line("a network", lambda: network(device.torch_device))

    def load(pixels: Any = pixels) -> torch.Tensor:
        return to_input(pixels, 1.0).to(device.torch_device)

    def lap(lr: torch.Tensor, call: Callable[[torch.Tensor], torch.Tensor] = module) -> Any:
        with torch.no_grad():
            return device.timed(lambda: call(lr))

    calls, perturb = CALLS if device.is_gpu else 5, Perturbation(0)

    def many(make: Callable[[], torch.Tensor]) -> list[Any]:
        return [lap(make()) for _ in range(calls)]

    smoke.line("the first call", lambda: lap(load())._replace(sr=None))
    smoke.line("strides of LR and its copy", lambda: _same_strides(load()))
    for what, make in (("LR", load), ("perturbed LR", lambda: load(perturb(pixels)))):
        smoke.line(f"{what}, {calls} calls", lambda make=make: _described(many(make)))
    sr = lap(load()).sr
    smoke.line("pixels are the official ones", lambda: _same_pixels(device, sr))
    smoke.line("memory of a call", lambda: _memory(device, lambda: lap(load())))
    if device.is_gpu:
        _of_a_gpu(smoke, device, module, load, lap)
    smoke.line("operators", lambda: device.operators(lambda: module(load()), 3)[:3])
    smoke.line("the same twice", lambda: torch.equal(lap(load()).sr, lap(load()).sr))
    smoke.line("a visit", lambda: _visit(device, module, (height, width)))


def _same_strides(lr: torch.Tensor) -> tuple[int, ...]:
    every = {one.stride() for one in (lr, lr.clone())}
    assert every == {(3, 1, 3 * lr.shape[-1], 3)}, every
    return lr.stride()


def _described(laps: list[Any]) -> str:
    ms = [lap.ms for lap in laps]
    text = f"{statistics.median(ms):.4f} ms, 5 to 95 %: {np.percentile(ms, 5):.4f} to "
    text += f"{np.percentile(ms, 95):.4f}"
    if laps[0].whole_ms is None:
        return text
    gaps = [1e3 * (lap.whole_ms - lap.ms) for lap in laps]
    clocks = [1e3 * (lap.host_ms - lap.whole_ms) for lap in laps]
    launch = statistics.median(lap.launch_ms for lap in laps)
    return (
        f"{text}; idle {statistics.median(gaps):.0f} us later (at most {max(gaps):.0f}), host's "
        f"clock {statistics.median(clocks):+.0f} us from the device's, launched in {launch:.4f} ms"
    )


def _same_pixels(device: Any, sr: torch.Tensor) -> bool:
    assert np.array_equal(device.quantised(sr, 1.0), to_uint8(sr, 1.0))
    assert np.array_equal(device.quantised(sr * 255, 255.0), to_uint8(sr * 255, 255.0))
    return True


def _memory(device: Any, call: Callable[[], object]) -> str:
    device.release()
    call()
    device.reset_peak()
    call()
    held = device.reserved_bytes()
    return f"{device.peak_bytes() / 2**20:.1f} MiB, reserved {held and held / 2**20}"


def _of_a_gpu(smoke: Smoke, device: Any, module: Any, load: Any, lap: Any) -> None:
    def official() -> float:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        lr = load()
        torch.cuda.synchronize()
        start.record()
        module(lr)
        end.record()
        torch.cuda.synchronize()
        return start.elapsed_time(end)

    def hides(lr: torch.Tensor) -> torch.Tensor:
        with torch.cuda.stream(torch.cuda.Stream(device.torch_device)):
            return module(lr)

    def idle() -> list[float]:
        found = []
        for _ in range(20):
            time.sleep(0.05)
            found.append(lap(load()).ms)
        return found

    with torch.no_grad():
        smoke.line(
            "the official loop's pair of events [ms]",
            lambda: statistics.median(official() for _ in range(CALLS)),
        )
        smoke.line("hidden on another stream", lambda: _described([lap(load(), hides)] * 1))
        smoke.line("after 50 ms of rest [ms]", lambda: statistics.median(idle()))
        graphed = device.graphed(module)
        smoke.line("a CUDA graph", lambda: _described([lap(load(), graphed) for _ in range(CALLS)]))
        smoke.line(
            "a graph computes the same", lambda: torch.equal(graphed(load()), module(load()))
        )


def _visit(device: Any, module: torch.nn.Module, size: tuple[int, int]) -> str:
    visit = measure(
        Inside(Network(module, SCALE), device, data_range=1.0),
        [Sample("smoke", size, lambda: np.zeros((*size, 3), np.uint8))],
        device,
        replace(TimingPolicy(), rounds=1, energy=True),
        progress=lambda done: None,
        seed=0,
    )
    around = Circumstances(0.2, (256, 256), SCALE)
    flags = of_visits(Entry("smoke", "smoke"), [RoundVisit(0, 0, "entry", visit)], around)
    return (
        f"{visit.samples_ms}, in a row {visit.row_ms}, graph {visit.graph_ms}, memory "
        f"{visit.peak_bytes}, reserved {visit.reserved_bytes}, warm-up {visit.warm_up}, burst "
        f"{visit.bursts}, flags {visit.flags | flags}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--side", type=float, default=1.0, help="factor on the image's sides")
    parser.add_argument("--seconds", type=float, default=60.0, help="no check begins after these")
    options = parser.parse_args()
    smoke = Smoke(options.seconds)
    versions = (sys.version.split()[0], torch.__version__, np.__version__, torch.version.cuda)
    print("versions:", *versions, torch.backends.cudnn.version(), flush=True)
    prefixes = ("CUDA", "NVIDIA", "PYTORCH", "TORCH", "OMP")
    print("environment:", {k: v for k, v in os.environ.items() if k.startswith(prefixes)})
    of_the_driver(smoke, options.device)
    try:
        of_the_clock(smoke, options.device, options.side)
    except InputError as error:
        sys.exit(str(error))
    print(f"{smoke.failed} failed" if smoke.failed else "all is well")
    sys.exit(1 if smoke.failed else 0)


if __name__ == "__main__":
    main()
