"""A module that was not found: what it is, and what to do about it."""

import importlib.metadata
import sys
from pathlib import Path

from harness.worker.folder import SUBMISSION
from harness.worker.loading.modules import OwnModules
from harness.worker.loading.standins import WORKING

_PUBLISHED = {  # packages that the field's code needs; of others none is advised to be installed
    *WORKING,
    *("accelerate", "addict", "causal_conv1d", "flash_attn", "fvcore", "kornia"),
    *("matplotlib", "mmengine", "natten", "neosr", "pandas", "PIL", "ptflops", "pywt"),
    *("pytorch_lightning", "pytorch_wavelets", "requests", "scipy", "skimage", "spandrel"),
    *("tensorboard", "torchaudio", "tqdm", "transformers", "triton", "xformers", "yaml"),
}
_ROOT = "`root` under [model]"


def explained(name: str) -> str:
    """Say what the absent module `name` is, as the end of a sentence `... needs`."""
    top, _, rest = name.partition(".")
    own, parent = _finder(), sys.modules.get(top)
    if own and parent and own.holds(parent):
        return (
            f"its own module {rest!r}, which is not among its files; add it, take it with "
            f"`include` under [files] where it is left out, or name the folder that its packages "
            f"lie in as {_ROOT}"
        )
    if rest and parent:
        cure = behind(name) or "install the version that its authors used, or change the import"
        return (
            f"the module {name!r}, which the installed {top}{_version(top)} does not have; {cure}"
        )
    if own and (place := next(own.find(top), None)):
        return (
            f"{top!r}, which lies in the submission at {_shown(place)} where no import looks; "
            f'set `root = "{_shown(place).parent}"` under [model]'
        )
    if own and (file := next((f for f in own.folder.rglob(top) if f.is_file()), None)):
        return (
            f"{top!r}, which is a file without a suffix in the submission, "
            f"{_shown(file.relative_to(own.folder))}, as links become where they are not kept; "
            "put what it led to in its place"
        )
    if top in _PUBLISHED:
        return f"the package {top!r}, which is not installed here; install it"
    return (
        f"{top!r}, which is neither installed here nor among the submission's files; put its "
        f"file there, or name the folder that holds it as {_ROOT}"
    )


def behind(name: str) -> str:
    """Say what to do where the entry's own module `name` is another than that which is imported.

    Nothing where it has none, or has it imported.
    """
    top = name.partition(".")[0]
    own, module = _finder(), sys.modules.get(top)
    place = next(own.find(top), None) if own else None
    if not (own and place and module) or own.holds(module):
        return ""
    return f"its own {_shown(place)} stands behind a module of Python or of a package; rename it"


def _shown(place: Path) -> Path:
    """Return a place in the worker's folder as the team knows it."""
    return place.relative_to(SUBMISSION) if place.parts[0] == SUBMISSION else place


def _finder() -> OwnModules | None:
    return next((finder for finder in sys.meta_path if isinstance(finder, OwnModules)), None)


def _version(package: str) -> str:
    try:
        return f" {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return ""
