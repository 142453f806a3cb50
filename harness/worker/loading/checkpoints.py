"""Checkpoints: read without running code from them, or told what they are instead; unwrapped."""

import hashlib
import importlib
import pickle
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from harness.errors import LoadingError
from harness.records import WeightsTable
from harness.worker.loading.signatures import is_safetensors, refuse_other

# entries of a checkpoint that hold the network, in order of preference
_WRAPPERS = (
    *("params_ema", "params", "state_dict", "model_state_dict", "model", "net", "net_g"),
    "generator",
)
_REFUSED = re.compile(r"GLOBAL (\S+)")
_SAVE_AGAIN = "save it again as torch.save(network.state_dict(), ...)"


def read(file: Path, table: WeightsTable) -> tuple[dict[str, Tensor], tuple[str, ...], str]:
    """Return the state dict of `file`, on the CPU, and the names in it of what is no tensor.

    The last one says which of several networks in it was taken, where nobody named one. Raises
    LoadingError.
    """
    refuse_other(file, table.path)
    _check_digest(file, table)
    content = _content(file, table.path)
    chosen = ""
    if table.key:
        state, name = _entry(content, table.key, table), f"{table.key!r} of {table.path}"
    else:
        (state, chosen), name = _unwrapped(content), table.path
    if not isinstance(state, Mapping) or not _has_tensors(state):
        raise LoadingError(_no_state(content, state, name))
    tensors = {str(key): value for key, value in state.items() if isinstance(value, Tensor)}
    return tensors, tuple(str(key) for key in state if str(key) not in tensors), chosen


def contents(file: Path, name: str) -> Any:
    """Return what the checkpoint `file` holds, on the CPU; no code of it is run.

    Raises LoadingError, which says what else it is.
    """
    refuse_other(file, name)
    return _content(file, name)


def unpickled(read: Callable[[], Any], name: str, cure: str = _SAVE_AGAIN) -> Any:
    """Call `read` for the checkpoint `name`. Raises LoadingError for whatever it raises.

    `cure` is what to do where the file would run code. Tensors of torchao's are let in once that
    says which of its kinds are safe.
    """
    try:
        try:
            return read()
        except pickle.UnpicklingError as error:
            if not _of_torchao(error, name):
                raise
            return read()
    except LoadingError:
        raise
    except pickle.UnpicklingError as error:
        refused = _REFUSED.search(str(error))
        if not refused and "nsupported" not in str(error):
            raise LoadingError(f"{name} is not a checkpoint that torch can read") from error
        what = f" of {refused[1]}" if refused else ""
        raise LoadingError(
            f"{name} needs arbitrary unpickling{what}, which can run code, and is refused; {cure}"
        ) from error
    except Exception as error:
        raise LoadingError(
            f"{name} is not a checkpoint that torch can read ({type(error).__name__}); "
            "is the file complete?"
        ) from error


def _of_torchao(error: pickle.UnpicklingError, name: str) -> bool:
    """Import torchao where one of its kinds was refused: so it registers those that are safe."""
    refused = _REFUSED.search(str(error))
    if not refused or not refused[1].startswith("torchao."):
        return False
    try:
        importlib.import_module("torchao.quantization")
    except ImportError:
        raise LoadingError(
            f"{name} holds tensors of torchao, which is not installed; "
            'install it: pip install "esr-harness[torchao]"'
        ) from error
    return True


def places_of(file: Path, name: str, wanted: Collection[str]) -> list[str]:
    """Return the values of weights.key under which a checkpoint has all keys that are `wanted`."""
    names = set(_dotted(_content(file, name)))
    first = next(iter(wanted), "")
    places = [one.removesuffix(f".{first}") for one in names if one.endswith(f".{first}")]
    return sorted(place for place in places if all(f"{place}.{key}" in names for key in wanted))


def some(items: Any, limit: int = 5) -> str:
    """Join the first few items, and say how many more there are."""
    listed = list(items)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more


def _content(file: Path, name: str) -> Any:
    if is_safetensors(file):
        return unpickled(lambda: safetensors.torch.load_file(file, device="cpu"), name)
    return unpickled(lambda: torch.load(file, map_location="cpu", weights_only=True), name)


def _entry(content: Any, key: str, table: WeightsTable) -> Any:
    """Follow a key that may be dotted: an entry of an entry, or a prefix of keys.

    Raises LoadingError where there is none.
    """
    found = _followed(content, key)
    if found is None:
        listed = some(map(str, content)) if isinstance(content, Mapping) else "no keys"
        raise LoadingError(
            f"{table.path} has no entry {table.key!r} (weights.key); it has {listed}"
        )
    return found


def _followed(content: Any, key: str) -> Any:
    if not isinstance(content, Mapping):
        return None
    if key in content:
        return content[key]
    for place in (index for index, letter in enumerate(key) if letter == "."):
        inner = _followed(content.get(key[:place]), key[place + 1 :])
        if inner is not None:
            return inner
    below = {k: v for k, v in content.items() if isinstance(k, str) and k.startswith(f"{key}.")}
    return {k.removeprefix(f"{key}."): v for k, v in below.items()} or None


def _unwrapped(content: Any) -> tuple[Any, str]:
    """Return the state dict that a checkpoint holds under one of the usual names, or alone.

    And which was taken, where several of the usual names stand there.
    """
    chosen = ""
    while isinstance(content, Mapping):
        usual = [key for key in _WRAPPERS if isinstance(content.get(key), Mapping)]
        inner = [content[key] for key in usual]
        if len(usual) > 1:
            chosen = f"{usual[0]!r} is taken of {', '.join(usual)}; weights.key names another"
        if not inner and not _has_tensors(content):
            states = [value for value in content.values() if isinstance(value, Mapping)]
            inner = [state for state in states if _has_tensors(state)]
            inner = inner if len(inner) == 1 else []
        if not inner:
            break
        content = inner[0]
    return content, chosen


def _dotted(content: Any, name: str = "") -> Iterator[str]:
    """Yield the names of all tensors in a checkpoint, those of its entries before them."""
    if isinstance(content, Tensor):
        yield name
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield from _dotted(value, f"{name}.{key}" if name else str(key))


def _no_state(content: Any, state: Any, name: str) -> str:
    """Say what is there where a state dict is wanted, and which entries hold tensors."""
    what = f"{name} holds {type(state).__name__}"
    if isinstance(state, Mapping):
        what += f" with the keys {some(map(str, state))}" if state else " without a key"
    holders = {one.rpartition(".")[0] for one in _dotted(content)}
    cure = "name the right entry in weights.key"
    cure += f", such as {some(map(repr, sorted(holders - {''})))}" if holders - {""} else ""
    return f"{what} where a state dict is wanted; {cure}"


def _has_tensors(content: Mapping[Any, Any]) -> bool:
    return any(isinstance(value, Tensor) for value in content.values())


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
