"""Leaves processes behind, or makes too many."""

import contextlib
import os
import signal
import sys
import time

import torch


def daemon(file):
    """Fork twice, in a session of its own, and write for ever."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        with open(file, "a") as stream:
            stream.write(f"{os.getpid()}\n")
        time.sleep(0.02)


def bomb(file):
    """Start processes until it may not."""
    made = 0
    try:
        while made < 5000:
            os.posix_spawn("/bin/sleep", ["sleep", "600"], {})
            made += 1
    except OSError:
        print("refused after", made)


def end_group(file):
    """Kill all that it may."""
    with contextlib.suppress(PermissionError):
        os.kill(os.getppid(), signal.SIGKILL)
    os.killpg(0, signal.SIGKILL)


class Network(torch.nn.Module):
    def __init__(self, kind, file):
        super().__init__()
        {"daemon": daemon, "bomb": bomb, "kills": end_group}[kind](file)
        time.sleep(0.2)
        sys.stdout.flush()

    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=4)
