"""From a manifest to a network that restores images.

native     a manifest's network: its file imported, its factory called
programs   TorchScript archives, torch.export programs, ONNX graphs
official   an official entry's network: `select_model` called for its id
hosting    CUDA and checkpoints as code of another machine expects them
weights    checkpoints read without running code from them, unwrapped, put into a network
network    a network as it is called: padding, tiles, self-ensemble, what an output must be
faults     an exception of an entry's code as one sentence
standins/  small stand-ins for absent packages: einops (axes), timm, basicsr (layers), scan
"""

from pathlib import Path

import torch

from harness.records import Manifest
from harness.worker.loading import native, official, programs
from harness.worker.loading.network import Loaded, Network, forward
from harness.worker.loading.programs import Program

__all__ = ["Loaded", "Network", "Program", "forward", "load"]


def load(manifest: Manifest, folder: Path, device: torch.device) -> Loaded:
    """Build the network of `manifest`, whose files lie in `folder`, on `device`.

    It is in eval mode with gradients off. Raises LoadingError.
    """
    loader = native.load
    if manifest.official:
        loader = official.load
    elif manifest.model.format != "python":
        loader = programs.load
    return loader(manifest, folder, device)
