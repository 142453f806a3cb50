"""An official entry's network: the `select_model` of its repository, called for its id.

The function is lifted out of its file by its syntax tree, so that what the file imports is
not needed. The repository, a copy, is the first place of imports: its `models` is what the branch
gets.
"""

import ast
import os
import sys
from dataclasses import replace
from importlib.util import decode_source
from pathlib import Path
from typing import Any

import torch

from harness.errors import LoadingError
from harness.records import Manifest, OfficialTable
from harness.worker.loading.faults import guarded
from harness.worker.loading.hosting import Visit, hosted
from harness.worker.loading.modules import OwnModules
from harness.worker.loading.network import Loaded, Network, ready
from harness.worker.loading.standins import StandIns
from harness.worker.loading.weights import Mismatch
from harness.worker.select_model import FUNCTION, function, with_arguments


def load(manifest: Manifest, folder: Path, device: torch.device, *, twin: bool = False) -> Loaded:
    """Build the network of an official entry, whose files lie in `folder`, on `device`.

    Its twin for the counters where that is asked for, or where its operator is not here. It is in
    eval mode with gradients off. Raises LoadingError.
    """
    table = manifest.official
    assert table is not None
    folder = folder.resolve()
    sys.meta_path.insert(0, OwnModules(folder, (folder,), "models"))
    stand_ins = StandIns(manifest.stand_ins, folder)
    sys.meta_path.append(stand_ins)
    network, visit = _network(manifest, table, folder, device, plain=twin)
    operator_missing = table.operator in stand_ins.served
    if operator_missing and manifest.complexity and not twin:
        network, visit = _network(manifest, table, folder, device, plain=True)
    return Loaded(
        network,
        complete=not visit.absent,
        mismatch=visit.mismatches.get(id(network.module), Mismatch()),
        stand_ins=tuple(sorted(stand_ins.served)),
        operator_missing=operator_missing,
    )


def _network(
    manifest: Manifest,
    table: OfficialTable,
    folder: Path,
    device: torch.device,
    plain: bool = False,
) -> tuple[Network, Visit]:
    """Call `select_model`; `plain` with the arguments of the twin for the counters."""
    file = folder / manifest.model.file
    tree = function(decode_source(file.read_bytes()))
    if plain and manifest.complexity:
        tree = with_arguments(tree, manifest.complexity.factory, manifest.complexity.arguments)
    scope: dict[str, Any] = {"os": os, "torch": torch, "__file__": str(file), "__name__": file.stem}
    code = compile(ast.Module([tree], []), str(file), "exec")
    asked = _Asked(table.model_id)
    doing = f"{FUNCTION} for id {table.model_id}"
    with hosted(device) as visit:
        guarded(lambda: exec(code, scope), doing)
        given = guarded(lambda: _called(scope[FUNCTION], asked, device), doing)
        module, data_range, tile = _answer(given, doing)
        module = ready(module, device)
    if data_range != manifest.model.data_range:
        raise LoadingError(
            f"{doing} returned data_range {data_range}, its text says {manifest.model.data_range}; "
            "give it as one number in the branch"
        )
    return Network.of(module, replace(manifest.model, tile=tile)), visit


class _Asked(int):
    """An id, as `select_model` is given it: the number itself, or `model_id` of arguments."""

    @property
    def model_id(self) -> int:
        return int(self)


def _called(select: Any, asked: _Asked, device: torch.device) -> Any:
    """Call `select_model`. Says which file is absent where one of `models` is."""
    try:
        return select(asked, device)
    except ModuleNotFoundError as error:
        name = error.name or ""
        if name.partition(".")[0] != "models":
            raise
        raise LoadingError(
            f"the repository has no {name.replace('.', '/')}.py, which id {asked} needs"
        ) from error


def _answer(given: Any, doing: str) -> tuple[torch.nn.Module, float, int | None]:
    """Take apart what `select_model` returned: network, name, data_range and, later, tile."""
    if not isinstance(given, tuple) or len(given) < 3:
        raise LoadingError(f"{doing} returned no network with its name and data_range")
    module, _, data_range, *more = given
    if not isinstance(module, torch.nn.Module):
        raise LoadingError(f"{doing} returned {type(module).__name__} where a network is wanted")
    return module, float(data_range), more[0] if more else None
