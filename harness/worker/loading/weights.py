"""Checkpoints: read without running code from them, unwrap, and load into a network."""

import hashlib
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from harness.errors import LoadingError
from harness.records import WeightsTable

_WRAPPERS = ("params_ema", "params", "state_dict", "model")  # in order of preference
_PREFIX = "module."  # left behind by torch.nn.DataParallel


@dataclass(frozen=True)
class Mismatch:
    """Keys that the network wants and the checkpoint lacks, and the other way round."""

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()


def load_into(network: torch.nn.Module, file: Path, table: WeightsTable) -> Mismatch:
    """Load the checkpoint `file` into `network`. Raises LoadingError."""
    state = read(file, table)
    wanted = network.state_dict()
    shapes = [
        f"{key} is {list(state[key].shape)} in the checkpoint and {list(wanted[key].shape)} here"
        for key in wanted.keys() & state.keys()
        if state[key].shape != wanted[key].shape
    ]
    if shapes:
        raise LoadingError(
            f"{table.path} does not fit the network: {_some(sorted(shapes))}; "
            "check model.arguments and weights.key"
        )
    result = network.load_state_dict(state, strict=False)
    mismatch = Mismatch(tuple(result.missing_keys), tuple(result.unexpected_keys))
    if table.strict and (mismatch.missing or mismatch.unexpected):
        parts = [
            f"{len(keys)} {label} ({_some(keys)})"
            for label, keys in (
                ("missing keys", mismatch.missing),
                ("unexpected keys", mismatch.unexpected),
            )
            if keys
        ]
        raise LoadingError(
            f"{table.path} does not fit the network: {' and '.join(parts)}; "
            "fix weights.key or the network, or set weights.strict = false"
        )
    return mismatch


def read(file: Path, table: WeightsTable) -> dict[str, torch.Tensor]:
    """Read the state dict of `file` onto the CPU. Raises LoadingError."""
    _check_digest(file, table)
    content = _content(file, table.path)
    state = _selected(content, table) if table.key else _unwrapped(content, table.path)
    if all(key.startswith(_PREFIX) for key in state):
        state = {key.removeprefix(_PREFIX): value for key, value in state.items()}
    return state


def _content(file: Path, name: str) -> Any:
    if file.suffix == ".safetensors":
        return unpickled(lambda: safetensors.torch.load_file(file, device="cpu"), name)
    return unpickled(lambda: torch.load(file, map_location="cpu", weights_only=True), name)


def unpickled(read: Callable[[], Any], name: str) -> Any:
    """Call `read` for the checkpoint `name`. Raises LoadingError for whatever it raises."""
    try:
        return read()
    except pickle.UnpicklingError as error:
        if "nsupported" not in str(error) and "GLOBAL" not in str(error):
            raise LoadingError(f"{name} is not a checkpoint that torch can read") from error
        raise LoadingError(
            f"{name} needs arbitrary unpickling, which can run code, and is refused; "
            "save it again as torch.save(network.state_dict(), ...)"
        ) from error
    except Exception as error:
        raise LoadingError(
            f"{name} is not a checkpoint that torch can read ({type(error).__name__}); "
            "is the file complete?"
        ) from error


def _selected(content: Any, table: WeightsTable) -> dict[str, torch.Tensor]:
    if not isinstance(content, Mapping) or table.key not in content:
        keys = _some(map(str, content)) if isinstance(content, Mapping) else "no keys"
        raise LoadingError(f"{table.path} has no entry {table.key!r} (weights.key); it has {keys}")
    return _state(content[table.key], f"{table.key!r} of {table.path}")


def _unwrapped(content: Any, name: str) -> dict[str, torch.Tensor]:
    while isinstance(content, Mapping) and not _is_state(content):
        inner = next((content[key] for key in _WRAPPERS if key in content), None)
        if inner is None:
            break
        content = inner
    return _state(content, name)


def _state(content: Any, name: str) -> dict[str, torch.Tensor]:
    if not isinstance(content, Mapping) or not _is_state(content):
        keys = f"with the keys {_some(map(str, content))}" if isinstance(content, Mapping) else ""
        raise LoadingError(
            f"{name} holds {type(content).__name__} {keys} where a state dict is wanted; "
            "name the right entry in weights.key"
        )
    return dict(content)


def _is_state(content: Mapping[Any, Any]) -> bool:
    return bool(content) and all(isinstance(value, torch.Tensor) for value in content.values())


def _check_digest(file: Path, table: WeightsTable) -> None:
    if table.sha256 is None:
        return
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != table.sha256.lower():
        raise LoadingError(
            f"{table.path} has sha256 {found}, the manifest says {table.sha256}; "
            "fetch it again or correct weights.sha256"
        )


def _some(items: Any, limit: int = 5) -> str:
    """Join the first few items, and say how many more there are."""
    listed = list(items)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more
