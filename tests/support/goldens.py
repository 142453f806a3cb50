"""What the official implementations gave, and the rules by which the same is asked of ours.

A golden is the output of an official implementation for a random image, with weights that follow
from the names of the parameters. The project keeps a fingerprint of each in `fingerprints/`, which
`make_fingerprints.py` made from the full arrays.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tests.support.architectures import ARCHITECTURES, Architecture
from tests.support.places import TESTS

FINGERPRINTS = TESTS / "models" / "fingerprints"
LAYOUTS = FINGERPRINTS / "layouts.json.gz"
OUTPUTS = FINGERPRINTS / "outputs.npz"
COSTS = FINGERPRINTS / "costs.json"

SAMPLES = 400  # per output, half of them near its edges, where padding goes wrong
EDGE = 8

Layout = list[tuple[str, tuple[int, ...], str]]  # key, shape, dtype in the checkpoint's order


@dataclass(frozen=True)
class Golden:
    """One output of an official implementation."""

    file: str
    architecture: Architecture
    height: int = 32
    width: int = 40
    array: str = "output"
    arguments: Mapping[str, Any] = field(default_factory=dict)  # beyond the architecture's

    @property
    def name(self) -> str:
        """Return the name of the fingerprint."""
        return f"{self.file}.{self.array}"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return the shape of the output."""
        scale = self.architecture.scale
        return 1, 3, scale * self.height, scale * self.width

    def input(self) -> NDArray[np.float32]:
        """Draw the random image [1, 3, height, width] in [0, data_range]."""
        generator = np.random.Generator(np.random.PCG64(7))
        image = generator.random((1, 3, self.height, self.width), dtype=np.float32)
        return image * np.float32(self.architecture.data_range)

    def positions(self) -> tuple[NDArray[np.intp], ...]:
        """Draw where in the output its fingerprint is taken: one index array per dimension."""
        generator = np.random.Generator(np.random.PCG64(zlib.crc32(self.name.encode())))
        _, channels, height, width = self.shape
        channel = generator.integers(channels, size=SAMPLES)
        row = generator.integers(height, size=SAMPLES)
        column = generator.integers(width, size=SAMPLES)
        row[0::8] = row[0::8] % EDGE
        row[2::8] = height - 1 - row[2::8] % EDGE
        column[4::8] = column[4::8] % EDGE
        column[6::8] = width - 1 - column[6::8] % EDGE
        return np.zeros_like(channel), channel, row, column


PLAIN = [Golden(a.name, a) for a in ARCHITECTURES.values() if not a.layout_only]
OTHER_SIZES = [
    Golden("dlgsanet_tiny_x4_tlc100x56", ARCHITECTURES["dlgsanet_tiny_x4"], 100, 56),
    Golden("dlgsanet_light_x2_tlc100x56", ARCHITECTURES["dlgsanet_light_x2"], 100, 56),
    Golden(
        "dlgsanet_light_x2_tlc100x56",
        ARCHITECTURES["dlgsanet_light_x2"],
        100,
        56,
        array="output_tlc_off",
        arguments={"tlc_window": 0},
    ),
    Golden("esc_light_x4_pad45x37", ARCHITECTURES["esc_light_x4"], 45, 37),
    Golden("esc_fp_x4_pad45x37", ARCHITECTURES["esc_fp_x4"], 45, 37),
    Golden("dlsn_x4_pad30x37", ARCHITECTURES["dlsn_x4"], 30, 37, arguments={"seed": 1237}),
]
GOLDENS = {golden.name: golden for golden in [*PLAIN, *OTHER_SIZES]}


def layout(network: nn.Module) -> Layout:
    """List the entries of a network's checkpoint."""
    return [
        (key, tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for key, value in network.state_dict().items()
    ]


@cache
def rule_weight(key: str, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """Return the weight that follows from a parameter's name; None leaves it as constructed.

    Every key seeds a generator of its own. Weights of two and more dimensions have unit gain.
    """
    if key.startswith(("sub_mean.", "add_mean.")):
        return None
    z = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode()))).standard_normal(shape)
    if _near_one(key.lower(), shape):
        value = 1 + 0.05 * z
    elif key.endswith("relative_position_bias"):
        value = 0.5 * z
    elif len(shape) >= 2:
        value = z / np.sqrt(np.prod(shape[1:]))
    else:
        value = 0.05 * z
    return np.asarray(value, dtype=np.float32)


def _near_one(key: str, shape: tuple[int, ...]) -> bool:
    """Tell whether a parameter multiplies features: a norm's weight, a temperature, a scale."""
    norm = key.endswith("weight") and any(mark in key for mark in ("norm", "ln_", ".lns."))
    return (
        (norm and len(shape) == 1)
        or key.endswith("temperature")
        or (key.endswith(".scale") and len(shape) == 4 and shape[0] == 1)
    )


def load_rule_weights(network: nn.Module) -> None:
    """Give a network the weights that follow from its parameters' names."""
    state = network.state_dict()
    for key, tensor in state.items():
        value = rule_weight(key, tuple(tensor.shape))
        if value is not None:
            tensor.copy_(torch.from_numpy(value))


def restore(network: nn.Module, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run a network on a batch [N, 3, H, W]."""
    with torch.no_grad():
        output: NDArray[np.float32] = network(torch.from_numpy(image)).numpy()
    return output


def read_layouts() -> dict[str, Layout]:
    """Read the checkpoint layouts of all architectures."""
    content = json.loads(gzip.decompress(LAYOUTS.read_bytes()))
    return {name: as_layout(entries) for name, entries in content.items()}


def as_layout(entries: list[list[Any]]) -> Layout:
    """Turn JSON's lists into a layout; what stands behind the dtype is left out."""
    return [(key, tuple(shape), dtype) for key, shape, dtype, *_ in entries]
