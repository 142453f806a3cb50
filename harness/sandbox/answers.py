"""What a worker left, believed only where it can be an answer to what was asked.

Strangers' code ran beside the code that writes an answer, so that any of it may be forged. Here it
is held to its form: every field of its record, numbers that are finite and not negative, the
splits, images and sweeps that were asked for, and no more time than the harness itself saw pass.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
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
    Restoration,
    Studied,
    Switches,
)
from harness.records.schema import SchemaError, from_table
from harness.records.text import one_line
from harness.worker.devices import host

RECORDS: Mapping[PassName, type[Any]] = {
    "build": Build,
    "inspect": Inspection,
    "restore": Restoration,
    "time": Restoration,
    "probe": Probe,
    "profile": Studied,
}
_LARGEST = 2**63  # of numbers
_SIGNED = ("low", "high")  # of a probe: what its outputs span
_LONGEST = 4000  # of texts
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FLAG = re.compile(r"[a-z-]{1,40}")
_SIZE = re.compile(r"[1-9]\d{0,5}x[1-9]\d{0,5}")


class AnswerError(ValueError):
    """An answer cannot be one to what was asked; the message names the place."""


def outcome(content: bytes, job: Job, log: str) -> Outcome:
    """Read an answer to `job`, JSON text. Raises PassError where it is none."""
    try:
        return _outcome(_cleaned(json.loads(content)), job, log)
    except AnswerError as error:
        told = f": {error}"
    except (ValueError, RecursionError, MemoryError):  # not JSON, or nested too deep
        told = ""
    raise PassError(f"the {job.pass_name} pass left a result that is not the harness's{told}")


def _outcome(answer: Any, job: Job, log: str) -> Outcome:
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
        check(found, job)
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


def _check_restored(restored: Restoration) -> None:
    _expect(all(map(_FLAG.fullmatch, restored.flags)), "flags has a name that is none")


def _check_probe(probe: Probe) -> None:
    sizes = bool(probe.sizes) and all(map(_SIZE.fullmatch, probe.sizes))
    _expect(sizes, "sizes is no list of sizes")
    _expect(probe.refused.keys() <= set(probe.sizes), "refused has sizes that were not tried")


def _check_studied(studied: Studied, job: Job) -> None:
    _check_restored(studied.restoration)
    _expect(job.study.repeats or not studied.operators, "operators were not asked for")
    for operator in studied.operators:
        whole = len(operator.samples_ms) == job.study.repeats and max(operator.samples_ms) > 0
        _expect(whole, "operators has other forwards than those asked for, or one without time")


_CHECKS: Mapping[PassName, Callable[[Any, Job], None]] = {
    "restore": lambda restored, _: _check_restored(restored),
    "time": lambda restored, _: _check_restored(restored),
    "probe": lambda probe, _: _check_probe(probe),
    "profile": _check_studied,
}


def _expect_keys(name: str, found: Mapping[str, object], images: Mapping[str, int]) -> None:
    _expect(found.keys() == images.keys(), f"{name} is of other splits")


def _expect(good: object, otherwise: str) -> None:
    if not good:
        raise AnswerError(otherwise)
