"""Modes of PyTorch's dispatcher, without the import of its compiler that they bring."""

from typing import TypeVar

Mode = TypeVar("Mode", bound=type)


def uncompiled(mode: Mode) -> Mode:
    """Keep PyTorch from importing its compiler, for over a second, to keep it out of `mode`.

    Nothing is compiled while costs are counted: see `plain`. A PyTorch that does not wrap modes
    has none of it.
    """
    raw = getattr(getattr(mode, "__torch_dispatch__", None), "__wrapped__", None)
    if raw is not None:
        raw.__dynamo_disable = raw  # where torch._compile keeps what it made of it
    return mode
