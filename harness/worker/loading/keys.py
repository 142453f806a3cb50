"""Which key of a checkpoint is which of a network's, whatever it was saved through. Pure."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import takewhile

# What wraps a network, or is its name in the object that a training script saves.
_PREFIXES = ("_orig_mod", "module", "model", "net", "net_g", "generator")
_WRAPPERS = {"_orig_mod", "module"}  # of torch.compile and DataParallel; around parts as well
_COUNTS = {"n_averaged", "total_ops", "total_params"}  # of averaged models and of thop
_TRAINING = re.compile(
    r"(^|_)(loss|losses|criterion|cri|optim|optimizers?|scheduler|discriminator|perceptual|vgg|lpips"
    r"|metrics?)(_|$)|^net_?d$|^(model_)?ema$",
    re.IGNORECASE,
)
_SIZED = re.compile(r"^(attn_mask|relative_position_index|relative_coords_table)(_\w+)?$")


@dataclass(frozen=True)
class Fit:
    """Keys of a checkpoint and those of the network that they are."""

    names: dict[str, str]  # of the checkpoint -> of the network
    stripped: tuple[str, ...] = ()  # what was taken off, such as `module.`


def fit(keys: Collection[str], wanted: Collection[str]) -> Fit:
    """Match the keys of a checkpoint to those that a network wants.

    Prefixes of wrappers are taken off, nested and in any order, where that makes more keys fit;
    the fewer the better. Those of torch.compile and DataParallel may stand inside a key, on either
    side.
    """
    best = Fit({key: key for key in keys if key in wanted})
    plain = {_unwrapped(key): key for key in wanted}
    for prefix in _prefixes(keys):
        found = {key: key.removeprefix(prefix) for key in keys}
        direct = {key: name for key, name in found.items() if name in wanted}
        through = {key: _unwrapped(name) for key, name in found.items()}
        through = {key: plain[name] for key, name in through.items() if name in plain}
        for names in (direct, through):
            if len(set(names.values())) > len(set(best.names.values())):
                best = Fit(names, tuple(_taken_off(names)))
    return best


def foreign(key: str) -> bool:
    """Tell whether a key that the network lacks is by convention not the network's.

    Counts of averaging and of thop, what belongs to the training (losses, optimisers, a
    discriminator), and buffers that depend on the image's size.
    """
    parts = key.split(".")
    first = next((part for part in parts if part not in _PREFIXES), "")
    return parts[-1] in _COUNTS or sized(key) or _TRAINING.search(first) is not None


def sized(key: str) -> bool:
    """Tell whether a key names what window attention works out from the size of the image."""
    return _SIZED.match(key.rpartition(".")[2]) is not None


def _prefixes(keys: Collection[str]) -> list[str]:
    """List all that could be taken off the front of some key, from nothing to the longest."""
    found = {""}
    for key in keys:
        parts = list(takewhile(_PREFIXES.__contains__, key.split(".")[:-1]))
        found |= {".".join(parts[:count]) + "." for count in range(1, len(parts) + 1)}
    return sorted(found, key=lambda prefix: (prefix.count("."), prefix))


def _unwrapped(key: str) -> str:
    return ".".join(part for part in key.split(".") if part not in _WRAPPERS)


def _taken_off(names: dict[str, str]) -> Iterator[str]:
    """Yield once each what keys lost on their way."""
    seen = set()
    for key, name in names.items():
        left = name.split(".")
        for part in key.split("."):
            if part in left:
                left.remove(part)
            elif part not in seen:
                seen.add(part)
                yield f"{part}."
