"""Print the table of costs in `models/README.md`: `python -m tests.models.make_table`."""

import json
from dataclasses import dataclass

from tests.support.architectures import ARCHITECTURES
from tests.support.costs import Costs, measure
from tests.support.goldens import COSTS

HEADER = [
    "Network",
    "Params, published",
    "Params",
    "FLOPs, published",
    "FLOPs, fvcore",
    "FLOPs, hooks",
    "FLOPs 720p, fvcore",
    "Activations, published",
    "Activations",
    "Convs",
]
SAME_NETWORK = "rfdn_2022_x4"


@dataclass(frozen=True)
class Published:
    """What the edition, the factsheet or the paper printed."""

    params: str
    flops: str
    activations: str = ""


PUBLISHED = {
    "imdn_2022_x4": Published("0.894 M", "58.53 G, hooks", "154.14 M"),
    "rfdn_2023_x4": Published("0.433 M", "27.10 G, hooks", "112.03 M"),
    "rlfn_2024_x4": Published("0.317 M", "19.67 G, fvcore", "80.05 M"),
    "efdn_2025_x4": Published("0.276 M", "16.7 G, fvcore", "111.12 M"),
    "span_2026_x4": Published("0.151 M", "9.83 G, fvcore", "41.68 M"),
    "lgvan_x4": Published("0.1182 M", "9.0576 G, hooks", "332.39 M"),
    "dlgsanet_large_x2": Published("4.73 M", "1097 G 720p, own"),
    "dlgsanet_large_x3": Published("4.74 M", "486 G 720p, own"),
    "dlgsanet_large_x4": Published("4.76 M", "274 G 720p, own"),
    "esc_base_x2": Published("947 K", "592.0 G 720p"),
    "esc_base_x3": Published("955 K", "267.6 G 720p"),
    "esc_base_x4": Published("968 K", "149.2 G 720p"),
    "esc_light_x2": Published("603 K", "359.4 G 720p"),
    "esc_light_x3": Published("612 K", "162.8 G 720p"),
    "esc_light_x4": Published("624 K", "91.0 G 720p"),
    "esc_fp_x2": Published("524 K", "239.8 G 720p"),
    "esc_fp_x3": Published("530 K", "110.0 G 720p"),
    "esc_fp_x4": Published("539 K", "60.8 G 720p"),
}


def table() -> str:
    """Return the table in Markdown, measured now."""
    names = [name for name in json.loads(COSTS.read_text()) if name != SAME_NETWORK]
    rules = ["---"] + ["---:"] * (len(HEADER) - 1)
    return "\n".join(_line(cells) for cells in (HEADER, rules, *map(_row, names)))


def _row(name: str) -> list[str]:
    scale = ARCHITECTURES[name].scale
    challenge, large = measure(name), measure(name, (720 // scale, 1280 // scale))
    published = PUBLISHED.get(name, Published("", ""))
    return [
        name,
        published.params,
        f"{challenge.params:,}",
        published.flops,
        _fvcore(challenge),
        _giga(challenge.flops_hooks),
        _fvcore(large),
        published.activations,
        f"{challenge.activations / 1e6:.2f} M",
        str(challenge.num_conv),
    ]


def _fvcore(costs: Costs) -> str:
    unseen = f" + {_giga(costs.flops_unseen)}" if costs.flops_unseen else ""
    return _giga(costs.flops_fvcore) + unseen


def _giga(flops: int) -> str:
    return f"{flops / 1e9:.2f} G"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print(table())
