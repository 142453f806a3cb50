"""What hostile submissions came to at each level of isolation, as docs/measurements/hostile.md.

    python -m benchmarks.hostile > docs/measurements/hostile.md

Levels that this machine refuses have an empty column. Levels are tried side by side, in a process
each, but for the kinds that only times tell.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.ranking.leaderboard import of_run
from harness.records import Entry, Outcome, Run
from harness.sandbox import jail
from tests.support import hostile, tiny

Found = Iterator[tuple[str, str]]  # kinds and outcomes

_PROCESSES = {
    "a daemon, forked twice, in a session of its own": ("daemon", "beats"),
    "5,000 processes": ("bomb", ""),
    "kills its parent and its group": ("kills", ""),
}
_TOLD = ("time-disputed", "other-function", "hidden-params", "hidden-work")


def main() -> None:
    """Run every kind at every level; print the table."""
    if len(sys.argv) > 1:
        part, level = sys.argv[1:]
        print(json.dumps({title: dict(of(level)) for title, of in _PARTS[part].items()}))
        return
    levels = [name for name, made in hostile.JAILS.items() if jail.works(made)]
    found: dict[str, dict[str, Any]] = {level: {} for level in levels}
    begun = {level: _begun("contained", level) for level in levels}
    for level, process in begun.items():
        found[level] |= _ended(process)
    for level in levels:
        found[level] |= _ended(_begun("timed", level))
    _print(found)


def _begun(part: str, level: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.hostile", part, level]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _ended(process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, process.args))} failed")  # type: ignore[arg-type]
    made: dict[str, dict[str, str]] = json.loads(output)
    return made


def _print(found: dict[str, dict[str, dict[str, str]]]) -> None:
    release = os.uname().release.partition("-")[0]
    print("# Hostile submissions, by level of isolation\n")
    print(f"Made by `python -m benchmarks.hostile`, as user {os.getuid()}, on Linux {release}.")
    print("What an attempt met, or what the entry or its pass ended in. Honest ones of the same")
    print("form stand beside them.")
    number = 0
    for title in dict.fromkeys(title for parts in found.values() for title in parts):
        parts = [found.get(level, {}).get(title, {}) for level in hostile.JAILS]
        print(f"\n## {title}\n\n| kind | {' | '.join(hostile.JAILS)} |")
        print("|---|---|---|")
        for kind in dict.fromkeys(kind for part in parts for kind in part):
            cells = [part.get(kind, "").replace("|", "/") for part in parts]
            print(f"| {kind} | {' | '.join(cells)} |")
            number += 1
    print(f"\n{number} kinds.")


# ------------------------------------------------------------ one pass each


def _reaches(level: str) -> Found:
    with tempfile.TemporaryDirectory() as name:
        world = hostile.World(Path(name))
        outcome, _ = hostile.restored("reaches", world.told(), level)
        heard = [one for made in world.sockets for one in hostile.heard(made)]
        for kind, told in hostile.attempted(outcome).items():
            inside = kind in hostile.HARMLESS[level] and not heard and world.untouched()
            yield kind, "met its own namespace alone" if inside else _short(told)


def _answers(level: str) -> Found:
    for kind in hostile.ANSWERS:
        outcome, _ = hostile.restored("answers", {"kind": kind}, level)
        yield kind, _failure(outcome)


def _interferes(level: str) -> Found:
    for kind in hostile.EXCHANGES:
        outcome, images = hostile.interfered(kind, level)
        black = "; its images are black" if images and not images[-1].any() else ""
        yield kind, _failure(outcome) + black


def _lingers(level: str) -> Found:
    for kind, (how, file) in _PROCESSES.items():
        outcome, _ = hostile.restored("lingers", {"kind": how, "file": file}, level)
        yield kind, f"{_failure(outcome)}; {len(hostile.running())} processes left"


def _short(told: str) -> str:
    """Return the kind of a refusal without the paths of this machine."""
    return ": ".join(told.split(": ")[:2])


def _failure(outcome: Outcome) -> str:
    return f"failed: {outcome.failure.reason}" if outcome.failure else "ok"


# ------------------------------------------------------------ whole runs


def _hides(level: str) -> Found:
    yield from _ran(level, lambda folder: list(hostile.hiding(hostile.HIDES, folder)), rounds=0)


def _dodges(level: str) -> Found:
    def entries(folder: Path) -> list[Path]:
        dodging = hostile.of_every("dodges", hostile.DODGES, folder)
        return [*dodging, *(hostile.HOSTILE / name for name in hostile.TWINS)]

    yield from _ran(level, entries, rounds=0)


def _another(level: str) -> Found:
    yield from _ran(level, lambda f: list(hostile.of_every("another", hostile.ANOTHER, f)))


def _hurries(level: str) -> Found:
    def entries(folder: Path) -> list[Path]:
        hurrying = hostile.of_every("hurries", hostile.HURRIES, folder)
        return [tiny.SUBMISSIONS / "good", *hurrying]

    yield from _ran(level, entries, device="cpu", sweeps=3)


def _ran(
    level: str, entries: Callable[[Path], list[Path]], device: str = "fake", **timing: int
) -> Found:
    """Run entries whole at a level, on three images with HR and one without."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for image, height in zip("abc", (60, 61, 62), strict=True):
            tiny.write_pair(folder / "data", image, height, 64)
        edition = hostile.with_unscored(folder / "data")
        edition = replace(edition, timing=replace(edition.timing, **timing))
        options = {"edition": edition, "device": device, "jail": hostile.JAILS[level]}
        run, _ = tiny.run(folder / "out", folder / "data", entries(folder), **options)
    eligible = _eligible(run)
    for entry in run.entries:
        yield entry.name, _entry(entry, eligible[entry.slug])


def _eligible(run: Run) -> dict[str, str]:
    """Return who is eligible whatever its PSNR: of images of noise, and of none without HR."""
    split = replace(run.protocol.splits[0], threshold=None)
    rows = of_run(replace(run, protocol=replace(run.protocol, splits=(split,)))).rows
    return {row.entry.slug: row.standing.eligible for row in rows if row.entry}


def _entry(entry: Entry, eligible: str) -> str:
    if entry.failure:
        return f"failed: {entry.failure.reason}"
    flags = [flag for flag in _TOLD if flag in entry.flags]
    if flags == ["time-disputed"]:
        return "time-disputed: ranked by the harness's own clock"
    ranked = "eligible" if eligible == "yes" else "not eligible"
    return f"{', '.join(flags)}: {ranked}" if flags else ranked


_PARTS: dict[str, dict[str, Callable[[str], Found]]] = {
    "contained": {
        "Reaches for what is not its own": _reaches,
        "Answers in the harness's place": _answers,
        "Interferes with the exchange of images": _interferes,
        "Leaves processes behind, or kills them": _lingers,
        "Hides weights or work": _hides,
        "Is cheaper where it is counted": _dodges,
        "Is another network when it is timed": _another,
    },
    "timed": {"Would be seen to take less time than it does": _hurries},
}


if __name__ == "__main__":
    main()
