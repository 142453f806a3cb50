"""Runs of several machines joined into one, by the rules of sessions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.errors import RunError
from harness.records import Entry, Round, Run, Timing
from harness.records.schema import to_table

_OF_A_RUN = ("rounds", "official_runs")  # of the timing: more rounds compare with fewer


def merged(runs: Mapping[str, Run], command: str) -> Run:
    """Join runs, each under the name that messages give it; the first is told of as the whole.

    Sessions are numbered on. An entry of several runs, known by its digest, has the visits of all.
    Raises RunError where two runs cannot be compared.
    """
    (first_name, first), *others = runs.items()
    for name, run in others:
        _refuse_differences(first_name, first, name, run)
    if sum(bool(run.rounds) for run in runs.values()) > 1:
        _refuse_without_brackets(runs)
    entries: dict[str, Entry] = {}
    rounds: list[Round] = []
    sources: dict[str, str] = {}  # slug -> name of the run that it is from
    for name, run in runs.items():
        beyond = 1 + max((done.session for done in rounds), default=-1)
        slugs = dict(_slugs(run, entries))
        for entry in run.entries:
            own = _moved(entry, slugs[entry.slug], beyond)
            known = entries.get(own.slug)
            entries[own.slug] = _joined(known, own) if known else own
            sources.setdefault(own.slug, name)
        for done in run.rounds:
            order = tuple(slugs[slug] for slug in done.order)
            rounds.append(replace(done, session=done.session + beyond, order=order))
    _refuse_shared_ids(entries, sources)
    return replace(first, command=command, entries=tuple(entries.values()), rounds=tuple(rounds))


def _refuse_differences(a: str, one: Run, b: str, other: Run) -> None:
    """Refuse other rules, other images, and for runtimes other machines."""
    differing = _differing(_rules(one), _rules(other))
    if differing:
        raise RunError(f"{a} and {b} were run by different rules ({differing}); merge like runs")
    for split, its in zip(one.splits, other.splits, strict=True):
        if (split.lr_digest, split.hr_digest) != (its.lr_digest, its.hr_digest):
            raise RunError(f"{a} and {b} have different images of {split.name}; merge like runs")
    differing = _differing(one.identity, other.identity)
    if one.rounds and other.rounds and differing:
        raise RunError(
            f"{a} and {b} were timed on machines that differ in {differing}: ratios to the "
            "baseline compare on one kind alone; time them again, or with --rounds 0 merge scores"
        )


def _refuse_without_brackets(runs: Mapping[str, Run]) -> None:
    baselines: dict[str, str] = {}
    for name, run in runs.items():
        if not run.rounds:
            continue
        if not any(done.drifts for done in run.rounds):
            raise RunError(
                f"the rounds of {name} have no brackets: the baseline was not timed in them, "
                "so nothing relates them to others"
            )
        names = run.protocol.baseline.names
        digests = [entry.digest for one in names for entry in run.entries if entry.name == one]
        baselines[name] = digests[0]
    if len(set(baselines.values())) > 1:
        raise RunError(f"{' and '.join(baselines)} have baselines of different files")


def _rules(run: Run) -> dict[str, object]:
    """Return what two runs must have in common of their protocols, and their splits' names."""
    table: dict[str, object] = to_table(run.protocol)
    timing = {k: v for k, v in to_table(run.protocol.timing).items() if k not in _OF_A_RUN}
    return table | {"timing": timing, "splits found": [split.name for split in run.splits]}


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    return ", ".join(sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k)))


def _slugs(run: Run, entries: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    """Yield each slug of a run with the one it has in the whole: an entry known has its own."""
    known = {entry.digest: slug for slug, entry in entries.items() if entry.digest}
    taken = set(entries)
    for entry in run.entries:
        slug, number = known.get(entry.digest, entry.slug), 1
        while slug in taken and entry.digest not in known:
            number += 1
            slug = f"{entry.slug}-{number}"
        taken.add(slug)
        yield entry.slug, slug


def _moved(entry: Entry, slug: str, sessions: int) -> Entry:
    """Number an entry's sessions from `sessions` on."""
    if entry.timing is None:
        return replace(entry, slug=slug)
    visits = (replace(made, session=made.session + sessions) for made in entry.timing.visits)
    return replace(entry, slug=slug, timing=Timing(tuple(visits)))


def _joined(known: Entry, other: Entry) -> Entry:
    """Join what two runs say of one entry: the visits of both, else what the better one has."""
    best, rest = (known, other) if known.status == "ok" else (other, known)
    if best.timing is None or rest.timing is None:
        return best if best.timing else replace(best, timing=rest.timing)
    return replace(best, timing=Timing((*known.timing.visits, *other.timing.visits)))  # type: ignore[union-attr]


def _refuse_shared_ids(entries: Mapping[str, Entry], sources: Mapping[str, str]) -> None:
    holders: dict[int, str] = {}
    for slug, entry in entries.items():
        if entry.id is not None and entry.id in holders:
            other = holders[entry.id]
            raise RunError(
                f"id {entry.id} is {entries[other].name} in {sources[other]} and {entry.name} in "
                f"{sources[slug]}, of other files; give one of them another id, or leave one out"
            )
        if entry.id is not None:
            holders[entry.id] = slug


def pictured(runs: Sequence[Run]) -> Iterator[tuple[int, str]]:
    """Yield the files of the stores that reports show: the run's index, the name below OUT."""
    for index, run in enumerate(runs):
        shown = [split.pictures for split in run.splits]
        for entry in run.entries:
            shown += [entry.figure, *entry.pictures.values()]
        yield from ((index, name) for name in shown if name)
