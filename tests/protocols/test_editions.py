"""The bundled protocols state the facts of the editions."""

import numpy as np
import pytest
from skimage import data

from harness import protocols
from harness.images import resize
from harness.ranking.table import read_table
from reports import PUBLISHED

EDITIONS = ["ntire2022", "ntire2023", "ntire2024", "ntire2025", "ntire2026"]

RATIOS_2024 = {"runtime_ms": 0.7, "flops": 0.15, "params": 0.15}
RATIOS_2026 = {"runtime_ms": 0.8, "flops": 0.1, "params": 0.1}
COMPLEXITY = {"params": 1.0, "flops": 1.0}
ALL_FIVE = dict.fromkeys(("runtime_ms", "params", "flops", "activations", "memory_mib"), 1.0)
SUM_TRACKS = [("runtime", {"runtime_ms": 1.0}), ("complexity", COMPLEXITY), ("overall", ALL_FIVE)]
SUB_TRACKS = [
    ("runtime", {"runtime_ms": 1.0}),
    ("flops", {"flops": 1.0}),
    ("params", {"params": 1.0}),
]


def test_bundled_protocols_are_named_after_their_files() -> None:
    assert protocols.bundled() == ["classic", "demo", *EDITIONS]
    assert [protocols.load(name).name for name in protocols.bundled()] == protocols.bundled()


@pytest.mark.parametrize("name", EDITIONS)
def test_editions_upscale_by_four_and_count_at_256(name: str) -> None:
    edition = protocols.load(name)
    assert (edition.scale, edition.border, edition.cost_size) == (4, 4, (256, 256))
    assert [split.name for split in edition.splits] == ["valid", "test"]


@pytest.mark.parametrize(
    ("name", "valid", "test"),
    [
        ("ntire2022", 28.95, 28.65),
        ("ntire2023", 29.00, None),
        ("ntire2024", 26.90, 26.99),
        ("ntire2025", 26.90, 26.99),
        ("ntire2026", 26.90, 26.99),
    ],
)
def test_thresholds(name: str, valid: float, test: float | None) -> None:
    thresholds = [split.threshold for split in protocols.load(name).splits]
    assert [threshold and threshold.db for threshold in thresholds] == [valid, test]
    assert [threshold.decimals for threshold in thresholds if threshold] == [2] * (1 + bool(test))


@pytest.mark.parametrize(
    ("name", "counter", "method", "tracks"),
    [
        ("ntire2022", "hooks", "rank_sum", SUM_TRACKS),
        ("ntire2023", "hooks", "rank_sum", SUM_TRACKS),
        ("ntire2024", "fvcore", "exp_ratio", [("overall", RATIOS_2024), *SUB_TRACKS]),
        ("ntire2025", "fvcore", "exp_ratio", [("overall", RATIOS_2024), *SUB_TRACKS]),
        ("ntire2026", "fvcore", "exp_ratio", [("overall", RATIOS_2026), *SUB_TRACKS]),
        ("demo", "fvcore", "exp_ratio", [("overall", RATIOS_2026), *SUB_TRACKS]),
    ],
)
def test_counters_and_tracks(
    name: str, counter: str, method: str, tracks: list[tuple[str, dict[str, float]]]
) -> None:
    edition = protocols.load(name)
    assert edition.counter.name == counter
    assert [(track.name, track.weights) for track in edition.tracks] == tracks
    assert {track.method for track in edition.tracks} == {method}


OFFICIAL_VALID = ("DIV2K_LSDIR_valid_HR/*.png", "DIV2K_LSDIR_valid_LR/*x4.png")
OFFICIAL_TEST = ("DIV2K_LSDIR_test_HR/*.png", "DIV2K_LSDIR_test_LR/*x4.png")
DIV2K_VALID = ("DIV2K_valid_HR/*.png", "DIV2K_valid_LR/*x4.png")


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("ntire2022", [DIV2K_VALID, ("DIV2K_test_HR/*.png", "DIV2K_test_LR/*.png")]),
        ("ntire2023", [DIV2K_VALID, ("LSDIR_DIV2K_test_HR/*.png", "LSDIR_DIV2K_test_LR/*x4.png")]),
        ("ntire2024", [OFFICIAL_VALID, OFFICIAL_TEST]),
        ("ntire2025", [OFFICIAL_VALID, OFFICIAL_TEST]),
        ("ntire2026", [OFFICIAL_VALID, OFFICIAL_TEST]),
    ],
)
def test_folders_have_the_official_layout(name: str, layout: list[tuple[str, str]]) -> None:
    assert [(split.hr, split.lr) for split in protocols.load(name).splits] == layout


