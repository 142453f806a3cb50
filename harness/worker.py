"""The child's main: a job in, a result out. It never knows where HR images or results lie.

The job, the LR images and the copy of the submission lie in a private folder; `result.json` and
the SR images go there. Standard output belongs to the submission and ends in its log.
"""

import hashlib
import json
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from harness import timing
from harness.devices import Device, select
from harness.errors import EntryError, ForwardError
from harness.images import to_input, to_uint8
from harness.loading import Loaded, Network, forward, load
from harness.loading.faults import guarded
from harness.records import (
    Inspection,
    Job,
    PassName,
    Probe,
    Profile,
    Restoration,
    Visit,
)
from harness.schema import from_table, to_table
from harness.witness import Witness

JOB, RESULT, PROGRESS, SR_FOLDER = "job.json", "result.json", "progress", "sr"
_SMALL = (64, 64)  # height, width
_PROBED_SIZES = ((8, 8), (16, 16), (24, 32), (32, 32), (47, 61), (63, 64), (85, 113))
_SEED = random.SystemRandom().getrandbits(63)  # drawn before any submission's code runs
_UNSCORED_AT_MOST = 4  # SR images that may wait for the parent


def main(folder: Path) -> None:
    """Do the job in `folder` and leave `result.json` there."""
    job = from_table(Job, json.loads((folder / JOB).read_text()))
    device = select(job.device)
    device.apply(job.switches)
    witness = Witness(device)
    run = _PASSES[job.pass_name]()
    _leave_project()
    try:
        loaded = load(job.manifest, folder / job.folder, device.torch_device)
        changed = _changed_switches(job, device)
        device.apply(job.switches)
        result = to_table(run(Desk(folder, job, device, loaded, witness)))
        changed += _changed_switches(job, device)
        answer = {"result": result, "switches_changed": list(dict.fromkeys(changed))}
    except EntryError as error:
        traceback.print_exc()
        answer = {"failure": {"stage": error.stage, "reason": str(error)}}
    partial = folder / f"{RESULT}.part"
    partial.write_text(json.dumps(answer))
    partial.rename(folder / RESULT)


class Desk:
    """What a pass works with."""

    def __init__(
        self, folder: Path, job: Job, device: Device, loaded: Loaded, witness: Witness
    ) -> None:
        self.folder, self.job, self.device, self.loaded = folder, job, device, loaded
        self.witness = witness

    def lr(self, index: int) -> torch.Tensor:
        """Put LR image `index` on the device: float32 [1, 3, h, w] in [0, data_range]."""
        array = np.load(self.folder / self.job.images[index].file, allow_pickle=False)
        tensor = to_input(array, self.job.manifest.model.data_range)
        return tensor.to(self.device.torch_device)

    def smooth_lr(self, height: int, width: int) -> torch.Tensor:
        """Make an LR image that is more like a photograph than noise, where some networks fail."""
        image = _smooth_image(height, width) * self.job.manifest.model.data_range
        return image.to(self.device.torch_device)

    def progress(self, done: int) -> None:
        """Tell the parent how many images are done."""
        (self.folder / PROGRESS).write_text(str(done))


def _inspect() -> Callable[[Desk], Inspection]:
    from harness import complexity

    def run(desk: Desk) -> Inspection:
        network, twin = desk.loaded.network, desk.loaded.twin
        params_loaded = complexity.count_parameters(network.module)
        small = _first_forward(desk)
        params = complexity.count_parameters(network.module)
        lr = desk.smooth_lr(*desk.job.input_size)
        counts, modules = guarded(
            lambda: complexity.measure_affordably((twin or network).module, small, lr),
            "counting operations",
            ForwardError,
        )
        table = desk.job.manifest.complexity
        return Inspection(
            params=params,
            params_loaded=params_loaded,
            complexity=counts,
            missing_keys=desk.loaded.mismatch.missing,
            unexpected_keys=desk.loaded.mismatch.unexpected,
            complete=desk.loaded.complete,
            twin=table.factory if table else "",
            disagreement=complexity.disagreement(counts) or "",
            blind_spots=complexity.blind_spots(counts) or "",
            stand_ins=desk.loaded.stand_ins,
            operator_missing=desk.loaded.operator_missing,
            precisions=complexity.precisions(network, small),
            repeatable=bool(torch.equal(forward(network, small), forward(network, small))),
            modules=modules,
        )

    return run


def _first_forward(desk: Desk) -> torch.Tensor:
    """Let the network fuse its branches, as some do at their first call; compare its twin there.

    A small image does, and the protocol's input size where a network refuses small ones. Returns
    the image.
    """
    try:
        lr = desk.smooth_lr(*_SMALL)
        sr = forward(desk.loaded.network, lr)
    except ForwardError:
        lr = desk.smooth_lr(*desk.job.input_size)
        sr = forward(desk.loaded.network, lr)
    if desk.loaded.twin is not None:
        _check_twin(desk.loaded.twin, lr, sr)
    return lr


