"""What an entry may not do to the clock, compared before its code was loaded and after."""

import sys
import threading

from harness.worker.devices import Device


class Witness:
    """Remembers the clock's functions and the threads from before an entry was loaded."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._timers = device.timers()
        self._threads = set(threading.enumerate())

    def flags(self) -> dict[str, str]:
        """Return what changed since: flag -> explanation."""
        flags = {}
        now = self._device.timers()
        if replaced := [name for name, timer in self._timers.items() if now[name] is not timer]:
            text = f"the entry replaced functions of the clock: {', '.join(replaced)}"
            flags["clock-replaced"] = text
        if left := [t.name for t in threading.enumerate() if t not in self._threads]:
            text = f"the entry left {len(left)} threads running: {', '.join(sorted(left)[:5])}"
            flags["threads-left"] = text
        return flags


def recompiled(sizes: int) -> dict[str, str]:
    """Flag a network that was compiled, and saw more sizes than torch.compile keeps versions."""
    limit = _recompile_limit()
    if limit is None or sizes <= limit:
        return {}
    return {
        "recompile-limit": (
            f"torch.compile keeps {limit} versions of a function, and LR is of {sizes} sizes: on "
            "some of them the network may run uncompiled; compile it with dynamic=True, or raise "
            "torch._dynamo.config.recompile_limit"
        )
    }


def _recompile_limit() -> int | None:
    """Return how many versions of a function torch.compile keeps; None where none was compiled."""
    dynamo = sys.modules.get("torch._dynamo")
    if dynamo is None or not dynamo.utils.counters["frames"]["ok"]:
        return None
    config = dynamo.config
    # called cache_size_limit before PyTorch 2.6
    return int(getattr(config, "recompile_limit", None) or config.cache_size_limit)
