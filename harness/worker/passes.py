"""The passes: what each does with an entry's network, and leaves."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import ForwardError
from harness.records import (
    Complexity,
    Inspection,
    ModuleCost,
    PassName,
    Probe,
    Profile,
    Restoration,
    Visit,
    Work,
    pixels,
)
from harness.worker import clock
from harness.worker.desk import Desk
from harness.worker.devices import host
from harness.worker.loading import Network, Program, forward
from harness.worker.loading.faults import guarded
from harness.worker.pixels import to_uint8

if TYPE_CHECKING:
    from harness.worker.complexity import Holdings

_SMALL = (64, 64)  # height, width
# of every kind: small, and multiples of 32, 16, 8, 4, 2 and 1 alone
_PROBED_SIZES = (
    *((8, 8), (16, 16), (24, 32), (32, 32)),
    *((48, 80), (40, 56), (36, 44), (34, 38), (63, 64), (47, 61), (85, 113)),
)
_SEED = random.SystemRandom().getrandbits(63)  # drawn before any submission's code runs


def _inspect() -> Callable[[Desk], Inspection]:
    from harness.worker import complexity

    holdings = complexity.Holdings()  # before the entry is loaded

    def run(desk: Desk) -> Inspection:
        with complexity.plainly(desk.loaded.network.module):
            return inspected(desk)

    def inspected(desk: Desk) -> Inspection:
        network, twin = desk.loaded.network, desk.loaded.twin
        params_loaded = complexity.count_parameters(network.module)
        small = _first_forward(desk)
        params = complexity.count_parameters(network.module)
        held = _held(holdings, desk, small)
        lr = complexity.uniform_noise((1, 3, *desk.job.input_size)).to(desk.device.torch_device)
        counts, modules = guarded(
            lambda: _counted(network.module, twin, small, lr), "counting operations", ForwardError
        )
        table = desk.job.manifest.complexity
        return Inspection(
            params=params,
            params_loaded=params_loaded,
            complexity=counts,
            missing_keys=desk.loaded.mismatch.missing,
            unexpected_keys=desk.loaded.mismatch.unexpected,
            loaded_share=desk.loaded.mismatch.share,
            stripped=desk.loaded.mismatch.stripped,
            left_out=desk.loaded.mismatch.left_out,
            complete=desk.loaded.complete,
            twin=table.factory if table else "",
            disagreement=complexity.disagreement(counts) or "",
            blind_spots=complexity.blind_spots(counts) or "",
            stand_ins=desk.loaded.stand_ins,
            operator_missing=desk.loaded.operator_missing,
            precisions=_precisions(network, small),
            held=held,
            checkpoint_elements=desk.loaded.mismatch.elements,
            work=_work(desk, small, counts),
            program=network.module.description() if isinstance(network.module, Program) else "",
            repeatable=bool(torch.equal(forward(network, small), forward(network, small))),
            modules=modules,
        )

    return run


def _counted(
    module: torch.nn.Module, twin: Network | None, small: torch.Tensor, lr: torch.Tensor
) -> tuple[Complexity, tuple[ModuleCost, ...]]:
    from harness.worker import complexity

    if isinstance(module, Program):
        return complexity.count_program(module, lr), ()
    return complexity.measure_affordably(twin.module if twin else module, small, lr)


def _held(holdings: "Holdings", desk: Desk, small: torch.Tensor) -> dict[str, int]:
    """Look at what the entry holds beside its parameters; an exported program names its own."""
    module, twin = desk.loaded.network.module, desk.loaded.twin
    if isinstance(module, Program):
        return {}
    apart: list[torch.nn.Module | torch.Tensor] = [small, *([twin.module] if twin else [])]
    found: dict[str, int] = guarded(
        lambda: holdings.beside(module, apart), "looking at what it holds", ForwardError
    )
    return found


def _work(desk: Desk, small: torch.Tensor, counts: Complexity) -> Work | None:
    from harness.worker import complexity

    network, (height, width) = desk.loaded.network, desk.job.input_size
    if isinstance(network.module, Program):
        return None
    most = max((count.flops for count in counts.flops.values()), default=0)
    macs = most * small[0, 0].numel() // (height * width)
    found: Work = guarded(
        lambda: complexity.work(network, small, macs), "a small forward", ForwardError
    )
    return found


def _precisions(network: Network, small: torch.Tensor) -> tuple[str, ...]:
    from harness.worker import complexity

    found = set(complexity.precisions(network, small))
    if isinstance(network.module, Program):
        found |= network.module.weight_types()
    return tuple(sorted(found))


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
        outputs = [first.aminmax()]
        for index in range(len(desk.job.images)):
            sr = forward(network, desk.lr(index))
            outputs.append(sr.aminmax())
            desk.files.put_sr(index, to_uint8(sr, desk.job.manifest.model.data_range))
        return Probe(
            sizes=tuple(f"{height}x{width}" for height, width in _PROBED_SIZES),
            refused=refused,
            repeatable=bool(torch.equal(first, second)),
            dtype=str(first.dtype).removeprefix("torch."),
            low=min(float(low) for low, _ in outputs),
            high=max(float(high) for _, high in outputs),
        )

    return run


def _restore() -> Callable[[Desk], Restoration]:
    return lambda desk: _restored(desk, desk.loaded.network)


def _restored(desk: Desk, network: Network) -> Restoration:
    """Restore the job's images with `network` and hand them over."""
    dtypes = set()
    for index in range(len(desk.job.images)):
        output = forward(network, desk.lr(index))
        dtypes.add(str(output.dtype).removeprefix("torch."))
        desk.files.put_sr(index, to_uint8(output, desk.job.manifest.model.data_range))
    return Restoration(tuple(sorted(dtypes)))


