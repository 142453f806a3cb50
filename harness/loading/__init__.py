"""From a manifest to a network that restores images."""

from pathlib import Path

import torch

from harness.loading import native, official
from harness.loading.network import Loaded, Network, forward
from harness.records import Manifest

__all__ = ["Loaded", "Network", "forward", "load"]


def load(manifest: Manifest, folder: Path, device: torch.device) -> Loaded:
    """Build the network of `manifest`, whose files lie in `folder`, on `device`.

    It is in eval mode with gradients off. Raises LoadingError.
    """
    loader = official.load if manifest.official else native.load
    return loader(manifest, folder, device)
