"""A module that was not found: what it is, and what to do about it."""

import importlib.metadata
import sys
from pathlib import Path

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
    own = next((finder for finder in sys.meta_path if isinstance(finder, OwnModules)), None)
    parent = sys.modules.get(top)
    places = [Path(place) for place in getattr(parent, "__path__", [])]
    if own and parent and any(place.is_relative_to(own.folder) for place in places):
        return (
            f"its own module {rest!r}, which is not among its files; add it, take it with "
            f"`include` under [files] where it is left out, or name the folder that its packages "
            f"lie in as {_ROOT}"
        )
    if rest and parent:
        return (
            f"the module {name!r}, which the installed {top}{_version(top)} does not have; "
            "install the version that its authors used, or change the import"
        )
    if own and (place := next(own.find(top), None)):
        return (
            f"{top!r}, which lies in the submission at {place} where no import looks; "
            f"name the folder that holds it as {_ROOT}"
        )
    if top in _PUBLISHED:
        return f"the package {top!r}, which is not installed here; install it"
    return (
        f"{top!r}, which is neither installed here nor among the submission's files; put its "
        f"file there, or name the folder that holds it as {_ROOT}"
    )


def _version(package: str) -> str:
    try:
        return f" {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return ""
