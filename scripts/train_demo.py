"""Train a network of the embedded demo challenge from images that pip installs.

    python scripts/train_demo.py small|large

writes submissions/demo_<size>/weights.pth and prints how it does on the evaluation images.
The training images come with scikit-image and matplotlib; none shows an evaluation scene.
"""

import argparse
import importlib.util
import time
from copy import deepcopy
from pathlib import Path

import matplotlib
import numpy as np
import PIL.Image
import skimage
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from harness.images.png import crop_to_multiple
from harness.images.resize import downscale, upscale
from harness.worker.pixels import to_input, to_uint8

ROOT = Path(__file__).resolve().parents[1]
SCALE = 4
SIZES = {"small": {"channels": 16, "blocks": 2}, "large": {"channels": 32, "blocks": 3}}
EVALUATION = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
# motorcycle_right.png is absent on purpose: it shows the scene of motorcycle_left.png
TRAINING = (
    *("brick.png", "camera.png", "cell.png", "clock_motion.png", "coins.png", "color.png"),
    *("grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "page.png"),
    *("retina.jpg", "rocket.jpg", "text.png", "grace_hopper.jpg"),
)

Image = NDArray[np.uint8]
Pair = tuple[torch.Tensor, torch.Tensor]


def main() -> None:
    """Train the size that the command line names and save its weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="default: submissions/demo_<size>/weights.pth")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = build_network(options.size)
    average = train(network, training_pairs(), options.steps)
    out = options.out or ROOT / "submissions" / f"demo_{options.size}" / "weights.pth"
    torch.save(average.state_dict(), out)
    print_table(average)


def build_network(size: str) -> nn.Module:
    """Build `DemoNet` from models/demo.py, which is a file and not a package."""
    spec = importlib.util.spec_from_file_location("demo", ROOT / "models" / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.DemoNet(**SIZES[size])


def read_bundled(name: str) -> Image:
    """Read one image of scikit-image's or matplotlib's installed data as RGB."""
    folders = (
        Path(skimage.__file__).parent / "data",
        Path(matplotlib.get_data_path()) / "sample_data",
    )
    path = next(folder / name for folder in folders if (folder / name).is_file())
    with PIL.Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def training_pairs() -> list[Pair]:
    """Return (LR, HR) tensors [3, H, W] in 0..1, of each image as it is and shrunk by 2 and 3."""
    pairs = []
    for name in TRAINING:
        for shrink in (1, 2, 3):
            image = downscale(crop_to_multiple(read_bundled(name), shrink), shrink)
            if min(image.shape[:2]) >= 40 * SCALE:
                hr = crop_to_multiple(image, SCALE)
                pairs.append((to_input(downscale(hr, SCALE), 1.0)[0], to_input(hr, 1.0)[0]))
    return pairs


def train(network: nn.Module, pairs: list[Pair], steps: int) -> nn.Module:
    """Train with Adam on random patches; return the moving average of the network."""
    # convolutions of this size train a fifth faster in this memory order on a CPU
    network = network.to(memory_format=torch.channels_last)
    average = deepcopy(network).eval()
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    weights = torch.tensor([float(lr[0].numel()) for lr, _ in pairs])
    started = time.monotonic()
    for step in range(steps):
        lr, hr = random_batch(pairs, weights)
        loss = F.l1_loss(network(lr), hr)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for mean, value in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(value, 1 - min(0.999, step / (step + 10)))
        if step % 500 == 499:
            print(f"step {step + 1}  {time.monotonic() - started:.0f} s", end="  ", flush=True)
            print_table(average)
    return average


def random_batch(pairs: list[Pair], weights: torch.Tensor, size: int = 16, side: int = 32) -> Pair:
    """Return `size` random patches of side x side LR pixels, turned, mirrored and recoloured."""
    patches = [random_patch(*pairs[int(i)], side) for i in torch.multinomial(weights, size, True)]
    lr, hr = zip(*patches, strict=True)
    channels_last = torch.channels_last
    return (
        torch.stack(lr).contiguous(memory_format=channels_last),
        torch.stack(hr).contiguous(memory_format=channels_last),
    )


def random_patch(lr: torch.Tensor, hr: torch.Tensor, side: int) -> Pair:
    """Cut the same place out of both images and change both in the same way."""
    top, left = (int(torch.randint(length - side + 1, ())) for length in lr.shape[1:])
    lr = lr[:, top : top + side, left : left + side]
    hr = hr[:, SCALE * top : SCALE * (top + side), SCALE * left : SCALE * (left + side)]
    turns, mirrored = int(torch.randint(4, ())), bool(torch.rand(()) < 0.5)
    channels = torch.randperm(3)
    # gains of their own turn the many grey images into coloured ones
    gains = 1 - 0.5 * torch.rand(3, 1, 1)
    offsets = (1 - gains) * torch.rand(3, 1, 1)

    def change(patch: torch.Tensor) -> torch.Tensor:
        patch = torch.rot90(patch[channels], turns, (1, 2)) * gains + offsets
        return patch.flip(2) if mirrored else patch

    return change(lr), change(hr)


@torch.no_grad()
def print_table(network: nn.Module) -> None:
    """Print the RGB PSNR of bicubic and of the network on each evaluation image."""
    for name in EVALUATION:
        hr = crop_to_multiple(read_bundled(name), SCALE)
        lr = downscale(hr, SCALE)
        sr = to_uint8(network(to_input(lr, 1.0)), 1.0)
        floor, reached = psnr_db(upscale(lr, SCALE), hr), psnr_db(sr, hr)
        print(f"{Path(name).stem} {floor:.2f} -> {reached:.2f}", end="  ")
    print(flush=True)


def psnr_db(sr: Image, hr: Image) -> float:
    """Return the RGB PSNR with a border of SCALE pixels cut."""
    inside = np.s_[SCALE:-SCALE, SCALE:-SCALE]
    mse = ((sr[inside].astype(np.float64) - hr[inside]) ** 2).mean()
    return float(10 * np.log10(255**2 / mse))


if __name__ == "__main__":
    main()
