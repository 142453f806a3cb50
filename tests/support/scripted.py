"""A bench whose visits take what a script says."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from harness import protocols
from harness.entries.discovery import discover
from harness.evaluation.bench import Bench
from harness.evaluation.visits import Contestant
from harness.images.datasets import open_splits
from harness.records import DeviceState, Entry, Failure, Outcome, Visit
from harness.records.schema import to_table
from harness.store.passes import Store
from tests.support import tiny

EDITION = protocols.load(tiny.PROTOCOL)
POLICY = replace(EDITION.timing, rounds=3, sweeps=1)
(GOOD,) = discover([tiny.SUBMISSIONS / "good"])


@dataclass(frozen=True)
class ScriptedBench(Bench):
    """A bench whose visits take what a script says, and are written down."""

    made: list[str] = field(default_factory=list)
    speeds: dict[str, float] = field(default_factory=dict)  # ms
    # what the n-th visit in all, from 1, takes instead: a factor, or a Failure
    script: dict[int, object] = field(default_factory=dict)
    before: Callable[[int], None] = lambda number: None  # told each visit's number
    states: dict[int, DeviceState] = field(default_factory=dict)  # of the GPU, in the same way

    def run(self, pass_name, submission, images=(), total=0, **rest):
        name = submission.manifest.name
        self.before(len(self.made) + 1)
        self.made.append(name)
        happening = self.script.get(len(self.made), 1.0)
        if isinstance(happening, Failure):
            return Outcome(failure=happening)
        ms = self.speeds[name] * happening
        samples, digests = {"valid": ((ms,), (3 * ms,))}, {"valid": ("a" * 64, "b" * 64)}
        visit = Visit(samples, {"valid": 2**20}, "scripted", digests)
        return Outcome(to_table(visit), state=self.states.get(len(self.made)))


def contestant(name):
    manifest = replace(GOOD.manifest, name=name)
    digest = hashlib.sha256(name.encode()).hexdigest()
    entry = Entry(slug=name.lower(), name=name, digest=digest, manifest=manifest)
    return Contestant(entry, replace(GOOD, manifest=manifest))


BASE, A, B, C = (contestant(name) for name in ("good", "A", "B", "C"))


def bench_in(folder):
    """Return a bench with its data and store in `folder`."""
    splits = open_splits(EDITION, tiny.write_data(folder / "data"))
    return ScriptedBench(
        replace(EDITION, timing=POLICY),
        splits,
        "fake",
        Store(folder / "out"),
        tiny.Recorder(),
        speeds={"good": 10.0, "A": 5.0, "B": 20.0, "C": 10.0},
    )


def again(bench, **changes):
    """Return the bench of a later run over the same store."""
    return replace(bench, made=[], **{"script": {}, "states": {}} | changes)


def with_rounds(bench, count):
    return again(bench, protocol=replace(EDITION, timing=replace(POLICY, rounds=count)))
