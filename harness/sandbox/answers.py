"""What a worker left, believed only where it can be an answer to what was asked.

Strangers' code ran beside the code that writes an answer, so that any of it may be forged. Here it
is held to its form: every field of its record, numbers that are finite and not negative, the
splits, images and sweeps that were asked for, and no more time than the harness itself saw pass.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from harness.errors import EntryError, PassError
from harness.records import (
    Build,
    Failure,
    Inspection,
    Job,
    Outcome,
    PassName,
    Probe,
    Profile,
    Restoration,
    Switches,
    TimingPolicy,
    Visit,
)
from harness.records.schema import SchemaError, from_table
from harness.records.text import one_line
from harness.worker.devices import host

RECORDS: Mapping[PassName, type[Any]] = {
    "build": Build,
    "inspect": Inspection,
    "restore": Restoration,
    "time": Visit,
    "probe": Probe,
    "profile": Profile,
}
_SCRIPTED = "fake"  # the tests' device, whose calls take as long as a script says
_LARGEST = 2**63  # of numbers
_SIGNED = ("low", "high")  # of a probe: what its outputs span
_LONGEST = 4000  # of texts
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FLAG = re.compile(r"[a-z-]{1,40}")
_SIZE = re.compile(r"[1-9]\d{0,5}x[1-9]\d{0,5}")


class AnswerError(ValueError):
    """An answer cannot be one to what was asked; the message names the place."""


@dataclass(frozen=True)
class Asked:
    """What a visit of the clock was asked for."""

    images: Mapping[str, int]  # split -> how many
    sweeps: int

    @classmethod
    def of(cls, splits: Iterable[str], policy: TimingPolicy) -> "Asked":
        """Return what a visit is asked for, from the split of each image and the policy."""
        return cls(Counter(splits), policy.sweeps if policy.policy == "fair" else 1)


def outcome(content: bytes, job: Job, log: str, between: tuple[float, float]) -> Outcome:
    """Read an answer to `job`, JSON text. Raises PassError where it is none.

    `between` is when the worker began and ended, by the harness's own monotonic clock in seconds.
    """
    try:
        return _outcome(_cleaned(json.loads(content)), job, log, between)
    except AnswerError as error:
        told = f": {error}"
    except (ValueError, RecursionError, MemoryError):  # not JSON, or nested too deep
        told = ""
    raise PassError(f"the {job.pass_name} pass left a result that is not the harness's{told}")


def check_visit(visit: Visit, asked: Asked) -> None:
    """Raise AnswerError where a visit does not hold exactly what was asked for."""
    images, sweeps = asked.images, asked.sweeps
    for name in ("samples_ms", "whole_ms", "host_ms", "launch_ms"):
        figures: Mapping[str, Sequence[Sequence[float]]] = getattr(visit, name)
        if figures or name == "samples_ms":
            _expect_keys(name, figures, images)
        for split, samples in figures.items():
            shape = [len(one) for one in samples]
            _expect(shape == [sweeps] * images[split], f"{name} has other images or sweeps")
            zero = name != "launch_ms" and any(ms == 0 for one in samples for ms in one)
            _expect(not zero, f"{name} has a time of 0")
    _expect_keys("peak_bytes", visit.peak_bytes, images)
    _expect_keys("digests", visit.digests, images)
    for split, digests in visit.digests.items():
        _expect(len(digests) == images[split], "digests are of other images")
        told = [digest for digest in digests if digest]  # of this round's share of the images
        _expect(told and all(map(_DIGEST.fullmatch, told)), "a digest is no sha256")
    if visit.reserved_bytes:
        _expect_keys("reserved_bytes", visit.reserved_bytes, images)
    _expect(visit.bursts.keys() <= images.keys(), "bursts are of other splits")
    for name in ("perturbed_ms", "row_ms", "graph_ms"):
        every: Mapping[str, Sequence[tuple[int, float]]] = getattr(visit, name)
        for split, calls in every.items():
            drawn = [index for index, _ in calls]
            known = split in images and set(drawn) <= set(range(images[split]))
            _expect(known and len(set(drawn)) == len(drawn), f"{name} is of other images")
            _expect(all(ms > 0 for _, ms in calls), f"{name} has a time of 0")
    for began_s, ended_s in visit.sweeps_s.values():
        inside = visit.began_s <= began_s <= ended_s <= visit.ended_s
        _expect(inside, "sweeps_s lies outside the visit")
    for burst in visit.bursts.values():
        inside = visit.began_s <= burst.began_s < burst.ended_s <= visit.ended_s
        _expect(inside and burst.images > 0, "bursts lie outside the visit")
    _expect(all(map(_FLAG.fullmatch, visit.flags)), "flags has a name that is none")


def _outcome(answer: Any, job: Job, log: str, between: tuple[float, float]) -> Outcome:
    _expect(isinstance(answer, dict), "it is no table")
    if told := answer.get("failure"):
        failure = _read(Failure, told)
        stages = {one.stage for one in EntryError.__subclasses__()}
        _expect(failure.stage in stages, f"{failure.stage!r} is no stage")
        return Outcome(log=log, failure=failure)
    changed = answer.get("switches_changed")
    names = {field.name for field in fields(Switches)} | set(host.WATCHED)
    _expect(
        isinstance(changed, list) and all(isinstance(c, str) and c in names for c in changed),
        "switches_changed is no list of switches",
    )
    found = _read(RECORDS[job.pass_name], answer.get("result"))
    if check := _CHECKS.get(job.pass_name):
        check(found, job, between)
    return Outcome(answer["result"], tuple(changed), log)


def _read(record: type[Any], table: object) -> Any:
    try:
        return from_table(record, table)
    except SchemaError as error:
        raise AnswerError(str(error)) from None


def _cleaned(value: Any, least: float = 0) -> Any:
    """Return plain values that can be shown, stored and reckoned with. Raises AnswerError."""
    if isinstance(value, dict):
        return {
            _cleaned(key): _cleaned(item, -_LARGEST if key in _SIGNED else 0)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, str):
        _expect(value not in ("inf", "-inf", "nan"), f"a number is {value}")  # as records read them
        return one_line(value[:_LONGEST])
    if isinstance(value, int | float):
        _expect(least <= value < _LARGEST, "a number is out of range")  # as is NaN
    return value


# ------------------------------------------------------------ pass by pass


def _check_timed(visit: Visit, job: Job, between: tuple[float, float]) -> None:
    _check_visit_of(visit, [image.split for image in job.images], job, between)


def _check_visit_of(
    visit: Visit, splits: Sequence[str], job: Job, between: tuple[float, float]
) -> None:
    check_visit(visit, Asked.of(splits, job.timing))
    (began, ended) = between
    inside = began <= visit.began_s <= visit.ended_s <= ended
    _expect(inside, "the visit is not of the time in which it was made")
    spent = sum(_all_ms(visit)) / 1000
    if job.device.partition(":")[0] != _SCRIPTED:
        _expect(spent <= visit.ended_s - visit.began_s, "its calls took longer than the visit")


def _all_ms(visit: Visit) -> Iterator[float]:
    for samples in visit.samples_ms.values():
        yield from (ms for one in samples for ms in one)
    for calls in visit.perturbed_ms.values():
        yield from (ms for _, ms in calls)


def _check_probe(probe: Probe, _: Job, __: tuple[float, float]) -> None:
    sizes = bool(probe.sizes) and all(map(_SIZE.fullmatch, probe.sizes))
    _expect(sizes, "sizes is no list of sizes")
    _expect(probe.refused.keys() <= set(probe.sizes), "refused has sizes that were not tried")


def _check_profile(profile: Profile, job: Job, between: tuple[float, float]) -> None:
    sizes = [f"{height}x{width}" for height, width in job.study.sizes]
    _expect(profile.refused.keys() <= set(sizes), "refused has sizes that were not asked for")
    splits = [image.split for image in job.images]
    splits += [size for size in sizes if size not in profile.refused]
    _check_visit_of(profile.visit, splits, job, between)
    for operator in profile.operators:
        whole = len(operator.samples_ms) == job.timing.sweeps and max(operator.samples_ms) > 0
        _expect(whole, "operators has other forwards than those asked for, or one without time")


_CHECKS: Mapping[PassName, Callable[[Any, Job, tuple[float, float]], None]] = {
    "time": _check_timed,
    "probe": _check_probe,
    "profile": _check_profile,
}


def _expect_keys(name: str, found: Mapping[str, object], images: Mapping[str, int]) -> None:
    _expect(found.keys() == images.keys(), f"{name} is of other splits")


def _expect(good: object, otherwise: str) -> None:
    if not good:
        raise AnswerError(otherwise)