@pytest.mark.parametrize(
    ("name", "called", "figures"),
    [
        # PSNR valid, test; runtime; params M, FLOPs G, activations M, memory MiB
        ("ntire2022", "IMDN", (29.13, 28.78, 50.86, 0.894, 58.53, 154.14, 471.76)),
        ("ntire2023", "RFDN", (29.04, None, 39.39, 0.433, 27.10, 112.03, 788.13)),
        ("ntire2024", "RLFN", (26.96, 27.07, 13.54, 0.317, 19.67, 80.05, 467.70)),
        ("ntire2025", "EFDN", (26.93, 27.01, 16.69, 0.276, 16.70, 111.12, 1091.54)),
        ("ntire2026", "SPAN", (26.94, 27.01, 7.74, 0.151, 9.83, 41.68, 705.24)),
    ],
)
def test_published_figures_of_the_baselines(
    name: str, called: str, figures: tuple[float | None, ...]
) -> None:
    baseline = protocols.load(name).baseline
    published = baseline.published
    assert called in baseline.names
    printed = {
        "psnr_valid_db": round(published["psnr_valid_db"], 2),
        "psnr_test_db": round(published["psnr_test_db"], 2) if figures[1] else None,
        "runtime_ms": round(published["runtime_ms"], 2),
        "params": round(published["params"] / 1e6, 3),
        "flops": round(published["flops"] / 1e9, 2),
        "activations": round(published["activations"] / 1e6, 2),
        "memory_mib": round(published["memory_mib"], 2),
    }
    assert tuple(printed.values()) == figures
    assert set(published) == {key for key, value in printed.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "row"), [("ntire2022", "IMDN_baseline"), ("ntire2026", "00_SPAN")]
)
def test_published_figures_are_those_of_the_published_table(name: str, row: str) -> None:
    baseline = protocols.load(name).baseline
    (entry,) = (figures for figures in read_table(PUBLISHED / f"{name}.csv") if figures.name == row)
    assert row in baseline.names
    psnr = {f"psnr_{split}_db": value for split, value in entry.psnr_db.items()}
    assert baseline.published == pytest.approx({**psnr, **entry.metrics}, rel=1e-15)


def test_only_2022_leaves_ids_out() -> None:
    unranked = {name: protocols.load(name).unranked for name in protocols.bundled()}
    assert unranked.pop("ntire2022") == (-1, 0)
    assert set(unranked.values()) == {()}


def bicubic_psnr_db(image: np.ndarray) -> float:
    hr = image[: image.shape[0] // 4 * 4, : image.shape[1] // 4 * 4]
    sr = resize.upscale(resize.downscale(hr, 4), 4)
    error = (hr.astype(float) - sr.astype(float))[4:-4, 4:-4]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def test_the_demo_has_four_bundled_images_and_leaves_bicubic_out() -> None:
    demo = protocols.load("demo")
    images = {
        "astronaut": data.astronaut(),
        "coffee": data.coffee(),
        "chelsea": data.chelsea(),
        "motorcycle_left": data.stereo_motorcycle()[0],
    }
    assert [split.bundled for split in demo.splits] == [
        ("astronaut", "coffee"),
        ("chelsea", "motorcycle_left"),
    ]
    assert demo.entries == ("demo_bicubic", "demo_small", "demo_large")
    assert demo.baseline.names == ("Demo large",)
    for split in demo.splits:
        bicubic = np.mean([bicubic_psnr_db(images[name]) for name in split.bundled])
        assert split.threshold
        assert bicubic < split.threshold.db - 0.1
        assert f"{bicubic:.2f} dB" in split.threshold.source


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_classic_benchmarks_at_each_scale(scale: int) -> None:
    classic = protocols.load("classic", scale)
    assert (classic.scale, classic.border, classic.colour) == (scale, scale, "y")
    names = ["Set5", "Set14", "B100", "Urban100", "Manga109"]
    assert [split.name for split in classic.splits] == names
    assert {split.threshold for split in classic.splits} == {None}
    assert {(split.hr, split.lr) for split in classic.splits} == {("", "")}
    assert (classic.tracks, classic.baseline.names) == ((), ())
    assert classic.title == f"Classic benchmarks at x{scale}"
