"""Typed records from plain tables (TOML, JSON), and back.

One reader serves manifests, protocols, jobs and results: it checks every value against the
annotation of the dataclass's field and names the place of each fault, and the nearest known key.
"""

import dataclasses
import difflib
import math
import types
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


_SHOWN = 5  # faults in a message, at most


class SchemaError(ValueError):
    """A table does not fit its record; a fault names the key and what was expected."""

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        more = len(self.faults) - _SHOWN
        return "; ".join([*self.faults[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def from_table(record: type[T], table: object, where: str = "") -> T:
    """Build `record` (a dataclass) from a nested table of plain values.

    `where` is the key under which the table stands, for messages. Raises SchemaError with every
    fault of the table.
    """
    place = f"[{where}]" if where else "the top level"
    if not isinstance(table, dict):
        raise SchemaError(f"{where} must be a table, not {_kind(table)}")
    hints = _hints(record)  # type: ignore[arg-type]
    faults = []
    for key in table:
        if key not in hints:
            near = nearest(str(key), hints)
            advice = f"did you mean {near!r}?" if near else f"known keys: {', '.join(hints)}"
            faults.append(f"unknown key {key!r} at {place}; {advice}")
    given = []
    for field in dataclasses.fields(record):  # type: ignore[arg-type]
        if field.name in table:
            path = f"{where}.{field.name}" if where else field.name
            given.append((field.name, hints[field.name], table[field.name], path))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            faults.append(f"{place} lacks the key {field.name!r}")
    return record(**_values(given, faults))


def nearest(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that one is likely to mean."""
    return next(iter(difflib.get_close_matches(key, list(known), n=1, cutoff=0.5)), None)


def fits(hint: Any, value: object) -> bool:
    """Tell whether a plain value can be read as a field annotated by `hint`."""
    try:
        _value(hint, value, "")
    except SchemaError:
        return False
    return True


def _values(
    given: Iterable[tuple[Any, Any, Any, str]], faults: Sequence[str] = ()
) -> dict[Any, Any]:
    """Return key -> value of every (key, hint, value, path); all faults are raised together."""
    values, found = {}, list(faults)
    for key, hint, value, path in given:
        try:
            values[key] = _value(hint, value, path)
        except SchemaError as error:
            found += error.faults
    if found:
        raise SchemaError(*found)
    return values


def to_table(value: Any) -> Any:
    """Turn a record into plain values that strict JSON can hold (non-finite floats as text)."""
    if isinstance(value, float):  # samples come by the thousand, and then scores
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str | int):
        return value
    if dataclasses.is_dataclass(value):
        names = _names(type(value))  # type: ignore[arg-type]
        return {name: to_table(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): to_table(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_table(item) for item in value]
    return str(value) if isinstance(value, Path) else value


@cache
def _names(record: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record))


@cache
def _hints(record: Any) -> dict[str, Any]:
    return get_type_hints(record)


def _value(hint: Any, value: Any, where: str) -> Any:  # noqa: PLR0911
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return _checked(type(None) in arguments, value, "a value", where)
        (inner,) = (a for a in arguments if a is not type(None))
        return _value(inner, value, where)
    if origin is Literal:
        allowed = f"one of {', '.join(map(repr, arguments))}"
        return _checked(value in arguments, value, allowed, where)
    if origin is tuple:
        _checked(isinstance(value, list | tuple), value, "a list", where)
        if arguments[-1] is Ellipsis:
            if all(type(item) is arguments[0] for item in value):  # samples come by the thousand
                return tuple(value)
            arguments = (arguments[0],) * len(value)
        _checked(len(value) == len(arguments), value, f"a list of {len(arguments)} values", where)
        items = enumerate(zip(arguments, value, strict=True))
        return tuple(_values((i, a, v, f"{where}[{i}]") for i, (a, v) in items).values())
    if origin is dict:
        _checked(isinstance(value, dict), value, "a table", where)
        return _values((key, arguments[1], v, f"{where}.{key}") for key, v in value.items())
    if dataclasses.is_dataclass(hint):
        return from_table(hint, value, where)  # type: ignore[arg-type]
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint is Path:
        return Path(_checked(isinstance(value, str), value, "a path", where))
    if hint is float:
        if value in ("inf", "-inf", "nan"):
            return float(value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        _checked(number, value, "a number", where)
        try:
            return float(value)
        except OverflowError:
            raise SchemaError(f"{where} is too large a number") from None
    if hint is int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return _checked(whole, value, "a whole number", where)
    names = {str: "text", bool: "true or false"}
    return _checked(isinstance(value, hint), value, names.get(hint, hint.__name__), where)


def _checked(good: bool, value: Any, expected: str, where: str) -> Any:
    if not good:
        raise SchemaError(f"{where} must be {expected}, not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return "a table" if isinstance(value, dict) else "nothing" if value is None else repr(value)
