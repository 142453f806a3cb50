"""A network that a method of its own folds after loading."""

from dataclasses import replace

import pytest
import torch

from harness.entries.manifest import read_manifest
from harness.errors import LoadingError
from harness.worker.loading import load
from tests.support.places import SUBMISSIONS

FOLDER = SUBMISSIONS / "demo_small_deploy"
CPU = torch.device("cpu")


def manifest(**model):
    read = read_manifest(FOLDER)
    return replace(read, model=replace(read.model, **model))


def test_a_folded_network_restores_what_it_restored_before():
    lr = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(0))
    unfolded, folded = load(manifest(deploy=""), FOLDER, CPU), load(manifest(), FOLDER, CPU)
    assert unfolded.params is None
    assert folded.params == sum(p.numel() for p in unfolded.network.module.parameters())
    assert sum(p.numel() for p in folded.network.module.parameters()) < folded.params
    torch.testing.assert_close(folded.network(lr), unfolded.network(lr))


def test_a_method_that_it_lacks_is_named():
    with pytest.raises(LoadingError, match=r"has no method 'fold'; correct model\.deploy"):
        load(manifest(deploy="fold"), FOLDER, CPU)


def test_what_the_method_raises_is_the_entry_s():
    with pytest.raises(LoadingError, match=r"forward\(\) raised TypeError"):
        load(manifest(deploy="forward"), FOLDER, CPU)
