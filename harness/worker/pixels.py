"""From uint8 pixels to a network's tensors and back, by the official arithmetic."""

import numpy as np
import torch
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_STRIP = 131072  # elements of an SR image at a time: they stay in the processor's cache


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
    By NumPy, in one thread: PyTorch's threads wait for each other after every operation, on a busy
    machine for longer than all of it takes.
    """
    planes = sr.detach()[0].float().cpu().numpy()
    _, height, width = planes.shape
    image = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    levels, whole = np.empty((rows, width), np.float32), np.empty((rows, width), np.uint8)
    for top in range(0, height, rows):
        for channel in range(3):
            strip = planes[channel, top : top + rows]
            held, pixels = levels[: len(strip)], whole[: len(strip)]
            np.clip(strip, 0, data_range, out=held)
            np.multiply(held, np.float32(255), out=held)
            if data_range != 1:  # to divide by one changes nothing
                np.divide(held, np.float32(data_range), out=held)
            np.rint(held, out=held)
            np.copyto(pixels, held, casting="unsafe")
            image[top : top + rows, :, channel] = pixels
    return image


def quantised(sr: torch.Tensor, data_range: float) -> torch.Tensor:
    """Turn a float [1, 3, H, W] tensor into uint8 [H, W, 3] on its own device, as `to_uint8` does.

    Bit for bit: a GPU would multiply by the inverse of a number; by a tensor it divides.
    """
    levels = sr.detach()[0].float().clamp(0, data_range).mul_(255.0)
    levels = levels.div_(torch.tensor(data_range, device=levels.device)).round_()
    return levels.permute(1, 2, 0).to(torch.uint8, memory_format=torch.contiguous_format)
