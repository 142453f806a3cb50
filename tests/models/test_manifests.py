"""The manifests under `submissions/` name the networks of `models/` as they were published."""

import hashlib
from pathlib import Path

import pytest
import torch

from harness.entries.manifest import read_manifest
from harness.worker.loading import load
from tests.support.architectures import ARCHITECTURES
from tests.support.goldens import layout, read_layouts
from tests.support.places import SUBMISSIONS

NAMED = {
    "imdn": "imdn_2022_x4",
    "rfdn": "rfdn_2023_x4",
    "rlfn": "rlfn_2024_x4",
    "efdn": "efdn_2025_x4",
    "span": "span_2026_x4",
    "lgvan": "lgvan_x4",
} | {
    f"{slug}_x{scale}": f"{name}_x{scale}"
    for slug, name in (
        ("dlgsanet_tiny", "dlgsanet_tiny"),
        ("dlgsanet_light", "dlgsanet_light"),
        ("dlgsanet_large", "dlgsanet_large"),
        ("dlsn", "dlsn"),
        ("esc", "esc_base"),
        ("esc_light", "esc_light"),
        ("esc_fp", "esc_fp"),
    )
    for scale in (2, 3, 4)
}


@pytest.mark.parametrize(("slug", "name"), NAMED.items(), ids=NAMED.keys())
def test_manifest_builds_the_published_network(slug: str, name: str) -> None:
    manifest = read_manifest(SUBMISSIONS / slug)
    loaded = load(manifest, SUBMISSIONS / slug, torch.device("meta"))
    architecture = ARCHITECTURES[name]
    assert layout(loaded.network.module) == read_layouts()[name]
    assert loaded.network.scale == architecture.scale
    assert manifest.model.data_range == architecture.data_range


@pytest.mark.parametrize(
    ("slug", "name"),
    [(slug, name) for slug, name in NAMED.items() if ARCHITECTURES[name].checkpoint],
)
def test_manifest_names_the_published_checkpoint(slug: str, name: str, shared: Path) -> None:
    weights, checkpoint = read_manifest(SUBMISSIONS / slug).weights, ARCHITECTURES[name].checkpoint
    assert weights is not None and weights.url is not None and checkpoint is not None
    content = (shared / "weights" / checkpoint.file).read_bytes()
    assert weights.sha256 == hashlib.sha256(content).hexdigest()
    assert weights.licence == "MIT"
    assert weights.url.endswith(f"/main/model_zoo/{weights.path}")
