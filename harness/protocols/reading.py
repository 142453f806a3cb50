"""Protocols: editions of the challenge and benchmarks, read from TOML files and checked.

A file that lists `scales` instead of one `scale` holds a protocol for each of them: `{scale}` in
its texts stands for the scale, and `border = "scale"` for as many pixels.
"""

import difflib
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from harness.errors import ProtocolError
from harness.protocols.checking import faults_of
from harness.protocols.lines import Lines
from harness.protocols.mending import faults_behind
from harness.records import Protocol, schema

FOLDER = resources.files("harness.protocols")


def bundled() -> list[str]:
    """Return the names of the protocols that come with the harness, sorted."""
    files = (Path(file.name) for file in FOLDER.iterdir())
    return sorted(file.stem for file in files if file.suffix == ".toml")


def load(name_or_path: str | Path, scale: int | None = None) -> Protocol:
    """Read a protocol by its bundled name or from a TOML file.

    `scale` picks from a file of several, which gives its first otherwise. Raises ProtocolError
    when there is none, or when it is malformed or contradicts itself.
    """
    every = load_scales(name_or_path)
    if len(every) == 1 or scale is None:
        return every[0]
    for protocol in every:
        if protocol.scale == scale:
            return protocol
    known = ", ".join(str(protocol.scale) for protocol in every)
    raise ProtocolError(f"protocol {name_or_path} is of the scales {known}, not of {scale}")


def load_scales(name_or_path: str | Path) -> tuple[Protocol, ...]:
    """Read the protocols of a file: one, or one per scale where it lists `scales`.

    Raises ProtocolError as `load` does.
    """
    asked = str(name_or_path)
    protocols, faults = read(_text(asked))
    if faults:
        raise ProtocolError(f"protocol {asked}: {'; '.join(faults)}")
    return protocols


def check(file: str | Path) -> tuple[tuple[Protocol, ...], list[tuple[int | None, str]]]:
    """Read a file's protocols, or else all its faults, each with its line where one is known.

    Raises ProtocolError where it cannot be read as text.
    """
    text = _text(str(file))
    protocols, faults = read(text)
    lines = Lines(text)
    return protocols, [(lines.of(fault), fault) for fault in faults]


def read(text: str) -> tuple[tuple[Protocol, ...], list[str]]:
    """Return the protocols of a TOML text, one per scale; or none, and every fault of it."""
    protocols, faults = [], dict[str, None]()  # what is wrong at every scale is said once
    try:
        for table in _by_scale(tomllib.loads(text)):
            try:
                protocols.append(schema.from_table(Protocol, table))
            except schema.SchemaError as error:
                faults |= dict.fromkeys([*error.faults, *faults_behind(table)])
    except (tomllib.TOMLDecodeError, schema.SchemaError) as error:
        return (), [str(error)]
    faults |= dict.fromkeys(fault for protocol in protocols for fault in faults_of(protocol))
    return ((), list(faults)) if faults else (tuple(protocols), [])


def _text(asked: str) -> str:
    try:
        if asked in bundled():
            return FOLDER.joinpath(f"{asked}.toml").read_text("utf-8")
        return Path(asked).read_text("utf-8-sig")
    except OSError as error:
        raise ProtocolError(_unknown(asked, error)) from None
    except UnicodeDecodeError:
        raise ProtocolError(f"protocol {asked} is not text in UTF-8; save it as such") from None


def _by_scale(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the table of each scale. Raises SchemaError where the scales are no list of them."""
    scales = table.pop("scales", None)
    if scales is None:
        yield table
        return
    whole = isinstance(scales, list) and all(type(scale) is int for scale in scales)
    if "scale" in table or not whole or not scales or len({*scales}) < len(scales):
        raise schema.SchemaError("scales must be a list of different scales, and stand alone")
    for scale in scales:
        of_scale = {"scale": scale}
        if table.get("border") == "scale":
            of_scale["border"] = scale
        yield _filled(table, scale) | of_scale


def _filled(value: Any, scale: int) -> Any:
    """Put the scale into the texts of a table."""
    if isinstance(value, str):
        return value.replace("{scale}", str(scale))
    if isinstance(value, list):
        return [_filled(item, scale) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, scale) for key, item in value.items()}
    return value


def _unknown(asked: str, error: OSError) -> str:
    if asked.endswith(".toml") or Path(asked).exists():
        return f"protocol {asked} cannot be read: {error.strerror}"
    near = difflib.get_close_matches(asked, bundled(), n=1)
    nearest = f"did you mean {near[0]!r}? Name" if near else "name"
    names = ", ".join(bundled())
    return f"there is no protocol {asked!r}; {nearest} one of {names}, or a TOML file"
