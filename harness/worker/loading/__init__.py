"""From a manifest to a network that restores images.

native       a manifest's network: its file imported, its factory called
modules      an entry's own modules, found after all that is installed
programs     TorchScript archives, torch.export programs, ONNX graphs
official     an official entry's network: `select_model` called for its id
hosting      CUDA and checkpoints as code of another machine expects them
checkpoints  read without running code from them; unwrapped
signatures   what a file is by its first bytes, where it should be a checkpoint
keys         which key of a checkpoint is which of a network's, whatever it was saved through
weights      a checkpoint loaded into a network, its keys matched
luma         a network of Y alone, its SR image completed by bicubic colour
network      a network as it is called: padding, tiles, self-ensemble, what an output must be
faults       an exception of an entry's code as one sentence
absence      a module that was not found: what it is and what to do
standins/    small stand-ins for absent packages: einops (axes), timm, basicsr (layers), scan
"""

from pathlib import Path

import torch

from harness.records import Manifest
from harness.worker.loading import native, official, programs
from harness.worker.loading.network import Loaded, Network, forward
from harness.worker.loading.programs import Program

__all__ = ["Loaded", "Network", "Program", "forward", "load"]


def load(manifest: Manifest, folder: Path, device: torch.device, *, twin: bool = False) -> Loaded:
    """Build the network of `manifest`, whose files lie in `folder`, on `device`.

    Or its twin for the counters, alone. It is in eval mode with gradients off. Raises LoadingError.
    """
    if manifest.official:
        return official.load(manifest, folder, device, twin=twin)
    if manifest.model.format != "python":
        return programs.load(manifest, folder, device)
    return native.load(manifest, folder, device, twin=twin)
