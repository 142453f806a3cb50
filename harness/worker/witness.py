"""What an entry may not do to the clock, compared before its code was loaded and after."""

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
