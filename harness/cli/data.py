"""`data`: LR images made, data sets checked and fetched."""

import argparse

from harness import cli
from harness.images.datasets import public
from harness.images.datasets.audit import audit
from harness.images.datasets.preparation import prepare
from harness.images.resize import Convention


def command(options: argparse.Namespace) -> int:
    """Do what `options.what` asks for."""
    commands = {"prepare": _prepare, "check": _check, "fetch": _fetch}
    return commands[options.what](options)


def _prepare(options: argparse.Namespace) -> int:
    convention = Convention(border=options.border)
    for folder, count in prepare(options.hr, options.scales, options.to, convention):
        print(f"{folder}: {count} LR images, MATLAB's bicubic ({convention})")
    if options.hr.resolve() != (options.to / "HR").resolve():
        print(
            f"HR images are looked for in {options.to / 'HR'}; put them there, or a link to them."
        )
    return cli.OK


def _check(options: argparse.Namespace) -> int:
    good = True
    for remark in audit(options.folder):
        print(f"{'ok ' if remark.good else 'FIX'}  {remark.text}")
        good = good and remark.good
    return cli.OK if good else cli.SOMETHING_FAILED


def _fetch(options: argparse.Namespace) -> int:
    wanted = public.named(options.name)
    if wanted.archive:
        print(f"{wanted.archive.url}: {wanted.archive.size / 1e6:.0f} MB")
    print(f"{wanted.name}: {public.fetch(wanted, options.to)}")
    return cli.OK
