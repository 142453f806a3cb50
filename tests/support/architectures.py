"""The architectures of `models/` as their tests know them: how to build one, and its limits."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from tests.support.places import MODELS

Size = tuple[int, int]  # height and width


@dataclass(frozen=True)
class Checkpoint:
    """Published weights."""

    file: str
    tolerance: float = 2e-5  # largest error, as a share of the largest output


@dataclass(frozen=True)
class Architecture:
    """One network at one scale, called as its golden files are."""

    name: str
    file: str
    factory: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    data_range: float = 1.0
    tolerance: float = 2e-5  # with the rule's weights
    smallest: Size = (1, 1)
    refused: tuple[Size, ...] = ()  # inputs that are just too small
    checkpoint: Checkpoint | None = None
    large: bool = False  # a forward takes seconds, so its tests are heavy
    layout_only: bool = False  # no golden output and no costs are known

    @property
    def scale(self) -> int:
        """Return the factor between output and input."""
        return int(self.name[-1])

    def build(self, **more: Any) -> nn.Module:
        """Load the file by its path, as a worker does, and call the factory; in eval mode."""
        path = MODELS / self.file
        spec = importlib.util.spec_from_file_location(f"model_{path.stem}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        network: nn.Module = getattr(module, self.factory)(**self.arguments, **more)
        return network.eval()


SPATIAL_ATTENTION: Any = {"smallest": (15, 15), "refused": ((14, 40), (40, 14))}
WINDOW_32: Any = {"smallest": (17, 17), "refused": ((16, 40), (40, 16))}
WINDOW_48: Any = {"smallest": (25, 25), "refused": ((24, 60), (60, 24))}
HASHING: Any = {"smallest": (8, 16), "refused": ((1, 127),)}

_RFDN: Any = {
    "file": "rfdn.py",
    "factory": "RFDN",
    "data_range": 255.0,
    "checkpoint": Checkpoint("rfdn_x4.pth"),
    **SPATIAL_ATTENTION,
}

BASELINES = [
    Architecture("imdn_2022_x4", "imdn.py", "IMDN", checkpoint=Checkpoint("imdn_x4.pth")),
    Architecture("rfdn_2022_x4", **_RFDN),
    Architecture("rfdn_2023_x4", **_RFDN),
    Architecture(
        "rlfn_2024_x4",
        "rlfn.py",
        "RLFN",
        data_range=255.0,
        tolerance=1e-4,
        checkpoint=Checkpoint("rlfn_x4.pth", tolerance=1e-4),
        **SPATIAL_ATTENTION,
    ),
    Architecture(
        "efdn_2025_x4",
        "efdn.py",
        "EFDN",
        checkpoint=Checkpoint("efdn_x4.pth", tolerance=1e-4),
        **SPATIAL_ATTENTION,
    ),
    Architecture("span_2026_x4", "span.py", "SPAN", checkpoint=Checkpoint("span_x4.pth")),
]


def _systems(scale: int) -> list[Architecture]:
    """List the published systems, which exist at every scale."""
    upscale, factor = {"upscale": scale}, {"upscaling_factor": scale}
    esc, dlgsanet = "esc.py", "dlgsanet.py"
    return [
        Architecture(
            f"lgvan_x{scale}",
            "lgvan.py",
            "LGVAN",
            upscale,
            smallest=(1, 5),
            refused=((40, 4),),
            checkpoint=Checkpoint("lgvan_x4.pth") if scale == 4 else None,
        ),
        Architecture(f"dlgsanet_tiny_x{scale}", dlgsanet, "dlgsanet_tiny", upscale),
        Architecture(f"dlgsanet_light_x{scale}", dlgsanet, "dlgsanet_light", upscale),
        Architecture(f"dlgsanet_large_x{scale}", dlgsanet, "dlgsanet_large", upscale),
        Architecture(
            f"dlsn_x{scale}",
            "dlsn.py",
            "DLSN",
            {"scale": scale},
            tolerance=1e-4,
            large=True,
            **HASHING,
        ),
        Architecture(f"esc_base_x{scale}", esc, "ESC", factor, **WINDOW_32),
        Architecture(f"esc_light_x{scale}", esc, "ESCLight", factor, **WINDOW_32),
        Architecture(f"esc_fp_x{scale}", esc, "ESCFP", factor, tolerance=1e-5, **WINDOW_32),
        Architecture(
            f"esc_xl_x{scale}", esc, "ESCXL", factor, large=True, layout_only=True, **WINDOW_48
        ),
    ]


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in [*BASELINES, *_systems(2), *_systems(3), *_systems(4)]
}
