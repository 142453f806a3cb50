"""An official repository in small: `repositories/edition`, with checkpoints as teams save them."""

import pickle
import shutil
from pathlib import Path

import torch
from torch import nn

from tests.support.places import TESTS

EDITION = TESTS / "repositories" / "edition"


class Unsafe:
    """Unpickles by calling a function, which could be any."""

    def __reduce__(self):
        return print, ("this code came from a checkpoint",)


def write_edition(folder: Path) -> Path:
    """Copy the repository to `folder` and give it its checkpoints."""
    shutil.copytree(EDITION, folder, ignore=shutil.ignore_patterns("__pycache__"))
    zoo = folder / "model_zoo"
    zoo.mkdir()
    plain = plain_state()
    save_as_cuda(plain, zoo / "team00_plain.pth")
    wrapped = {"net": {f"module.{key}": value for key, value in plain.items()}, "epoch": 3}
    torch.save(wrapped, zoo / "team02_wrapped.pkl", _use_new_zipfile_serialization=False)
    loose = {
        "body.weight": plain["body.weight"],
        "extra.a": torch.ones(1),
        "extra.b": torch.ones(1),
    }
    torch.save(loose, zoo / "team04_loose.pth")
    guide = nn.Conv2d(48, 48, 1)
    nn.init.constant_(guide.weight, 0.01)
    nn.init.zeros_(guide.bias)
    guided = {f"guide.{key}": value for key, value in guide.state_dict().items()}
    torch.save(plain | guided, zoo / "team07_operator.pth")
    with (zoo / "team14_unsafe.pth").open("wb") as stream:
        pickle.dump(Unsafe(), stream)
    return folder


def plain_state() -> dict[str, torch.Tensor]:
    """Return weights of `Plain` that repeat every LR pixel 4 x 4 times."""
    weight = torch.zeros(48, 3, 3, 3)
    for channel in range(3):
        weight[channel * 16 : channel * 16 + 16, channel, 1, 1] = 1
    return {"body.weight": weight, "body.bias": torch.zeros(48)}


def save_as_cuda(state: dict[str, torch.Tensor], file: Path) -> None:
    """Save tensors as if they lay on a GPU; this needs none."""
    plain_tag = torch.serialization.location_tag
    torch.serialization.location_tag = lambda _: "cuda:0"
    try:
        torch.save(state, file)
    finally:
        torch.serialization.location_tag = plain_tag
