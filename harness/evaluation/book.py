"""Keeps a run as it goes: `results.json` as far as it is, and the trail of what was done."""

import getpass
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import harness
from harness.errors import RunError
from harness.evaluation.bench import Bench
from harness.evaluation.scoring import album_of_split
from harness.evaluation.timing import timed_splits
from harness.ranking.scores import rank
from harness.records import Entry, Protocol, Round, Run, SplitInfo
from harness.records.schema import to_table
from harness.statistics import runtimes
from harness.statistics.figures import figures_of
from harness.store import lock, trail
from harness.store.passes import MEASURING_VERSION
from harness.store.runs import RESULTS, SCHEMA_VERSION, load_run, save_run
from harness.store.trail import Trail


class Book:
    """Writes the run as far as it is, and tells of it.

    Until the end that takes a twentieth of the time at most: what is held back, `catch_up` writes.
    """

    def __init__(
        self, out: Path, command: str, tell: Callable[[Run], None], now: Callable[[], float]
    ) -> None:
        self._out, self._command, self._tell, self._now = out, command, tell, now
        self._splits: tuple[SplitInfo, ...] | None = None
        self._held_back: Run | None = None
        self._next = now()  # when a run that is not finished is written again
        earlier = trail.read(out)
        self._noted = {
            event.facts.get("slug"): event.facts for event in earlier.of_kind("evaluated")
        }
        self._accepted = _accepted(earlier)

    def has_begun(self) -> bool:
        """Tell whether a run was written here before, which is not to be lost."""
        return (self._out / RESULTS).is_file()

    def begin(self, bench: Bench) -> None:
        """Note who begins what, by which rules, on which data."""
        trail.add(
            self._out,
            "begun",
            command=self._command,
            program=harness.__version__,
            measuring=MEASURING_VERSION,
            user=_user(),
            host=socket.gethostname(),
            process=os.getpid(),
            isolation=bench.jail.level,
            device=bench.device,
            identity=bench.identity,
            splits={
                split.name: {
                    "images": len(split.pairs),
                    "lr": split.lr_digest,
                    "hr": split.hr_digest,
                }
                for split in bench.splits
            },
            protocol=bench.protocol,
        )

    def note(self, entry: Entry, protocol: Protocol) -> None:
        """Note what an evaluation came to, where that is new: of other files, or scored again."""
        figures = figures_of(entry, protocol, None)
        facts: dict[str, Any] = to_table(
            {
                "slug": entry.slug,
                "name": entry.name,
                "id": entry.id,
                "files": entry.digest,
                "status": entry.status,
                "stage": entry.failure.stage if entry.failure else "",
                "reason": figures.reason,
                "psnr_db": figures.psnr_db,
                "metrics": figures.metrics,
            }
        )
        if self._noted.get(entry.slug) != facts:
            self._noted[entry.slug] = facts
            trail.add(self._out, "evaluated", **facts)

    def write(
        self, bench: Bench, entries: Sequence[Entry], made: tuple[Round, ...], unfinished: str
    ) -> Run:
        """Write `results.json`; `unfinished` says how far the run is."""
        self._splits = self._splits or _shown(bench)
        run = Run(
            schema_version=SCHEMA_VERSION,
            harness_version=harness.__version__,
            protocol=bench.protocol,
            splits=self._splits,
            device=bench.device,
            identity=bench.identity,
            observed=bench.machine.observed,
            command=self._command,
            entries=tuple(
                replace(entry, accepted=entry.digest in self._accepted) for entry in entries
            ),
            rounds=made,
            isolation=bench.jail.level,
            unfinished=unfinished,
        )
        self._held_back = run
        if not unfinished or self._now() >= self._next:
            self.catch_up()
        return run

    def catch_up(self) -> None:
        """Write what was held back."""
        if self._held_back is None:
            return
        began = self._now()
        save_run(self._out, self._held_back)
        self._tell(self._held_back)
        self._held_back = None
        self._next = self._now() + 19 * (self._now() - began)

    def finish(self, bench: Bench, entries: Sequence[Entry], made: tuple[Round, ...]) -> Run:
        """Write the whole run, and note who was excluded by which rule."""
        run = self.write(bench, entries, made, "")
        _note_ranking(self._out, run)
        return run


def accept(out: Path, names: Sequence[str], command: str) -> Run:
    """Rank entries of the run in `out`, by id or slug, whatever their flags say; return the run.

    The trail keeps it, for these files of theirs. Raises RunError where the run has no such entry.
    """
    with lock.held(out):
        run = load_run(out)
        for name in names:
            entry = next((one for one in run.entries if name in (one.slug, str(one.id))), None)
            if entry is None or not entry.digest:
                known = ", ".join(one.slug for one in run.entries if one.digest)
                raise RunError(f"{out} has no entry {name!r} to accept; it has {known}")
            trail.add(out, "accepted", slug=entry.slug, files=entry.digest, command=command)
        digests = _accepted(trail.read(out))
        entries = [replace(entry, accepted=entry.digest in digests) for entry in run.entries]
        run = replace(run, entries=tuple(entries))
        save_run(out, run)
        _note_ranking(out, run)
    return run


def _accepted(earlier: Trail) -> set[str]:
    return {str(event.facts.get("files")) for event in earlier.of_kind("accepted")}


def _note_ranking(out: Path, run: Run) -> None:
    """Note who was excluded by which rule, and what is flagged, where that is new."""
    facts = _ranked(run.entries, run.protocol)
    if [event.facts for event in trail.read(out).of_kind("ranked")][-1:] != [facts]:
        trail.add(out, "ranked", **facts)


def _ranked(entries: Sequence[Entry], protocol: Protocol) -> dict[str, Any]:
    timed = runtimes.of_entries(entries, protocol.timing.policy)
    figures = [figures_of(entry, protocol, timed.get(entry.slug)) for entry in entries]
    standings = rank(figures, protocol).standings
    track = protocol.main_track
    places = {
        entry.slug: standing.places[track.name].rank
        for entry, standing in zip(entries, standings, strict=True)
        if track and track.name in standing.places
    }
    excluded = {
        entry.slug: standing.reason
        for entry, standing in zip(entries, standings, strict=True)
        if standing.eligible == "no"
    }
    flags = {entry.slug: sorted(entry.flags) for entry in entries if entry.flags}
    return {"ranks": places, "excluded": excluded, "flags": flags}


def _shown(bench: Bench) -> tuple[SplitInfo, ...]:
    """Return the splits of the run: the protocol's, and one that was made to be timed."""
    timed = timed_splits(bench) if bench.protocol.timing.rounds else ()
    shown = [*bench.splits, *(split for split in timed if split not in bench.splits)]
    return tuple(replace(split.info(), pictures=album_of_split(split, bench)) for split in shown)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return str(os.getuid())
