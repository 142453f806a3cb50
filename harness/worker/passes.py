"""The passes: what each does with an entry's network, and leaves."""

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from harness.errors import ForwardError
from harness.records import (
    Complexity,
    Inspection,
    ModuleCost,
    PassName,
    Probe,
    Restoration,
    Studied,
    Unused,
    Work,
)
from harness.worker.desk import Desk
from harness.worker.exchange import Exchange
from harness.worker.loading import Network, Program, forward
from harness.worker.loading.faults import guarded
from harness.worker.service import Restorer

T = TypeVar("T")
Run = Callable[[Desk, Exchange], T]  # T is what a pass leaves

if TYPE_CHECKING:
    from harness.worker.complexity import Holdings

_SMALL = (64, 64)  # height, width
_FOLDING = ("switch_to_deploy", "reparameterize")  # as RepVGG and MobileOne call it, and others
# of every kind: small, and multiples of 32, 16, 8, 4, 2 and 1 alone
_PROBED_SIZES = (
    *((8, 8), (16, 16), (24, 32), (32, 32)),
    *((48, 80), (40, 56), (36, 44), (34, 38), (63, 64), (47, 61), (85, 113)),
)


def _inspect() -> Run[Inspection]:
    from harness.worker import complexity

    holdings = complexity.Holdings()  # before the entry is loaded

    def run(desk: Desk, exchange: Exchange) -> Inspection:
        with complexity.plainly(desk.loaded.network.module):
            found, small = inspected(desk)
            pixels = prod(desk.job.input_size)
            network = desk.loaded.network
            counting = complexity.Counting(network, found.complexity, small, pixels)
            exchange.serve(Restorer(desk, counting))
            return found

    def inspected(desk: Desk) -> tuple[Inspection, torch.Tensor]:
        network = desk.loaded.network
        params_loaded = desk.loaded.params or complexity.count_parameters(network.module)
        small = _first_forward(desk)
        params = complexity.count_parameters(network.module)
        held = _held(holdings, desk, small)
        table = desk.job.manifest.complexity
        counts, modules = Complexity({}, 0, 0), tuple[ModuleCost, ...]()
        if table is None or desk.job.twin or desk.loaded.operator_missing:
            counts, modules = guarded(
                lambda: _counted(desk, small), "counting operations", ForwardError
            )
        found = Inspection(
            params=params,
            params_loaded=params_loaded,
            complexity=counts,
            missing_keys=desk.loaded.mismatch.missing,
            unexpected_keys=desk.loaded.mismatch.unexpected,
            loaded_share=desk.loaded.mismatch.share,
            stripped=desk.loaded.mismatch.stripped,
            left_out=desk.loaded.mismatch.left_out,
            chosen=desk.loaded.mismatch.chosen,
            complete=desk.loaded.complete,
            twin=table.factory if table else "",
            disagreement=complexity.disagreement(counts) or "",
            blind_spots=complexity.blind_spots(counts) or "",
            stand_ins=desk.loaded.stand_ins,
            operator_missing=desk.loaded.operator_missing,
            precisions=_precisions(network, small),
            held=held,
            checkpoint_elements=0 if _is_packed(desk) else desk.loaded.mismatch.elements,
            work=_work(desk, small, counts),
            program=network.module.description() if isinstance(network.module, Program) else "",
            repeatable=bool(torch.equal(forward(network, small), forward(network, small))),
            weights=complexity.weights(network.module, _file_bytes(desk)),
            modules=modules,
            unused=_unused(network, small),
            foldable=_foldable(desk),
        )
        return found, small

    return run


def _foldable(desk: Desk) -> str:
    if desk.job.manifest.model.deploy:
        return ""
    kinds = [type(module) for module in torch.nn.Module.modules(desk.loaded.network.module)]
    return next((name for name in _FOLDING if any(hasattr(kind, name) for kind in kinds)), "")


def _unused(network: Network, small: torch.Tensor) -> Unused | None:
    """Return the parameters without part in a forward, of noise: a router sends it everywhere.

    None of a quantised network, whose tensors hold others.
    """
    from harness.worker import complexity

    module, given = network.module, network.given(small)
    if isinstance(module, Program):
        return Unused()
    if complexity.is_quantised(module):
        return None
    noise = complexity.uniform_noise(given.shape).to(given.device, given.dtype)
    doing = "counting unused parameters"
    found: Unused | None = guarded(
        lambda: complexity.unused_parameters(module, noise), doing, ForwardError
    )
    return found


