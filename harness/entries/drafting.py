"""A manifest drafted from a model file and its checkpoint: what `init` writes.

Nothing of the file is executed: the factory and its arguments are read from the syntax tree, the
scale and the number of channels from the shapes in the checkpoint.
"""

import ast
import difflib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.entries.manifest import MANIFEST
from harness.errors import InputError
from harness.store import files
from harness.worker.loading import checkpoints

_WRAPPERS = ("params_ema", "params", "state_dict", "model")  # as loading prefers them
_SCALES = ("scale", "upscale", "upscale_factor", "scale_factor", "upsampling", "sr_rate")
_CHANNELS = ("num_feat", "num_feats", "n_feats", "nf", "feature_channels", "channels", "embed_dim")


@dataclass(frozen=True)
class Factory:
    """A class of a model file that may build the network."""

    name: str
    arguments: dict[str, str | None]  # name -> its default as it is written; None: it needs one


@dataclass(frozen=True)
class Draft:
    """What a manifest says; `arguments` are those of the factory that are not as by default."""

    factory: Factory
    arguments: dict[str, Any]
    scale: int
    key: str | None  # of a wrapped checkpoint

    @property
    def lacking(self) -> list[str]:
        """Return the arguments that the factory needs and nobody gave."""
        wanted = (name for name, default in self.factory.arguments.items() if default is None)
        return [name for name in wanted if name not in self.arguments]


def factories(file: Path) -> list[Factory]:
    """Return the classes that may build the network, the likeliest first. Raises InputError.

    Classes that nothing else in the file uses come first, of those the last.
    """
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    except SyntaxError as error:
        raise InputError(f"{file}, line {error.lineno} is not valid Python: {error.msg}") from None
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    networks = [node for node in classes if _method(node, "forward")]
    if not networks:
        raise InputError(f"{file} defines no class with a forward; name the network's own file")
    used = {name for node in tree.body for name in _names(node)}
    networks.sort(key=lambda node: (node.name in used, -node.lineno))
    return [Factory(node.name, dict(_arguments(node))) for node in networks]


def draft(factory: Factory, checkpoint: Path, given: Mapping[str, Any], scale: int | None) -> Draft:
    """Take what is given, and the rest from the shapes in the checkpoint. Raises LoadingError."""
    key, state = _state(checkpoint)
    images = [v for v in state.values() if isinstance(v, torch.Tensor) and v.ndim == 4]
    scale = scale or _scale(images) or 4
    guessed: dict[str, Any] = dict.fromkeys(_SCALES, scale)
    widths = [int(v.shape[0]) for v in images if v.shape[1] == 3]
    if widths:
        guessed |= dict.fromkeys(_CHANNELS, widths[0])
    told = {
        name: guessed[name]
        for name, default in factory.arguments.items()
        if name in guessed and default != str(guessed[name])
    }
    return Draft(factory, told | dict(given), scale, key)


def given(texts: Sequence[str], factory: Factory) -> dict[str, Any]:
    """Read `name=value`, values as Python writes them. Raises InputError."""
    found: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in factory.arguments:
            near = difflib.get_close_matches(name, factory.arguments, n=1)
            known = ", ".join(factory.arguments) or "none"
            advice = f"did you mean {near[0]}=?" if near else f"it takes {known}"
            raise InputError(f"{factory.name} takes no argument {name!r}; {advice}")
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


def write(made: Draft, model: Path, checkpoint: Path, folder: Path) -> Path:
    """Write the manifest to `folder`; return it. Raises InputError."""
    file = folder / MANIFEST
    if file.exists():
        raise InputError(f"{file} is there already; edit it, or remove it first")
    if made.lacking:
        asked = " ".join(f"{name}=VALUE" for name in made.lacking)
        raise InputError(f"{made.factory.name} needs more; add --arguments {asked}")
    values = ", ".join(f"{name} = {_toml(value)}" for name, value in made.arguments.items())
    lines = [
        f"name = {_toml(folder.resolve().name)}",
        "",
        "[model]",
        f"file = {_toml(os.path.relpath(model, folder))}",
        f"factory = {_toml(made.factory.name)}",
        *([f"arguments = {{ {values} }}"] if values else []),
        "data_range = 1.0",
        f"scale = {made.scale}",
        "",
        "[weights]",
        f"path = {_toml(os.path.relpath(checkpoint, folder))}",
        *([f"key = {_toml(made.key)}"] if made.key else []),
    ]
    files.write_text(file, "\n".join(lines) + "\n")
    return file


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _state(checkpoint: Path) -> tuple[str | None, Mapping[str, Any]]:
    """Return the entry of a wrapped checkpoint that holds the weights, and them."""
    if not checkpoint.is_file():
        raise InputError(f"{checkpoint} is not a file; name the checkpoint")
    content = checkpoints.contents(checkpoint, checkpoint.name)
    if not isinstance(content, Mapping):
        raise InputError(f"{checkpoint} holds {type(content).__name__}, no state dict")
    key = next((key for key in _WRAPPERS if isinstance(content.get(key), Mapping)), None)
    return key, content[key] if key else content


def _scale(images: Sequence[torch.Tensor]) -> int | None:
    """Return the scale of a pixel shuffle that the last convolution feeds, 3 x scale^2 channels."""
    if not images:
        return None
    scale = math.isqrt(images[-1].shape[0] // 3)
    return scale if scale > 1 and 3 * scale**2 == images[-1].shape[0] else None


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    methods = (one for one in node.body if isinstance(one, ast.FunctionDef))
    return next((one for one in methods if one.name == name), None)


def _names(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement uses, that of a class itself left out."""
    own = node.name if isinstance(node, ast.ClassDef) else ""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id != own:
            yield one.id


def _arguments(node: ast.ClassDef) -> Iterator[tuple[str, str | None]]:
    init = _method(node, "__init__")
    if init is None:
        return
    names = [*init.args.posonlyargs, *init.args.args][1:]
    absent: list[ast.expr | None] = [None] * (len(names) - len(init.args.defaults))
    pairs = [*zip(names, absent + list(init.args.defaults), strict=True)]
    for argument, default in (
        *pairs,
        *zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True),
    ):
        yield argument.arg, ast.unparse(default) if default else None
