"""What hostile submissions came to at each level of isolation, as docs/measurements/hostile.md.

    python -m benchmarks.hostile > docs/measurements/hostile.md

Levels that this machine refuses have an empty column.
"""

import os
import tempfile
from pathlib import Path

from harness.records import Outcome
from harness.sandbox import jail
from tests.support import hostile

_PROCESSES = {
    "a daemon, forked twice, in a session of its own": ("daemon", "beats"),
    "5,000 processes": ("bomb", ""),
    "kills its parent and its group": ("kills", ""),
}


def main() -> None:
    """Run every kind at every level; print the table."""
    levels = [name for name, made in hostile.JAILS.items() if jail.works(made)]
    found = {level: _outcomes(level) for level in levels}
    kinds = dict.fromkeys(kind for outcomes in found.values() for kind in outcomes)
    release = os.uname().release.partition("-")[0]
    print("# Hostile submissions, by level of isolation\n")
    print(f"Made by `python -m benchmarks.hostile`, as user {os.getuid()}, on Linux {release}.")
    print("What an attempt met, or what the pass ended in.\n")
    print(f"| kind | {' | '.join(hostile.JAILS)} |")
    print("|---|---|---|")
    for kind in kinds:
        cells = [found.get(level, {}).get(kind, "") for level in hostile.JAILS]
        print(f"| {kind} | {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    print(f"\n{len(kinds)} kinds.")


def _outcomes(level: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = hostile.World(folder)
        outcome, _ = hostile.restored("reaches", world.told(), level)
        heard = [one for made in world.sockets for one in hostile.heard(made)]
        found = {}
        for kind, told in hostile.attempted(outcome).items():
            inside = kind in hostile.HARMLESS[level] and not heard and world.untouched()
            found[kind] = "met its own namespace alone" if inside else _short(told)
        for kind in hostile.ANSWERS:
            outcome, _ = hostile.restored("answers", {"kind": kind}, level)
            found[kind] = _failure(outcome)
        for kind in hostile.EXCHANGES:
            outcome, images = hostile.interfered(kind, level)
            black = "; its images are black" if images and not images[-1].any() else ""
            found[kind] = _failure(outcome) + black
        for kind, (how, file) in _PROCESSES.items():
            told = {"kind": how, "file": file}
            outcome, _ = hostile.restored("lingers", told, level)
            left = hostile.running()
            found[kind] = f"{_failure(outcome)}; {len(left)} processes left"
    return found


def _short(told: str) -> str:
    """Return the kind of a refusal without the paths of this machine."""
    return ": ".join(told.split(": ")[:2])


def _failure(outcome: Outcome) -> str:
    return f"failed: {outcome.failure.reason}" if outcome.failure else "ok"


if __name__ == "__main__":
    main()
