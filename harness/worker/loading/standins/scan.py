"""The selective scan of Mamba and its block, in plain PyTorch (Gu and Dao, arXiv 2312.00752).

In the package, `mamba_ssm`, both are CUDA kernels behind autograd functions, which traces record
as one unknown operator each. So are they here, under the same names: a counter finds what it
would find there, and a trace need not hold the memory of every step.
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
    given = (u, delta, A, B, C, D, z, delta_bias, delta_softplus)
    y: Tensor = SelectiveScanFn.apply(*given)  # type: ignore[no-untyped-call]
    return y


class SelectiveScanFn(torch.autograd.Function):
    """The scan, with its gate."""

    @staticmethod
    def forward(_: Any, *given: Any) -> Tensor:
        """Scan: u, delta, A, B, C, D, z, delta_bias and delta_softplus as in `selective_scan`."""
        return _gated_scan(*given)


class MambaInnerFn(torch.autograd.Function):
    """All of a block after its first projection."""

    @staticmethod
    def forward(  # noqa: PLR0917
        _: Any,
        projected: Tensor,
        conv: Tensor,
        conv_bias: Tensor,
        x_proj: Tensor,
        dt_proj: Tensor,
        dt_bias: Tensor,
        a: Tensor,
        d: Tensor,
        out_proj: Tensor,
    ) -> Tensor:
        """Convolve, scan, gate, project: [batch, 2 channels, length] to [batch, length, model].

        All but the first are the block's parameters; `a` is A itself.
        """
        x, gate = projected.chunk(2, dim=1)
        wide = F.conv1d(x, conv, conv_bias, padding=conv.shape[-1] - 1, groups=len(conv))
        x = F.silu(wide[..., : x.shape[-1]])  # sees the past alone
        parts = F.linear(x.transpose(1, 2), x_proj)
        sizes = [dt_proj.shape[1], a.shape[1], a.shape[1]]
        step, b, c = (part.transpose(1, 2) for part in torch.split(parts, sizes, dim=-1))
        y = _gated_scan(x, dt_proj @ step, a, b, c, d, gate, dt_bias, softplus=True)
        return F.linear(y.transpose(1, 2), out_proj)


def _gated_scan(  # noqa: PLR0917
    u: Tensor,
    delta: Tensor,
    a: Tensor,
    b: Tensor,
    c: Tensor,
    d: Tensor | None,
    z: Tensor | None,
    bias: Tensor | None,
    softplus: bool,
) -> Tensor:
    if bias is not None:
        delta = delta + bias[:, None]
    if softplus:
        delta = F.softplus(delta)
    channels = u.shape[1]
    y = _scan(u, delta, a, _per_channel(b, channels), _per_channel(c, channels))
    if d is not None:
        y = y + u * d[:, None]
    return y if z is None else y * F.silu(z)


def _per_channel(matrix: Tensor, channels: int) -> Tensor:
    """Bring B or C to [batch, channels or 1, states, length]."""
    if matrix.dim() == 3:
        return matrix[:, None]
    return matrix.repeat_interleave(channels // matrix.shape[1], dim=1)


def _scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Scan pieces of about the square root of the length side by side, then carry their states.

    A step for every element of a long sequence is slow, and to trace it slower. What is left of a
    state from before a piece is worked out twice: to keep it of every step takes the memory of
    length x channels x states.
    """
    length = u.shape[-1]
    piece = math.isqrt(length - 1) + 1
    u, delta, b, c = (_cut(tensor, piece) for tensor in (u, delta, b, c))
    a = a[:, :, None]
    state = torch.zeros((), device=u.device)  # [batch, channels, states, pieces] from step 0 on
    decay = torch.ones((), device=u.device)  # of a state from before the piece
    ys, carried = [], []
    for t in range(piece):
        step = delta[..., t][:, :, None]
        kept = torch.exp(step * a)
        state = kept * state + step * u[..., t][:, :, None] * b[..., t]
        decay = kept * decay
        ys.append((state * c[..., t]).sum(2))
    before = _carry(state, decay)
    decay = torch.ones((), device=u.device)
    for t in range(piece):
        decay = torch.exp(delta[..., t][:, :, None] * a) * decay
        carried.append((decay * before * c[..., t]).sum(2))
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
        self.in_proj = nn.Linear(d_model, 2 * inner, bias=False, **made)
        self.conv1d = nn.Conv1d(inner, inner, d_conv, padding=d_conv - 1, groups=inner, **made)
        self.x_proj = nn.Linear(inner, rank + 2 * d_state, bias=False, **made)
        self.dt_proj = nn.Linear(rank, inner, **made)
        states = torch.arange(1, d_state + 1, dtype=torch.float32, device=device)
        self.A_log = nn.Parameter(states.log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner, device=device))
        self.out_proj = nn.Linear(inner, d_model, bias=False, **made)

    def forward(self, hidden: Tensor, inference_params: None = None) -> Tensor:
        """Mix a sequence: [batch, length, d_model] to the same."""
        batch, length, width = hidden.shape
        flat = self.in_proj.weight @ hidden.permute(2, 0, 1).reshape(width, batch * length)
        projected = flat.view(-1, batch, length).transpose(0, 1)
        result: Tensor = MambaInnerFn.apply(  # type: ignore[no-untyped-call]
            projected,
            self.conv1d.weight,
            self.conv1d.bias,
            self.x_proj.weight,
            self.dt_proj.weight,
            self.dt_proj.bias,
            -torch.exp(self.A_log.float()),
            self.D,
            self.out_proj.weight,
        )
        return result
