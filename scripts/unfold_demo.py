"""Write the checkpoint of submissions/demo_small_deploy: the small demo network, unfolded.

    python scripts/unfold_demo.py

Every 3x3 convolution is split into a 3x3 and a 1x1 branch that add up to it.
"""

from pathlib import Path

import torch

SUBMISSIONS = Path(__file__).resolve().parents[1] / "submissions"
# what a layer of DemoNet is called in the unfolded network
NAMES = {"head": "head", "tail": "tail"} | {
    f"body.{block}.{part}": f"{part}.{block}" for block in range(2) for part in ("first", "second")
}


def main() -> None:
    """Split the weights and save them."""
    folded = torch.load(SUBMISSIONS / "demo_small" / "weights.pth", weights_only=True)
    draw = torch.Generator().manual_seed(0)
    state = {}
    for name, new in NAMES.items():
        weight, bias = folded[f"{name}.weight"].clone(), folded[f"{name}.bias"].clone()
        side = 0.01 * torch.randn(*weight.shape[:2], 1, 1, generator=draw)
        weight[..., 1:2, 1:2] -= side
        state |= {f"{new}.side.weight": side, f"{new}.side.bias": 0.5 * bias}
        state |= {f"{new}.main.weight": weight, f"{new}.main.bias": 0.5 * bias}
    torch.save(state, SUBMISSIONS / "demo_small_deploy" / "weights.pth")


if __name__ == "__main__":
    main()
