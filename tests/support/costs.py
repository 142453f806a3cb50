"""What the architectures cost, counted on shapes alone: no pixel is computed.

fvcore needs a real run, which takes minutes for the large networks. Its rule is therefore stated
here for the operators that reach torch's dispatcher; `test_golden_costs.py` compares both.
"""

from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from harness.worker.complexity import count_parameters
from harness.worker.complexity.hooks import activations, hooks_count, num_conv, recorded
from tests.support.architectures import ARCHITECTURES, Architecture, Size

CHALLENGE_INPUT: Size = (256, 256)
UNSEEN = torch.ops.aten.addcmul_  # DLGSANet's dynamic filters


@dataclass(frozen=True)
class Costs:
    """The costs of one input image. FLOPs are multiply-accumulates."""

    params: int
    activations: int
    num_conv: int
    flops_hooks: int  # as the 2022 and 2023 editions counted
    flops_fvcore: int
    flops_unseen: int  # multiply-accumulates that fvcore takes for work per element


@cache
def measure(name: str, size: Size = CHALLENGE_INPUT) -> Costs:
    """Count what an architecture costs for an image of `size`."""
    with torch.device("meta"):
        network = counted(ARCHITECTURES[name])
        image = torch.empty(1, 3, *size)
    mode = FlopCounterMode(display=False, custom_mapping=PER_ELEMENT)
    with torch.no_grad(), recorded(network) as calls, mode as counter:
        network(image)
    flops = dict(counter.get_flop_counts()["Global"])
    unseen = flops.pop(UNSEEN, 0)
    return Costs(
        params=count_parameters(network),
        activations=activations(calls),
        num_conv=num_conv(calls),
        flops_hooks=hooks_count(calls).flops,
        flops_fvcore=sum(flops.values()) // 2,
        flops_unseen=unseen // 2,
    )


def counted(architecture: Architecture) -> nn.Module:
    """Build the form to count: fused attention is opaque to fvcore, and short loops save time."""
    forms: dict[str, dict[str, Any]] = {
        "esc.py": {"attention": "explicit"},
        "dlsn.py": {"chunks_at_once": 10_000},
    }
    return architecture.build(**forms.get(architecture.file, {}))


def _mean(shape: Size, dims: list[int] | None, *_: Any, **__: Any) -> int:
    """Count pooling to one pixel, which arrives as a mean over rows and columns."""
    return 2 * prod(shape) if dims == [-1, -2] else 0


# fvcore's count per element, doubled: torch counts a multiply-accumulate as two.
PER_ELEMENT = {
    torch.ops.aten.native_layer_norm: lambda shape, *_, **__: 2 * 5 * prod(shape),
    torch.ops.aten.upsample_bilinear2d: lambda *_, out_shape, **__: 2 * 4 * prod(out_shape),
    torch.ops.aten.mean: _mean,
    UNSEEN: lambda shape, *_, **__: 2 * prod(shape),
}
