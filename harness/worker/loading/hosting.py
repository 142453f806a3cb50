"""What code written for its authors' machine finds on another: CUDA, checkpoints, loose loading."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Never

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from harness.worker.loading.checkpoints import unpickled
from harness.worker.loading.signatures import refuse_other
from harness.worker.loading.weights import Mismatch, share_loaded

_WEIGHTS_ALONE = (
    "let the branch build the network and load its weights alone, saved as "
    "torch.save(model.state_dict(), ...)"
)


class Visit:
    """What came to pass while an entry's code was a guest."""

    def __init__(self) -> None:
        self.absent: list[str] = []  # checkpoints that it asked for in vain
        self.mismatches: dict[int, Mismatch] = {}  # by identity of the network


@contextlib.contextmanager
def hosted(device: torch.device) -> Iterator[Visit]:
    """Host code that believes in CUDA and in unsafe checkpoints.

    Checkpoints are read onto the CPU without running code from them; one that is absent leaves
    the network as it was initialised. What goes to a CUDA device goes to `device`.
    """
    visit = Visit()
    plain_load, plain_load_state = torch.load, nn.Module.load_state_dict

    def load(file: Any, *_: Any, **__: Any) -> Any:
        if isinstance(file, str | Path) and not Path(file).exists():
            visit.absent.append(str(file))
            return AbsentCheckpoint(str(file))
        name = "a checkpoint"
        if isinstance(file, str | Path):
            name = Path(file).name
            refuse_other(Path(file), name)
        return unpickled(
            lambda: plain_load(file, map_location="cpu", weights_only=True), name, _WEIGHTS_ALONE
        )

    def load_state_dict(self: nn.Module, state: Mapping[str, Any], *how: Any, **named: Any) -> Any:
        if isinstance(state, AbsentCheckpoint):
            return None
        result = plain_load_state(self, state, *how, **named)
        missing, unexpected = result.missing_keys, result.unexpected_keys
        share = share_loaded(self.state_dict(), missing)
        visit.mismatches[id(self)] = Mismatch(tuple(missing), tuple(unexpected), share)
        return result

    torch.load, nn.Module.load_state_dict = load, load_state_dict  # type: ignore[assignment,method-assign]
    try:
        with Elsewhere(device):
            yield visit
    finally:
        torch.load, nn.Module.load_state_dict = plain_load, plain_load_state  # type: ignore[method-assign]


class AbsentCheckpoint(dict[str, Any]):
    """An empty checkpoint that holds itself under every name, as wrapped ones are unwrapped."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file

    def __getitem__(self, _: str) -> "AbsentCheckpoint":
        return self

    def __getattr__(self, name: str) -> Never:
        raise AttributeError(
            f"{self._file} is not there, and the branch wants more than weights of it ({name!r}); "
            f"{_WEIGHTS_ALONE}"
        )


class Elsewhere(TorchFunctionMode):
    """Sends to `device` what is meant for any CUDA device."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is Tensor.cuda:
            return args[0].to(self.device)
        if func is Tensor.to:
            args = (args[0], *(self._here(argument) for argument in args[1:]))
        if "device" in kwargs:
            kwargs["device"] = self._here(kwargs["device"])
        return func(*args, **kwargs)

    def _here(self, target: Any) -> Any:
        if isinstance(target, str | torch.device) and torch.device(target).type == "cuda":
            return self.device
        return target
