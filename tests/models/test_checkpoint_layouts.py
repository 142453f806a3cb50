"""Checkpoints: the same keys in the same order, shapes and dtypes as the published ones."""

import json
from pathlib import Path

import pytest
import torch

from harness.records import WeightsTable
from harness.worker.loading.checkpoints import read
from tests.support.architectures import ARCHITECTURES, Architecture, Checkpoint
from tests.support.goldens import as_layout, layout, read_layouts

EVERY = pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=lambda a: a.name)
LAYOUTS = read_layouts()


@EVERY
def test_state_dict_has_the_published_layout(architecture: Architecture) -> None:
    with torch.device("meta"):  # shapes alone: no time is spent on drawing weights
        network = architecture.build()
    assert layout(network) == LAYOUTS[architecture.name]


@EVERY
def test_committed_layout_is_the_official_one(architecture: Architecture, shared: Path) -> None:
    spec = json.loads((shared / "goldens/spec" / f"{architecture.name}.json").read_text())
    assert LAYOUTS[architecture.name] == as_layout(spec["entries"])


@pytest.mark.parametrize(
    ("architecture", "checkpoint"),
    [(a, a.checkpoint) for a in ARCHITECTURES.values() if a.checkpoint],
    ids=lambda value: getattr(value, "name", ""),
)
def test_published_checkpoint_loads_strictly(
    architecture: Architecture, checkpoint: Checkpoint, shared: Path
) -> None:
    file = shared / "weights" / checkpoint.file
    state, *_ = read(file, WeightsTable(path=checkpoint.file))
    network = architecture.build()
    network.load_state_dict(state, strict=True)
    assert layout(network) == [
        (key, tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for key, value in state.items()
    ]
