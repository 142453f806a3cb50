"""What a team's readme.txt claims.

    runtime per image [s] : 0.07
    CPU[1] / GPU[0] : 0
    Extra Data [1] / No Extra Data [0] : 0
    params : 150688
    Other description : anything, to the end of the file

as the editions ask for it. Spacing, case and units vary in what teams send, and lines are missing;
all of that is read. What says nothing sensible is refused with its line.
"""

import math
import re
from collections.abc import Callable, Collection
from typing import Any

from harness.errors import DataError
from harness.records import Claims

TEMPLATE = """\
runtime per image [s] : 0.07
CPU[1] / GPU[0] : 0
Extra Data [1] / No Extra Data [0] : 0
params : 150688
Other description : the device, the training data, what else should be known
"""
_LONGEST_RUNTIME_S = 1e5
_MOST_PARAMS = 1e10  # beyond what Codabench's columns hold
_NUMBER = re.compile(r"([-+]?[\d.,_]*\d(?:e[-+]?\d+)?)\s*([a-z]*)(?:\s*(?:/|per)\s*image)?")
_THOUSANDS = re.compile(r"(?<=\d)[,_ ](?=\d{3}(?:\D|$))")
_SECONDS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3}
_MANY = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}
_YES, _NO = {"1", "1.0", "yes", "true"}, {"0", "0.0", "no", "none", "false"}


def read(text: str) -> Claims:
    """Read a readme. Raises DataError that lists every line that says nothing sensible.

    From `Other description` on, a line that does not read as a claim is part of it.
    """
    claims: dict[str, Any] = {}
    description: list[str] | None = None
    faults = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        field = _field(line)
        if field == "description" and description is None:
            description = [_parted(line)[1] or ""]
            continue
        try:
            if field:
                claims |= _claim(field, line, claims)
            elif description is not None:
                description.append(line)
        except ValueError as error:
            if description is None:
                faults.append(f"line {number} ({line.strip()[:80]!r}): {error}")
            else:
                description.append(line)
    if faults:
        raise DataError("; ".join(faults))
    return Claims(**claims, description="\n".join(description or ()).strip())


def _claim(field: str, line: str, claims: Collection[str]) -> dict[str, Any]:
    """Return what a line claims, nothing where its value is empty. Raises ValueError."""
    key, value = _parted(line.casefold())
    if value is None:
        raise ValueError("it has no colon; write it as in the template")
    if field in claims:
        raise ValueError("a line before it says this already; leave one out")
    return {field: _READ[field](key, value)} if value else {}


def _parted(line: str) -> tuple[str, str | None]:
    """Return what stands before the colon and what behind; None where there is no colon."""
    colon = re.search("[:：=]", line)
    if not colon:
        return line, None
    return line[: colon.start()], line[colon.end() :].strip()


def _field(line: str) -> str | None:
    """Tell which field of Claims a line is about; None where it is about none."""
    key = " ".join(re.findall(r"[a-z]+", _parted(line)[0].casefold()))
    if key.startswith(("runtime", "run time", "running time")):
        return "runtime_s"
    if key.startswith(("cpu", "gpu cpu")):
        return "on_cpu"
    if key.startswith("extra data"):
        return "extra_data"
    if key.startswith(("param", "number of param", "num param")):
        return "params"
    return "description" if key.startswith(("other description", "description")) else None


def _runtime(key: str, value: str) -> float:
    number, unit = _number(value)
    in_key = re.search(r"\[\s*([a-z]+)\s*\]", key)
    unit = unit or (in_key[1] if in_key else "s")
    seconds = number * _SECONDS.get(unit, math.nan)
    if not 0 < seconds <= _LONGEST_RUNTIME_S:
        raise ValueError("a runtime is a number of seconds above 0, like 0.07")
    return seconds


def _params(key: str, value: str) -> int:
    number, unit = _number(_THOUSANDS.sub("", value) if value[-1:].isdigit() else value)
    in_key = re.search(r"\[\s*([kmgb])\s*\]", key)
    unit = unit or (in_key[1] if in_key else "")
    params = number * _MANY.get(unit, math.nan)
    if not 0 <= params < _MOST_PARAMS:
        raise ValueError("a number of parameters is like 150688 or 0.151 M")
    return round(params)


def _number(value: str) -> tuple[float, str]:
    """Return a number and its unit, NaN where there is none; 0,07 is 0.07."""
    match = _NUMBER.fullmatch(value)
    try:
        return float(match[1].replace(",", ".")) if match else math.nan, match[2] if match else ""
    except ValueError:  # 1.2.3
        return math.nan, ""


def _flag(*more: tuple[str, bool]) -> Callable[[str, str], bool]:
    words = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False) | dict(more)

    def read_flag(_: str, value: str) -> bool:
        if value.strip("[]. ") not in words:
            raise ValueError("it is 0 or 1")
        return words[value.strip("[]. ")]

    return read_flag


_READ: dict[str, Callable[[str, str], Any]] = {
    "runtime_s": _runtime,
    "on_cpu": _flag(("cpu", True), ("gpu", False)),
    "extra_data": _flag(),
    "params": _params,
}
