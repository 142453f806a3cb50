"""Modules run in the form that counters see: operator by operator."""

import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

_NO_COMPILING = "TORCH_COMPILE_DISABLE"


@contextmanager
def plainly(network: nn.Module) -> Iterator[None]:
    """Run what is compiled through its original code, and attention off its fused fast path.

    The fast path of `nn.TransformerEncoderLayer` and `nn.MultiheadAttention` is one operator to the
    dispatcher and to a trace. Compiled code refuses to be traced, and to compile it for every size
    takes minutes: modules are run as they were before, compiled functions that are no module's
    forward eagerly.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    changed = [(vars(module), plain) for module in network.modules() if (plain := _plain(module))]
    before = [{name: own[name] for name in plain if name in own} for own, plain in changed]
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        for own, plain in changed:
            own.update(plain)
        with _eagerly():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for (own, plain), kept in zip(changed, before, strict=True):
            for name in plain:
                own.pop(name, None)
            own.update(kept)


@contextmanager
def _eagerly() -> Iterator[None]:
    """Let nothing be compiled; the compiler, whose import takes a second, stays out if it was."""
    if "torch._dynamo" in sys.modules:
        with torch.compiler.set_stance("force_eager"):
            yield
        return
    before = os.environ.get(_NO_COMPILING)
    os.environ[_NO_COMPILING] = "1"  # read when the compiler is imported
    try:
        yield
    finally:
        os.environ.pop(_NO_COMPILING)
        if before is not None:
            os.environ[_NO_COMPILING] = before


def _plain(module: nn.Module) -> dict[str, Any]:
    """Return the attributes with which a compiled module runs as it was before."""
    plain: dict[str, Any] = {}
    if getattr(module, "_compiled_call_impl", None) is not None:  # of `module.compile()`
        plain["_compiled_call_impl"] = None
    original = getattr(module.forward, "_torchdynamo_orig_callable", None)
    if original is not None:
        its_own = "forward" in vars(module)  # not its class's
        plain["forward"] = original if its_own else types.MethodType(original, module)
    return plain
