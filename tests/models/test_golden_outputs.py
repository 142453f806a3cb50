"""The same function as the official implementations, weight for weight and pixel for pixel."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.records import WeightsTable
from harness.worker.loading.checkpoints import read
from tests.support.architectures import ARCHITECTURES, Architecture, Checkpoint
from tests.support.goldens import (
    GOLDENS,
    OUTPUTS,
    Golden,
    load_rule_weights,
    read_layouts,
    restore,
    rule_weight,
)

Array = NDArray[np.float32]

EVERY = pytest.mark.parametrize(
    "golden",
    [
        pytest.param(
            golden, marks=[pytest.mark.heavy] if golden.architecture.large else [], id=name
        )
        for name, golden in GOLDENS.items()
    ],
)


@cache
def restored(name: str) -> Array:
    """Return what our network makes of a golden's input; both verdicts share one forward."""
    golden = GOLDENS[name]
    network = golden.architecture.build(**golden.arguments)
    load_rule_weights(network)
    return restore(network, golden.input())


@EVERY
def test_output_has_the_golden_fingerprint(golden: Golden) -> None:
    output = restored(golden.name)
    with np.load(OUTPUTS) as fingerprints:
        samples = fingerprints[f"{golden.name}.samples"]
        peak = fingerprints[f"{golden.name}.peak"]
    assert output.shape == golden.shape
    error = np.abs(output[golden.positions()] - samples).max()
    assert error <= golden.architecture.tolerance * peak


@EVERY
def test_output_is_the_golden_output(golden: Golden, shared: Path) -> None:
    with np.load(shared / "goldens/golden" / f"{golden.file}.npz") as file:
        np.testing.assert_array_equal(golden.input(), file["input"])
        expected = file[golden.array]
    error = np.abs(restored(golden.name) - expected).max()
    assert error <= golden.architecture.tolerance * np.abs(expected).max()


@pytest.mark.parametrize(
    ("architecture", "checkpoint"),
    [(a, a.checkpoint) for a in ARCHITECTURES.values() if a.checkpoint],
    ids=lambda value: getattr(value, "name", ""),
)
def test_output_with_published_weights(
    architecture: Architecture, checkpoint: Checkpoint, shared: Path
) -> None:
    network = architecture.build()
    table = WeightsTable(path=checkpoint.file)
    network.load_state_dict(read(shared / "weights" / checkpoint.file, table)[0])
    with np.load(shared / "goldens/golden" / f"{architecture.name}.npz") as file:
        image, expected = file["input"], file["output_real_weights"]
    error = np.abs(restore(network, image) - expected).max()
    assert error <= checkpoint.tolerance * np.abs(expected).max()


@pytest.mark.heavy
def test_weight_rule_is_the_official_one(shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("official", shared / "goldens/weights.py")
    assert spec is not None and spec.loader is not None
    official = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(official)
    entries = {(key, shape) for layout in read_layouts().values() for key, shape, _ in layout}
    for key, shape in sorted(entries):
        ours, theirs = rule_weight(key, shape), official.value(key, shape)
        assert (ours is None) == (theirs is None), key
        if ours is not None:
            np.testing.assert_array_equal(ours, theirs, err_msg=key)