def _time() -> Callable[[Desk], Visit]:
    return lambda desk: _timed(desk, desk.loaded.network, _images(desk))


def _images(desk: Desk) -> list[clock.Sample]:
    return [
        clock.Sample(image.split, desk.lr_size(index), partial(desk.lr, index))
        for index, image in enumerate(desk.job.images)
    ]


def _timed(desk: Desk, network: Network, images: Sequence[clock.Sample]) -> Visit:
    def digest(sr: torch.Tensor) -> str:
        return pixels.digest(desk.device.quantised(sr, desk.job.manifest.model.data_range))

    visit = clock.measure(
        network,
        images,
        desk.device,
        desk.job.timing,
        digest=digest,
        progress=desk.files.put_progress,
        data_range=desk.job.manifest.model.data_range,
        seed=_SEED,
    )
    return replace(visit, flags=visit.flags | desk.witness.flags(), cores=host.pinned())


def _profile() -> Callable[[Desk], Profile]:
    from harness.worker import variants

    torch.manual_seed(0)  # a network without a checkpoint is the same one in every process

    def run(desk: Desk) -> Profile:
        study, refused = desk.job.study, dict[str, str]()
        network = variants.changed(desk.loaded.network, study.variant, desk.device)
        _restored(desk, network)
        images = _images(desk)
        for height, width in study.sizes:
            lr = desk.smooth_lr(height, width)
            try:
                forward(network, lr.clone())
                images.append(clock.Sample(f"{height}x{width}", (height, width), lr.clone))
            except ForwardError as error:
                refused[f"{height}x{width}"] = str(error)
        visit = _timed(desk, network, images)
        if not study.operators:
            return Profile(visit, refused)
        repeats = desk.job.timing.sweeps
        images_lr = iter([desk.lr(0) for _ in range(repeats)])  # one for each call
        found = desk.device.operators(lambda: network(next(images_lr)), repeats)
        return Profile(visit, refused, found)

    return run


PASSES: dict[PassName, Callable[[], Callable[[Desk], Any]]] = {
    "inspect": _inspect,
    "restore": _restore,
    "time": _time,
    "probe": _probe,
    "profile": _profile,
}
