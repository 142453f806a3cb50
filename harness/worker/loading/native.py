"""A manifest's network: its file imported by path, its factory called, its checkpoint loaded."""

import sys
from pathlib import Path
from typing import Any

import torch

from harness.errors import LoadingError
from harness.records import Manifest, WeightsTable
from harness.worker.loading.faults import guarded
from harness.worker.loading.hosting import hosted
from harness.worker.loading.modules import load_file
from harness.worker.loading.network import Loaded, Network, ready
from harness.worker.loading.standins import StandIns
from harness.worker.loading.weights import Mismatch, load_into


def load(manifest: Manifest, folder: Path, device: torch.device, *, twin: bool = False) -> Loaded:
    """Build the network of `manifest`, whose files lie in `folder`, on `device`.

    Or, in its place, its twin for the counters. It is in eval mode with gradients off. Raises
    LoadingError.
    """
    file, private = manifest.model.file, folder.parent.resolve()
    stand_ins = StandIns(manifest.stand_ins, private)
    sys.meta_path.append(stand_ins)
    place, root = ((folder / path).resolve() for path in (file, manifest.model.root))
    with hosted(device):
        source = guarded(lambda: load_file(place, root, private), f"importing {place.name}")
        table = manifest.complexity if twin and manifest.complexity else manifest.model
        module = _build(source, table.factory, table.arguments, file)
    checkpoint = folder / manifest.weights.path if manifest.weights else None
    needs_weights = next(module.parameters(), None) is not None
    mismatch = Mismatch()
    if manifest.weights and checkpoint and checkpoint.is_file():
        whose = table.factory if twin else ""
        mismatch = _with_weights(module, checkpoint, manifest.weights, whose)
        complete = True
    else:
        complete = not needs_weights

    params = _params(module) if manifest.model.deploy else None
    _deploy(module, manifest.model.deploy)
    dtype = getattr(torch, manifest.model.dtype)
    network = Network.of(ready(module, device, dtype), manifest.model)
    lent = tuple(sorted(stand_ins.served))
    return Loaded(network, complete, mismatch, lent, params=params)


def _build(source: Any, factory: str, arguments: dict[str, Any], file: str) -> torch.nn.Module:
    if not hasattr(source, factory):
        raise LoadingError(f"{file} defines no {factory!r}; correct the factory in the manifest")
    given = {name: _options(value) for name, value in arguments.items()}
    module = guarded(lambda: getattr(source, factory)(**given), f"{factory}(...)")
    if not isinstance(module, torch.nn.Module):
        raise LoadingError(
            f"{factory}(...) returned {type(module).__name__}; it must return a torch.nn.Module"
        )
    return module


def _params(module: torch.nn.Module) -> int:
    from harness.worker.complexity import count_parameters  # which only counting passes need

    return count_parameters(module)


def _deploy(module: torch.nn.Module, method: str) -> None:
    """Let a network fold itself into the form that is measured, where the manifest says how."""
    if not method:
        return
    if not callable(getattr(module, method, None)):
        raise LoadingError(f"the network has no method {method!r}; correct model.deploy")
    with torch.no_grad():
        guarded(getattr(module, method), f"{method}()")


class Options(dict[str, Any]):
    """A table of arguments, whose keys are attributes too, as those that argparse gives."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{name!r} is not among model.arguments") from None


def _options(value: Any) -> Any:
    if isinstance(value, dict):
        return Options({name: _options(inner) for name, inner in value.items()})
    return [_options(inner) for inner in value] if isinstance(value, list) else value


def _with_weights(
    module: torch.nn.Module, checkpoint: Path, table: WeightsTable, twin: str
) -> Mismatch:
    """Load the checkpoint into the network, or into the twin that a factory of that name made."""
    try:
        return load_into(module, checkpoint, table)
    except LoadingError as error:
        if not twin:
            raise
        text = f"the twin {twin} (complexity.factory) does not take the network's weights: {error}"
        raise LoadingError(text) from error
