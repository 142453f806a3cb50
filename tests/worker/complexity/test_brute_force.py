"""Convolutions of ones over ones: each multiply-add adds one, so the output's sum counts them."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from harness.worker.complexity import measure


@st.composite
def convolutions(draw: st.DrawFn) -> nn.Conv2d | nn.ConvTranspose2d:
    groups = draw(st.integers(1, 3))
    kind = draw(st.sampled_from([nn.Conv2d, nn.ConvTranspose2d]))
    return kind(
        groups * draw(st.integers(1, 3)),
        groups * draw(st.integers(1, 3)),
        draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        stride=draw(st.integers(1, 3)),
        dilation=draw(st.integers(1, 2)),
        groups=groups,
        bias=False,
    )


@settings(max_examples=40, deadline=None)
@given(network=convolutions(), height=st.integers(5, 9), width=st.integers(5, 9))
def test_every_multiplication_is_counted(
    network: nn.Conv2d | nn.ConvTranspose2d, height: int, width: int
) -> None:
    torch.nn.init.ones_(network.weight)
    ones = torch.ones(1, network.in_channels, height, width)
    output = network(ones)
    complexity = measure(network, ones)
    flops = {counter: count.flops for counter, count in complexity.flops.items()}
    multiplications = int(output.sum())
    if isinstance(network, nn.ConvTranspose2d):  # the hooks count a transposed one by its output
        hooks = flops.pop("hooks")
        assert hooks * height * width == multiplications * output[0, 0].numel()
    assert set(flops.values()) == {multiplications}
    assert (complexity.activations, complexity.num_conv) == (output.numel(), 1)
