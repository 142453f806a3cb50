"""A network of luma alone: fed Y, its SR image completed by bicubic Cb and Cr, as papers do.

Y, Cb and Cr are those of ITU-R BT.601 as MATLAB's `rgb2ycbcr` has them, not rounded: of 255 levels
Y spans 16 to 235, Cb and Cr 16 to 240. The network sees Y in [0, data_range]. Bicubic is Keys'
cubic (a = -0.5) with a replicated border, as `imresize` enlarges.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F

_MATRIX = (  # rows Y, Cb, Cr of R, G, B in [0, 1], in levels of 255
    (65.481, 128.553, 24.966),
    (-37.797, -74.203, 112.0),
    (112.0, -93.786, -18.214),
)
_OFFSET = (16.0, 128.0, 128.0)
_REACH = 3  # LR pixels beyond the border that the cubic reaches, and one more


def restored(
    lr: torch.Tensor, data_range: float, network: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Restore RGB [1, 3, h, w] by a `network` from Y [1, 1, h, w] to Y [1, 1, h*scale, w*scale]."""
    planes = to_ycbcr(lr, data_range)
    luma = network(planes[:, :1]).to(lr.dtype)
    scale = luma.shape[-1] // lr.shape[-1]
    return to_rgb(torch.cat((luma, enlarged(planes[:, 1:], scale)), 1), data_range)


def to_ycbcr(rgb: torch.Tensor, data_range: float) -> torch.Tensor:
    """Turn RGB [1, 3, h, w] in [0, data_range] into Y, Cb and Cr in the same range."""
    matrix, offset = _weights(rgb, data_range)
    return torch.einsum("oc,nchw->nohw", matrix, rgb) + offset


def to_rgb(ycbcr: torch.Tensor, data_range: float) -> torch.Tensor:
    """Undo `to_ycbcr`."""
    matrix, offset = _weights(ycbcr, data_range)
    inverse = torch.linalg.inv(matrix.double()).to(matrix.dtype)
    return torch.einsum("oc,nchw->nohw", inverse, ycbcr - offset)


def enlarged(planes: torch.Tensor, scale: int) -> torch.Tensor:
    """Enlarge [1, n, h, w] by bicubic interpolation."""
    padded = F.pad(planes, (_REACH,) * 4, mode="replicate")
    # with `antialias` the cubic is that of a = -0.5, and nothing is widened where it enlarges
    large = F.interpolate(padded, scale_factor=scale, mode="bicubic", antialias=True)
    cut = _REACH * scale
    return large[..., cut:-cut, cut:-cut]


def _weights(like: torch.Tensor, data_range: float) -> tuple[torch.Tensor, torch.Tensor]:
    matrix = like.new_tensor(_MATRIX) / 255
    return matrix, like.new_tensor(_OFFSET).view(1, 3, 1, 1) * (data_range / 255)