def _smooth_image(height: int, width: int) -> torch.Tensor:
    """Make an image [1, 3, height, width] in [0, 1] of slow waves."""
    down = torch.arange(height).view(-1, 1) / 23
    right = torch.arange(width).view(1, -1) / 17
    return torch.stack([(2 + (down + c).sin() + (right - c).cos()) / 4 for c in range(3)])[None]


def _check_twin(twin: Network, lr: torch.Tensor, sr: torch.Tensor) -> None:
    difference = float((forward(twin, lr) - sr).abs().max())
    allowed = 1e-3 * float(sr.abs().max())
    if difference > allowed:
        raise ForwardError(
            f"the twin for the counters differs from the network by {difference:.3g}, more than "
            f"{allowed:.3g}; complexity.factory must compute the same function"
        )


def _probe() -> Callable[[Desk], Probe]:
    def run(desk: Desk) -> Probe:
        network = desk.loaded.network
        refused = {}
        for height, width in _PROBED_SIZES:
            try:
                forward(network, desk.smooth_lr(height, width))
            except ForwardError as error:
                refused[f"{height}x{width}"] = str(error)
        lr = desk.smooth_lr(*_SMALL)
        first, second = forward(network, lr), forward(network, lr)
        return Probe(
            sizes=tuple(f"{height}x{width}" for height, width in _PROBED_SIZES),
            refused=refused,
            repeatable=bool(torch.equal(first, second)),
            dtype=str(first.dtype).removeprefix("torch."),
        )

    return run


def _restore() -> Callable[[Desk], Restoration]:
    return lambda desk: _restored(desk, desk.loaded.network)


def _restored(desk: Desk, network: Network) -> Restoration:
    """Restore the job's images with `network` and hand them over."""
    dtypes = set()
    folder = desk.folder / SR_FOLDER
    for index in range(len(desk.job.images)):
        output = forward(network, desk.lr(index))
        dtypes.add(str(output.dtype).removeprefix("torch."))
        sr = to_uint8(output, desk.job.manifest.model.data_range)
        _hand_over(sr, folder, index)
    return Restoration(tuple(sorted(dtypes)))


def _hand_over(sr: np.ndarray[Any, np.dtype[np.uint8]], folder: Path, index: int) -> None:
    """Write one SR image, whole or not at all, once the parent has scored earlier ones."""
    while (folder / str(index - _UNSCORED_AT_MOST)).exists():
        time.sleep(0.001)
    partial = folder / f"{index}.part"
    sr.tofile(partial)
    partial.rename(folder / str(index))


def _time() -> Callable[[Desk], Visit]:
    return lambda desk: _timed(desk, desk.loaded.network, _images(desk))


def _images(desk: Desk) -> list[timing.Sample]:
    return [
        (image.split, lambda index=index: desk.lr(index))  # type: ignore[misc]
        for index, image in enumerate(desk.job.images)
    ]


def _timed(desk: Desk, network: Network, images: Sequence[timing.Sample]) -> Visit:
    def digest(sr: torch.Tensor) -> str:
        pixels = to_uint8(sr.cpu(), desk.job.manifest.model.data_range)
        return hashlib.sha256(pixels.data).hexdigest()

    visit = timing.measure(
        network,
        images,
        desk.device,
        desk.job.timing,
        digest=digest,
        progress=desk.progress,
        data_range=desk.job.manifest.model.data_range,
        seed=_SEED,
    )
    return replace(visit, flags=visit.flags | desk.witness.flags())


def _profile() -> Callable[[Desk], Profile]:
    from harness import variants

    torch.manual_seed(0)  # a network without a checkpoint is the same one in every process

    def run(desk: Desk) -> Profile:
        study, refused = desk.job.study, dict[str, str]()
        network = variants.changed(desk.loaded.network, study.variant, desk.device)
        _restored(desk, network)
        images = _images(desk)
        for height, width in study.sizes:
            lr = desk.smooth_lr(height, width)
            try:
                forward(network, lr)
                images.append((f"{height}x{width}", lr.clone))
            except ForwardError as error:
                refused[f"{height}x{width}"] = str(error)
        visit = _timed(desk, network, images)
        if not study.operators:
            return Profile(visit, refused)
        lr, repeats = desk.lr(0), desk.job.timing.sweeps
        return Profile(visit, refused, desk.device.operators(lambda: network(lr), repeats))

    return run


_PASSES: dict[PassName, Callable[[], Callable[[Desk], Any]]] = {
    "inspect": _inspect,
    "restore": _restore,
    "time": _time,
    "probe": _probe,
    "profile": _profile,
}


def _changed_switches(job: Job, device: Device) -> list[str]:
    found = device.switches()
    return [
        f.name for f in fields(found) if getattr(found, f.name) != getattr(job.switches, f.name)
    ]


def _leave_project() -> None:
    """Take the project's root off the import path: `models` is the submission's to define."""
    root = Path(__file__).resolve().parents[1]
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != root]
