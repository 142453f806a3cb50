"""The selective scan of Mamba and its block, in plain PyTorch (Gu and Dao, arXiv 2312.00752).

The published operator is a CUDA kernel. Counters see nothing of the scan either way: here its
products are elementwise.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def selective_scan(  # noqa: PLR0917  the operator's interface
    u: Tensor,
    delta: Tensor,
    A: Tensor,  # noqa: N803  the paper's names, and the operator's keywords
    B: Tensor,  # noqa: N803
    C: Tensor,  # noqa: N803
    D: Tensor | None = None,  # noqa: N803
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
) -> Tensor:
    """Return y of h_t = exp(delta_t A) h_(t-1) + delta_t B_t u_t, y_t = C_t h_t + D u_t.

    u, delta and z are [batch, channels, length], A is [channels, states], B and C are
    [batch, (groups,) states, length], D and delta_bias [channels].
    """
    if return_last_state:
        raise ModuleNotFoundError("the last state needs the package 'mamba_ssm'", name="mamba_ssm")
    if delta_bias is not None:
        delta = delta + delta_bias[:, None]
    if delta_softplus:
        delta = F.softplus(delta)
    channels = u.shape[1]
    B, C = _per_channel(B, channels), _per_channel(C, channels)  # noqa: N806
    y: Tensor = _Opaque.apply(u, delta, A, B, C)  # type: ignore[no-untyped-call]
    if D is not None:
        y = y + u * D[:, None]
    return y if z is None else y * F.silu(z)


class _Opaque(torch.autograd.Function):
    """Keeps the steps of the scan out of traces, which would hold the memory of every step.

    The published operator is opaque, too.
    """

    @staticmethod
    def forward(_: Any, *given: Tensor) -> Tensor:
        """Scan: u, delta, A, B and C as in `selective_scan`."""
        return _scan(*given)


def _per_channel(matrix: Tensor, channels: int) -> Tensor:
    """Bring B or C to [batch, channels or 1, states, length]."""
    if matrix.dim() == 3:
        return matrix[:, None]
    return matrix.repeat_interleave(channels // matrix.shape[1], dim=1)


def _scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Scan pieces of about the square root of the length side by side, then carry their states.

    A step for every element of a long sequence is slow, and to trace it slower.
    """
    length = u.shape[-1]
    piece = math.isqrt(length - 1) + 1
    u, delta, b, c = (_cut(tensor, piece) for tensor in (u, delta, b, c))
    a = a[:, :, None]
    state = torch.zeros((), device=u.device)  # [batch, channels, states, pieces] from step 0 on
    decay = torch.ones((), device=u.device)  # of a state from before the piece
    ys, decays = [], []
    for t in range(piece):
        step = delta[..., t][:, :, None]
        kept = torch.exp(step * a)
        state = kept * state + step * u[..., t][:, :, None] * b[..., t]
        decay = kept * decay
        ys.append((state * c[..., t]).sum(2))
        decays.append(decay)
    before = _carry(state, decay)
    carried = [(d * before * c[..., t]).sum(2) for t, d in enumerate(decays)]
    y = torch.stack(ys, -1) + torch.stack(carried, -1)
    whole: Tensor = y.flatten(-2)[..., :length]
    return whole


def _cut(tensor: Tensor, piece: int) -> Tensor:
    """[..., length] to [..., pieces, piece], filled with zeros."""
    filled = F.pad(tensor, (0, -tensor.shape[-1] % piece))
    return filled.view(*filled.shape[:-1], -1, piece)


def _carry(state: Tensor, decay: Tensor) -> Tensor:
    """Return the state that each piece starts from: all [batch, channels, states, pieces]."""
    carried, before = torch.zeros_like(state[..., 0]), []
    for index in range(state.shape[-1]):
        before.append(carried)
        carried = decay[..., index] * carried + state[..., index]
    return torch.stack(before, -1)


class Mamba(nn.Module):
    """The block: projection, short depthwise convolution, selective scan, gate, projection."""

    def __init__(  # noqa: PLR0917  the block's interface
        self,
        d_model: int,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dt_rank: int | str = "auto",
        bimamba_type: str = "none",
        layer_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if bimamba_type != "none":
            raise ModuleNotFoundError(f"{bimamba_type} needs 'mamba_ssm'", name="mamba_ssm")
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        inner = expand * d_model
        rank = math.ceil(d_model / 16) if isinstance(dt_rank, str) else dt_rank
        self.splits = [rank, d_state, d_state]
        self.in_proj = nn.Linear(d_model, 2 * inner, bias=False, **made)
        self.conv1d = nn.Conv1d(inner, inner, d_conv, padding=d_conv - 1, groups=inner, **made)
        self.x_proj = nn.Linear(inner, sum(self.splits), bias=False, **made)
        self.dt_proj = nn.Linear(rank, inner, **made)
        states = torch.arange(1, d_state + 1, dtype=torch.float32, device=device)
        self.A_log = nn.Parameter(states.log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner, device=device))
        self.out_proj = nn.Linear(inner, d_model, bias=False, **made)

    def forward(self, hidden: Tensor, inference_params: None = None) -> Tensor:
        """Mix a sequence: [batch, length, d_model] to the same."""
        length = hidden.shape[1]
        x, gate = self.in_proj(hidden).transpose(1, 2).chunk(2, dim=1)
        x = F.silu(self.conv1d(x)[..., :length])
        step, b, c = self.x_proj(x.transpose(1, 2)).split(self.splits, dim=-1)
        step = (self.dt_proj.weight @ step.transpose(1, 2)).contiguous()
        y = selective_scan(
            x,
            step,
            -torch.exp(self.A_log.float()),
            b.transpose(1, 2),
            c.transpose(1, 2),
            self.D,
            z=gate,
            delta_bias=self.dt_proj.bias,
            delta_softplus=True,
        )
        result: Tensor = self.out_proj(y.transpose(1, 2))
        return result
