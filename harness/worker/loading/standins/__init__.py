"""Small stand-ins for packages that entries import and that are not installed here.

An entry often only imports such a package, or needs one small part of it. A stand-in gives the
parts of `WORKING`; any other name can be imported, and fails with the package's name once it is
used. Modules that Python or timm have dropped are served alike. Only imports by the entry's own
files are answered, so that no library mistakes a stand-in for the package.

layers   the parts of timm, mmcv, huggingface_hub and torchvision that entries use
basicsr  those of basicsr's architectures
axes     rearrange, repeat and reduce of einops
scan     the selective scan of Mamba, in plain PyTorch
"""

import importlib.util
import logging
from collections.abc import Collection, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from harness.worker.loading.modules import asking_file
from harness.worker.loading.standins import axes, basicsr, layers, scan

_BASICSR = {
    "ARCH_REGISTRY": basicsr.Registry(),
    "ResidualBlockNoBN": basicsr.ResidualBlockNoBN,
    "Upsample": basicsr.Upsample,
    "default_init_weights": basicsr.initialised,
    "get_root_logger": logging.getLogger,
    "make_layer": basicsr.make_layer,
    "pixel_unshuffle": basicsr.pixel_unshuffle,
}
_TIMM = {
    "DropPath": layers.DropPath,
    "Mlp": layers.Mlp,
    "_assert": layers.check,
    "_cfg": dict,
    "named_apply": layers.named_apply,
    "register_model": layers.as_it_is,
    "register_notrace_function": layers.as_it_is,
    "to_2tuple": layers.to_2tuple,
    "to_ntuple": layers.to_ntuple,
    "trunc_normal_": layers.trunc_normal_,
}

# package -> what of it works; a name is the same wherever in the package it is imported from
WORKING: Mapping[str, Mapping[str, Any]] = {
    "IPython": {},
    "audioop": {},
    "basicsr": _TIMM | _BASICSR,
    "cv2": {},
    "deepspeed": {},
    "einops": {
        "rearrange": axes.rearrange,
        "reduce": axes.reduce,
        "repeat": axes.repeat,
        "Rearrange": axes.Rearrange,
        "Reduce": axes.Reduce,
    },
    "fairscale": {},
    "huggingface_hub": {"PyTorchModelHubMixin": layers.HubMixin},
    "imp": {},
    "lmdb": {},
    "mamba_ssm": {
        "Mamba": scan.Mamba,
        "selective_scan_fn": scan.selective_scan,
        "selective_scan_ref": scan.selective_scan,
    },
    "mmcv": {"ConvModule": layers.ConvModule},
    "onnx": {},
    "span_attention": {},  # the CUDA operator of an entry; its overlay names its twin
    "thop": {},
    "timm": _TIMM,
    "torchinfo": {},
    "torchstat": {},
    "torchsummary": {},
    "torchvision": {"functional": layers.Functional},
}


def not_installed() -> tuple[str, ...]:
    """Return the packages that are not installed here, or not whole, and may be stood in for."""
    partly = {"timm"}  # some of its modules have moved
    return tuple(p for p in WORKING if p in partly or importlib.util.find_spec(p) is None)


class StandIns(MetaPathFinder, Loader):
    """Finds `packages` last, for imports by files below `folder`; remembers what it gave."""

    def __init__(self, packages: Collection[str], folder: Path) -> None:
        self.packages, self.folder = packages, str(folder.resolve())
        self.served: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of a package, where no other finder did."""
        package = fullname.partition(".")[0]
        if package not in self.packages or not asking_file(2).startswith(self.folder):
            return None
        self.served.add(package)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it was made."""


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        package = self.__name__.partition(".")[0]
        return WORKING[package].get(name) or _Absent(package)


class _Absent:
    """A name of a stand-in that can be imported, and no more."""

    def __init__(self, package: str) -> None:
        self._package = package

    def _refuse(self) -> NoReturn:
        package = self._package
        raise ModuleNotFoundError(f"this needs the package {package!r}", name=package)

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse()

    def __mro_entries__(self, _: Any) -> NoReturn:
        self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()
