"""From uint8 pixels to a network's tensors and back, by the official arithmetic."""

import numpy as np
import torch
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_ROWS = 16  # a strip of an SR image that stays in the processor's cache


def to_input(lr: Image, data_range: float) -> torch.Tensor:
    """Turn a uint8 [H, W, 3] image into a float32 [1, 3, H, W] tensor in 0..data_range.

    The arithmetic and the memory order (channels last) are those of the official `uint2tensor4`: a
    convolution may round differently in another order.
    """
    # torch refuses to share arrays that are read-only, as decoded ones are: copy
    pixels = torch.tensor(lr).permute(2, 0, 1)
    return pixels.float().div(255.0 / data_range).unsqueeze(0)


def to_uint8(sr: torch.Tensor, data_range: float) -> Image:
    """Turn a float [1, 3, H, W] tensor in 0..data_range into a uint8 [H, W, 3] image.

    The arithmetic is that of the official `tensor2uint`, in float32 with halves rounded to even.
    """
    planes = sr.detach()[0].float().cpu()
    image = np.empty((*planes.shape[1:], 3), np.uint8)
    for top in range(0, image.shape[0], _ROWS):
        strip = planes[:, top : top + _ROWS].clamp(0, data_range).mul_(255.0).div_(data_range)
        levels = strip.round_().numpy()
        for channel in range(3):
            image[top : top + _ROWS, :, channel] = levels[channel]
    return image


def quantised(sr: torch.Tensor, data_range: float) -> torch.Tensor:
    """Turn a float [1, 3, H, W] tensor into uint8 [H, W, 3] on its own device, as `to_uint8` does.

    Bit for bit: a GPU would multiply by the inverse of a number; by a tensor it divides.
    """
    levels = sr.detach()[0].float().clamp(0, data_range).mul_(255.0)
    levels = levels.div_(torch.tensor(data_range, device=levels.device)).round_()
    return levels.permute(1, 2, 0).to(torch.uint8, memory_format=torch.contiguous_format)
