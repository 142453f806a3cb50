"""What is wrong with the meaning of a protocol whose layout has faults too.

What does not fit is left out or stood in for, so that the rest can be read and judged.
"""

import dataclasses
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from harness.protocols.checking import faults_of
from harness.records import Protocol, schema

_NOTHING = object()  # where no value can be made
_MARK = "unread"  # begins every text that stands in; a fault that quotes one is none of the file's
_HARMLESS: Mapping[Any, Any] = {int: 1, float: 1.0, bool: False}  # no rule finds fault with them


def faults_behind(table: dict[str, Any]) -> Iterator[str]:
    """Yield what `faults_of` finds in those parts of a table that fit a protocol."""
    fitting = _record(Protocol, table, _MARK)
    if fitting is not _NOTHING:
        if any(_MARK in split["name"] for split in fitting["splits"]):
            fitting.get("baseline", {}).pop("published", None)  # it may name that split
        faults = faults_of(schema.from_table(Protocol, fitting))
        yield from (fault for fault in faults if _MARK not in fault)


def _record(record: type, table: dict[str, Any], where: str) -> Any:
    """Return what fits `record`; `where` tells the texts that stand in apart."""
    hints, found = get_type_hints(record), {}
    given = {schema.nearest(str(key), hints) or key: table[key] for key in table}
    for field in dataclasses.fields(record):
        name, hint, path = field.name, hints[field.name], f"{where}{field.name}"
        value = _fitting(hint, given[name], path) if name in given else _NOTHING
        empty = field.default_factory is dataclasses.MISSING and (
            field.default is dataclasses.MISSING or (name in given and not field.default)
        )
        if value is _NOTHING and empty:
            value = _harmless(hint, path)
            if value is _NOTHING and field.default is dataclasses.MISSING:
                return _NOTHING
        if value is not _NOTHING:
            found[name] = value
    return found


def _fitting(hint: Any, value: Any, where: str) -> Any:
    """Return what of a value fits `hint`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _fitting(next(a for a in arguments if a is not type(None)), value, where)
    if dataclasses.is_dataclass(hint):
        nothing = {field.name: _NOTHING for field in dataclasses.fields(hint)}
        return _record(hint, value if isinstance(value, dict) else nothing, where)  # type: ignore[arg-type]
    if origin is tuple and arguments[-1] is Ellipsis and isinstance(value, list):
        items = [_fitting(arguments[0], item, f"{where}{n}") for n, item in enumerate(value)]
        kept: Any = [item for item in items if item is not _NOTHING]
    elif origin is dict and isinstance(value, dict):
        pairs = {key: _fitting(arguments[1], item, where) for key, item in value.items()}
        kept = {key: item for key, item in pairs.items() if item is not _NOTHING}
    else:
        return value if schema.fits(hint, value) else _NOTHING
    return kept if kept or not value else _NOTHING


def _harmless(hint: Any, where: str) -> Any:
    """Return a value in which no fault is found, for one that is needed."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return arguments[0]
    if origin is tuple and arguments[-1] is Ellipsis:
        item = _harmless(arguments[0], f"{where}0")
        return _NOTHING if item is _NOTHING else [item]
    if dataclasses.is_dataclass(hint):
        return _record(hint, {}, where)  # type: ignore[arg-type]
    return where if hint is str else _HARMLESS.get(hint, _NOTHING)
