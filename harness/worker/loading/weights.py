"""A checkpoint loaded into a network, its keys matched to the network's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from harness.errors import LoadingError
from harness.records import WeightsTable
from harness.worker.loading import keys
from harness.worker.loading.checkpoints import places_of, read, some
from harness.worker.loading.faults import guarded


@dataclass(frozen=True)
class Mismatch:
    """Keys that the network wants and the checkpoint lacks, the other way round, and the rest."""

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    share: float = 1.0  # of the network's elements that came from the checkpoint
    stripped: tuple[str, ...] = ()  # prefixes that were taken off keys
    left_out: tuple[str, ...] = ()  # keys that are by convention not the network's
    elements: int = 0  # floating-point ones of the state that was read
    chosen: str = ""  # which of several networks in the checkpoint was taken


def load_into(network: nn.Module, file: Path, table: WeightsTable) -> Mismatch:
    """Load the checkpoint `file` into `network`. Raises LoadingError.

    A network's own `load_state_dict` is asked where its keys do not fit as they are.
    """
    found, aside, chosen = read(file, table)
    wanted = _state(network)
    fit = keys.fit(found, wanted)
    state = {name: found[key] for key, name in fit.names.items()}
    ours = _of_another_size(network, state)  # left as the network made them
    state = {name: value for name, value in state.items() if name not in ours}
    rest = [key for key in found if key not in fit.names]
    missing = [name for name in wanted if name not in state and not keys.sized(name)]
    own = type(network).load_state_dict is not nn.Module.load_state_dict
    if own and (missing or _misshapen(state, wanted)):
        missing = _loaded_by_itself(network, state | {key: found[key] for key in rest})
        rest = []
    else:
        missing = _loaded(network, state, wanted, table)
    mismatch = Mismatch(
        tuple(missing),
        tuple(key for key in rest if not keys.foreign(key)),
        share_loaded(wanted, missing),
        fit.stripped,
        (*aside, *(key for key in rest if keys.foreign(key)), *ours),
        sum(
            value.numel()
            for key, value in found.items()
            if value.is_floating_point() and not keys.foreign(key)
        ),
        chosen,
    )
    if fault := _fault(mismatch, table):
        places = places_of(file, table.path, wanted) if missing else []
        cure = f"; the network's keys stand under {some(map(repr, places))}, for weights.key"
        raise LoadingError(fault + (cure if places else ""))
    return mismatch


def _state(network: nn.Module) -> dict[str, Tensor]:
    state = guarded(network.state_dict, "its own state_dict")
    if not isinstance(state, Mapping):
        raise LoadingError(
            f"its own state_dict returned {type(state).__name__}; it must return tensors by name"
        )
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def share_loaded(wanted: Mapping[str, Tensor], missing: Collection[str]) -> float:
    """Return the share of the elements of a network's state that are not `missing`.

    What is worked out from the image's size, or counts batches, is no part of it.
    """
    sizes = {
        name: 0 if is_lazy(value) else value.numel()
        for name, value in wanted.items()
        if not keys.sized(name) and not name.endswith("num_batches_tracked")
    }
    total = sum(sizes.values())
    return 1 - sum(sizes.get(name, 0) for name in missing) / total if total else 1.0


def _of_another_size(network: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    buffers = dict(network.named_buffers())
    return sorted(
        name
        for name, value in state.items()
        if keys.sized(name) and name in buffers and value.shape != buffers[name].shape
    )


def _loaded(
    network: nn.Module, state: dict[str, Tensor], wanted: Mapping[str, Tensor], table: WeightsTable
) -> list[str]:
    """Load as torch does, hooks of the network's modules included; return the missing keys."""
    shapes = _misshapen(state, wanted)
    # quantised tensors of torchao take the place of plain ones, which they cannot be copied into
    assign = any(type(value) not in (Tensor, nn.Parameter) for value in state.values())
    try:
        result = guarded(
            lambda: nn.Module.load_state_dict(network, state, strict=False, assign=assign),
            f"loading {table.path}",
        )
    except LoadingError as error:
        if not shapes:
            raise
        raise LoadingError(
            f"{table.path} does not fit the network: {some(shapes)}; "
            "check model.arguments and weights.key"
        ) from error
    return [k for k in result.missing_keys if k in wanted and not keys.sized(k)]


def _loaded_by_itself(network: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """Let the network load a checkpoint; return the keys whose values stayed what they were."""
    before = {name: value.clone() for name, value in _state(network).items()}
    guarded(lambda: network.load_state_dict(state), "its own load_state_dict")

    def same(one: Tensor, other: Tensor | None) -> bool:
        return other is not None and one.shape == other.shape and bool(torch.equal(one, other))

    return [
        name
        for name, value in _state(network).items()
        if same(value, before.get(name)) and not same(value, state.get(name))
    ]


def _misshapen(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    return sorted(
        f"{key} is {list(value.shape)} in the checkpoint and {list(wanted[key].shape)} here"
        for key, value in state.items()
        if not is_lazy(wanted[key]) and value.shape != wanted[key].shape
    )


def _fault(mismatch: Mismatch, table: WeightsTable) -> str:
    """Say what is wrong where keys do not match, or none does."""
    nothing = mismatch.share == 0
    if not nothing and not (table.strict and (mismatch.missing or mismatch.unexpected)):
        return ""
    parts = [
        f"{len(names)} {label} ({some(names)})"
        for label, names in (
            ("missing keys", mismatch.missing),
            ("unexpected keys", mismatch.unexpected),
        )
        if names
    ]
    advice = "" if nothing else ", or set weights.strict = false"
    return (
        f"{table.path} does not fit the network{', not in a single key' if nothing else ''}: "
        f"{' and '.join(parts)}; fix weights.key or the network{advice}"
    )
