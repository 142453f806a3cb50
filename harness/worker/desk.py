"""What a pass works with: its job, the loaded network, LR images."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from harness.records import Job
from harness.worker.devices import Device
from harness.worker.loading import Loaded
from harness.worker.pixels import to_input
from harness.worker.witness import Witness


class Desk:
    """What a pass works with."""

    def __init__(
        self, job: Job, folder: Path, device: Device, loaded: Loaded, witness: Witness
    ) -> None:
        self.job, self.folder = job, folder  # of the entry's files
        self.device, self.loaded, self.witness = device, loaded, witness
        self._to_input = to_input  # bound before any submission's code runs

    def on_device(self, lr: NDArray[np.uint8]) -> torch.Tensor:
        """Put an LR image, uint8 [h, w, 3], on the device: float32 [1, 3, h, w] in its range."""
        tensor = self._to_input(lr, self.job.manifest.model.data_range)
        return tensor.to(self.device.torch_device)

    def smooth_lr(self, height: int, width: int) -> torch.Tensor:
        """Make an LR image that is more like a photograph than noise, where some networks fail."""
        image = _smooth_image(height, width) * self.job.manifest.model.data_range
        return image.permute(2, 0, 1)[None].to(self.device.torch_device)


def _smooth_image(height: int, width: int) -> torch.Tensor:
    """Make an image [height, width, 3] in [0, 1] of slow waves, in the order of real ones."""
    down = torch.arange(height).view(-1, 1) / 23
    right = torch.arange(width).view(1, -1) / 17
    waves = [(2 + (down + c).sin() + (right - c).cos()) / 4 for c in range(3)]
    return torch.stack(waves, dim=-1)
