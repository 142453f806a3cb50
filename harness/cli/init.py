"""`init`: a submission.toml from a model file and its checkpoint."""

import argparse
import sys
from pathlib import Path

from harness import cli
from harness.entries import drafting
from harness.entries.drafting import Draft, Factory
from harness.errors import InputError, LoadingError


def command(options: argparse.Namespace) -> int:
    """Write the manifest, say what was guessed, and name the next command."""
    factory = _chosen(drafting.factories(options.model), options.factory)
    told = drafting.given(options.arguments, factory)
    try:
        made = drafting.draft(factory, options.checkpoint, told, options.scale)
    except LoadingError as error:
        raise InputError(str(error)) from None
    folder: Path = options.to or options.model.parent
    file = drafting.write(_asked(made), options.model, options.checkpoint, folder)
    print(f"{file}:\n\n{file.read_text(encoding='utf-8')}")
    print(f"Next: {cli.program()} check {cli.quoted(folder.resolve())}")
    return cli.OK


def _chosen(found: list[Factory], name: str | None) -> Factory:
    if name is None:
        return found[0]
    named = next((one for one in found if one.name == name), None)
    if named is None:
        known = ", ".join(one.name for one in found)
        raise InputError(f"there is no network {name}; the file defines {known}")
    return named


def _asked(made: Draft) -> Draft:
    """Ask for the arguments that are lacking, where somebody sits at a terminal."""
    if made.lacking and sys.stdin.isatty():
        texts = [f"{name}={input(f'{made.factory.name}: {name} = ')}" for name in made.lacking]
        made.arguments.update(drafting.given(texts, made.factory))
    return made
