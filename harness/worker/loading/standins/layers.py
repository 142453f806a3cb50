"""The parts of timm, mmcv, huggingface_hub and torchvision that entries use."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

trunc_normal_ = nn.init.trunc_normal_


def check(condition: bool, message: str) -> None:
    """Assert, as timm's `_assert`."""
    assert condition, message


def as_it_is(function: Any) -> Any:
    """Return what is given, as timm's registering decorators do."""
    return function


def to_ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """Return what makes an n-tuple of a value; a sequence is kept."""
    return lambda value: tuple(value) if isinstance(value, Sequence) else (value,) * n


to_2tuple = to_ntuple(2)


def named_apply(function: Any, module: nn.Module, name: str = "", **options: Any) -> nn.Module:
    """Call `function(module=..., name=...)` for the modules below `module`, children first."""
    root = options.get("include_root", False)
    for path, child in reversed(list(module.named_modules(prefix=name))):
        if child is not module or root:
            function(module=child, name=path)
    return module


class DropPath(nn.Module):
    """Leaves whole samples out while training; does nothing in eval mode."""

    def __init__(self, drop_prob: float = 0.0, *_: Any) -> None:
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, some of its samples zero while training."""
        if not self.training or not self.drop_prob:
            return x
        kept = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= self.drop_prob
        return x * kept / (1 - self.drop_prob)


class Mlp(nn.Module):
    """Two linear layers with an activation between them."""

    def __init__(
        self,
        in_features: int,
        hidden_features: int | None = None,
        out_features: int | None = None,
        act_layer: Callable[[], nn.Module] = nn.GELU,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        hidden = hidden_features or in_features
        self.fc1, self.act = nn.Linear(in_features, hidden), act_layer()
        self.fc2, self.drop = nn.Linear(hidden, out_features or in_features), nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Apply both layers to the last dimension."""
        result: Tensor = self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
        return result


class ConvModule(nn.Module):
    """A convolution with batch norm and ReLU where the configuration asks for them, as mmcv's."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        *,
        conv_cfg: None = None,
        norm_cfg: dict[str, Any] | None = None,
        act_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        for config, type_ in ((norm_cfg, "BN"), (act_cfg, "ReLU")):
            if config and config != {"type": type_}:
                raise ModuleNotFoundError(f"{config} needs the package 'mmcv'", name="mmcv")
        bias = norm_cfg is None
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=bias)
        self.bn = nn.BatchNorm2d(out_channels) if norm_cfg else nn.Identity()
        self.activate = nn.ReLU(inplace=True) if act_cfg else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalise, activate."""
        result: Tensor = self.activate(self.bn(self.conv(x)))
        return result


class HubMixin:
    """The base class of networks on a hub, which takes options where it is derived from."""

    def __init_subclass__(cls, **_: Any) -> None:
        super().__init_subclass__()


class Functional:
    """`torchvision.transforms.functional` for tensors."""

    @staticmethod
    def pad(image: Tensor, padding: Sequence[int]) -> Tensor:
        """Pad with zeros: left, top, right, bottom."""
        left, top, right, bottom = padding
        return nn.functional.pad(image, (left, right, top, bottom))

    @staticmethod
    def normalize(image: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
        """Subtract the mean and divide by the deviation of each channel."""
        means, deviations = (
            torch.as_tensor(v, dtype=image.dtype, device=image.device) for v in (mean, std)
        )
        return (image - means.view(-1, 1, 1)) / deviations.view(-1, 1, 1)