def _counted(desk: Desk, small: torch.Tensor) -> tuple[Complexity, tuple[ModuleCost, ...]]:
    """Count on the cost image, whose figures are the official ones, and on small images."""
    from harness.worker import complexity

    network = desk.loaded.network
    lr = complexity.uniform_noise((1, 3, *desk.job.input_size)).to(desk.device.torch_device)
    shown = [desk.on_device(image) for image in complexity.photographs(_SMALL[0])]
    photographs = [network.given(image) for image in shown if image.shape == small.shape]
    module, small, lr = network.module, network.given(small), network.given(lr)
    if isinstance(module, Program) or complexity.is_quantised(module):
        counted = complexity.count_program(module, lr)
        told = complexity.by_content(
            lambda image: complexity.count_program(module, image).flops["graph"].flops,
            small,
            photographs,
        )
        return replace(counted, by_content=told), ()
    counted, modules = complexity.measure_affordably(module, small, lr, photographs)
    if lr.dtype != torch.float32:
        counted = replace(counted, by_precision=complexity.count_program(module, lr).by_precision)
    return counted, modules


def _file_bytes(desk: Desk) -> int:
    """Return the size of the file that holds what the network learnt; 0 where there is none."""
    manifest = desk.job.manifest
    program = manifest.model.file if manifest.model.format != "python" else ""
    path = manifest.weights.path if manifest.weights else program
    file = desk.folder / path
    return file.stat().st_size if path and file.is_file() else 0


def _is_packed(desk: Desk) -> bool:
    from harness.worker import complexity

    module = desk.loaded.network.module
    return isinstance(module, Program) or complexity.is_quantised(module)


def _held(holdings: "Holdings", desk: Desk, small: torch.Tensor) -> dict[str, int]:
    """Look at what the entry holds beside its parameters.

    Nothing of exported programs and quantised networks, whose weights are no parameters.
    """
    if _is_packed(desk):
        return {}
    module = desk.loaded.network.module
    found: dict[str, int] = guarded(
        lambda: holdings.beside(module, [small]), "looking at what it holds", ForwardError
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
    """Let the network fuse its branches, as some do at their first call.

    A small image does, and the protocol's input size where a network refuses small ones. Returns
    the image.
    """
    try:
        forward(desk.loaded.network, lr := desk.smooth_lr(*_SMALL))
    except ForwardError:
        forward(desk.loaded.network, lr := desk.smooth_lr(*desk.job.input_size))
    return lr


def _probe() -> Run[Probe]:
    def run(desk: Desk, exchange: Exchange) -> Probe:
        network, restorer = desk.loaded.network, Restorer(desk)
        exchange.serve(restorer)
        refused = {}
        for height, width in _PROBED_SIZES:
            try:
                forward(network, desk.smooth_lr(height, width))
            except ForwardError as error:
                refused[f"{height}x{width}"] = str(error)
        lr = desk.smooth_lr(*_SMALL)
        first, second = forward(network, lr), forward(network, lr)
        low, high = (float(one) for one in first.aminmax())
        return Probe(
            sizes=tuple(f"{height}x{width}" for height, width in _PROBED_SIZES),
            refused=refused,
            repeatable=bool(torch.equal(first, second)),
            dtype=str(first.dtype).removeprefix("torch."),
            low=min(low, restorer.low),
            high=max(high, restorer.high),
        )

    return run


def _restore() -> Run[Restoration]:
    """Restore what is handed over: to be scored, to be timed, the worker does not know."""

    def run(desk: Desk, exchange: Exchange) -> Restoration:
        restorer = Restorer(desk)
        exchange.serve(restorer)
        return restorer.told()

    return run


def _profile() -> Run[Studied]:
    from harness.worker import variants

    torch.manual_seed(0)  # a network without a checkpoint is the same one in every process

    def run(desk: Desk, exchange: Exchange) -> Studied:
        study = desk.job.study
        network = variants.changed(desk.loaded.network, study.variant, desk.device)
        desk.loaded = replace(desk.loaded, network=network)
        restorer = Restorer(desk)
        exchange.serve(restorer)
        if not study.repeats or restorer.first is None:
            return Studied(restorer.told())
        each = iter([desk.on_device(restorer.first) for _ in range(study.repeats)])
        found = desk.device.operators(lambda: network(next(each)), study.repeats)
        return Studied(restorer.told(), found)

    return run


PASSES: dict[PassName, Callable[[], Run[Any]]] = {
    "inspect": _inspect,
    "restore": _restore,
    "probe": _probe,
    "profile": _profile,
}
