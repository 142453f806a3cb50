"""Time and memory of the fast forms in `models/`, beside the straightforward forms.

    python benchmarks/models.py [--threads N] [--repeats N] [CASE ...]

prints a Markdown table; CASE is the beginning of a case's name. Every form and size runs in a
fresh process, so that no peak hides another. Linux only: the peak is read from /proc.
"""

import argparse
import ctypes
import importlib.util
import multiprocessing
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MODELS = Path(__file__).resolve().parents[1] / "models"
WARM_UP_SIZE = 32
SAMPLES = 10_000  # of an output, evenly spread, to tell how far two forms differ

Work = Callable[[], Tensor]


@dataclass(frozen=True)
class Case:
    """Some work in several forms."""

    name: str
    forms: dict[str, Callable[[int], Work]]  # prepares the work for a side; straightforward first
    sizes: tuple[int, ...] = (128, 256)  # side of the square LR image or feature map


@dataclass(frozen=True)
class Measurement:
    """One form at one size."""

    time_ms: float  # median
    peak_mib: float  # growth of the resident memory while the work ran once
    sample: Tensor


def load(architecture: str) -> ModuleType:
    """Load a file of `models/` by its path."""
    spec = importlib.util.spec_from_file_location(architecture, MODELS / f"{architecture}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dynamic_filter(form: str, channels: int) -> Callable[[int], Work]:
    def prepare(size: int) -> Work:
        module = load("dlgsanet").DynamicFilter(channels, form)
        features = torch.rand(1, channels, size, size)
        kernels = module.conv2(module.conv1(features))
        return lambda: module.apply_kernels(features, kernels)

    return prepare


def dlgsanet_tiny(form: str) -> Callable[[int], Work]:
    def prepare(size: int) -> Work:
        network = load("dlgsanet").dlgsanet_tiny(dynamic_filter=form).eval()
        lr = torch.rand(1, 3, size, size)
        return lambda: network(lr)

    return prepare


def bucket_attention(chunks_at_once: int | None) -> Callable[[int], Work]:
    def prepare(size: int) -> Work:
        dlsn = load("dlsn")
        network = dlsn.DLSN(modules=1, blocks=0, chunks_at_once=chunks_at_once or 1)
        attention = network.body[0].body[0]
        embeddings = [torch.randn(size**2, channels).relu() for channels in (64, 256, 256)]
        buckets = network.buckets(torch.empty(1, 3, size, size))
        rotations = dlsn.draw_rotations((3, 64, buckets), seed=1)
        order = dlsn.sort_by_hash(embeddings[0], rotations)
        if chunks_at_once is None:
            return lambda: bucket_attention_at_once(attention, *embeddings, order)
        return lambda: attention.attend(*embeddings, order)

    return prepare


def bucket_attention_at_once(
    attention: nn.Module, match: Tensor, values: Tensor, learnt: Tensor, order: Tensor
) -> Tensor:
    """Take all chunks of all rounds in one step, as the formulas read."""
    tokens = order.shape[1]
    padded = torch.cat([order, order[:, tokens - -tokens % attention.chunk :]], dim=1)
    chunks = padded.unflatten(1, (-1, attention.chunk))

    def neighbours(x: Tensor) -> Tensor:
        return torch.cat([x, x.roll(1, 1), x.roll(-1, 1)], dim=2)

    keys = neighbours(F.normalize(match[chunks], dim=-1, eps=5e-5))
    scores = match[chunks] @ keys.transpose(2, 3)
    scores = scores + attention.fc(neighbours(learnt[chunks])).transpose(2, 3)
    lse = scores.logsumexp(-1, keepdim=True)
    out = (scores - lse).exp() @ neighbours(values[chunks])
    place = order.argsort(dim=1).unsqueeze(2)
    lse = lse.flatten(1, 2).gather(1, place)
    out = out.flatten(1, 2).gather(1, place.expand(-1, -1, out.shape[-1]))
    return (lse.softmax(dim=0) * out).sum(dim=0)


def window_attention(form: str) -> Callable[[int], Work]:
    def prepare(size: int) -> Work:
        attention = load("esc").WindowAttention(64, window_size=32, num_heads=4, attention=form)
        features = torch.randn(1, 64, size, size)
        return lambda: attention(features)

    return prepare


def esc(form: str, fused: bool = False) -> Callable[[int], Work]:
    def prepare(size: int) -> Work:
        network = load("esc").ESC(attention=form).eval()
        if fused:
            network.fuse()
        lr = torch.rand(1, 3, size, size)
        return lambda: network(lr)

    return prepare


CASES = [
    *(
        Case(
            f"DLGSANet dynamic filter, {channels} channels",
            {form: dynamic_filter(form, channels) for form in ("unfold", "shifts")},
        )
        for channels in (48, 90)
    ),
    Case(
        "DLGSANet tiny x4",
        {form: dlgsanet_tiny(form) for form in ("unfold", "shifts")},
        sizes=(128,),
    ),
    Case(
        "DLSN bucket attention",
        {
            "at once": bucket_attention(None),
            **{f"{n} chunks a step": bucket_attention(n) for n in (8, 32, 128)},
        },
    ),
    Case(
        "ESC window attention",
        {form: window_attention(form) for form in ("explicit", "sdpa")},
    ),
    Case(
        "ESC x4",
        {
            "explicit": esc("explicit"),
            "sdpa": esc("sdpa"),
            "sdpa, fused filter": esc("sdpa", fused=True),
        },
    ),
]


@torch.no_grad()
def measure(name: str, form: str, size: int, threads: int, repeats: int) -> Measurement:
    """Run one form in this process, which must be fresh."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    prepare = next(case for case in CASES if case.name == name).forms[form]
    prepare(WARM_UP_SIZE)()
    work = prepare(size)
    ctypes.CDLL(None).malloc_trim(0)  # what was freed but kept would hide growth
    before = resident_mib("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    output = work()
    peak = resident_mib("VmHWM") - before
    samples = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        samples.append(1e3 * (time.perf_counter() - start))
    spread = output.flatten()[:: max(1, output.numel() // SAMPLES)].clone()
    return Measurement(statistics.median(samples), peak, spread)


def resident_mib(field: str) -> float:
    """Read this process's resident memory, now (VmRSS) or at its peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def rows(case: Case, size: int, threads: int, repeats: int) -> Iterator[str]:
    """Measure all forms of a case at one size, a table row each."""
    spawn = multiprocessing.get_context("spawn")
    first = None
    for form in case.forms:
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            result = process.submit(measure, case.name, form, size, threads, repeats).result()
        first = result if first is None else first
        error = (result.sample - first.sample).abs().max() / first.sample.abs().max()
        yield (
            f"| {case.name} | {size} x {size} | {form} | {result.time_ms:.0f} "
            f"| {result.peak_mib:.0f} | {error:.0e} |"
        )


def processor() -> str:
    """Name the CPU."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(description="Time and memory of the forms in models/")
    parser.add_argument("case", nargs="*", default=[""])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    chosen = [case for case in CASES if case.name.startswith(tuple(arguments.case))]
    if not chosen:
        parser.error(f"no such case; there are: {'; '.join(case.name for case in CASES)}")
    print(
        f"{processor()}, {arguments.threads} thread(s), torch {torch.__version__}, float32; "
        f"median of {arguments.repeats} runs after a first one, on which memory was taken.\n"
    )
    print("| work | input | form | time [ms] | peak memory [MiB] | difference |")
    print("|---|---|---|--:|--:|--:|")
    for case in chosen:
        for size in case.sizes:
            for row in rows(case, size, arguments.threads, arguments.repeats):
                print(row, flush=True)


if __name__ == "__main__":
    main()
