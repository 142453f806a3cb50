"""The bundled protocols state the facts of the editions, and a faulty file gets one sentence."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from harness import protocol, resize
from harness.errors import ProtocolError
from harness.table import read_table

PUBLISHED = Path(__file__).resolve().parents[1] / "reports" / "published"
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


def write(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def bundled_text(name: str) -> str:
    return (Path(protocol.__file__).parent / "protocols" / f"{name}.toml").read_text("utf-8")


# ---------------------------------------------------------------- the facts of the editions


def test_bundled_protocols_are_named_after_their_files() -> None:
    assert protocol.bundled() == ["classic", "demo", *EDITIONS]
    assert [protocol.load(name).name for name in protocol.bundled()] == protocol.bundled()


@pytest.mark.parametrize("name", EDITIONS)
def test_editions_upscale_by_four_and_count_at_256(name: str) -> None:
    edition = protocol.load(name)
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
    thresholds = [split.threshold for split in protocol.load(name).splits]
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
    edition = protocol.load(name)
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
    assert [(split.hr, split.lr) for split in protocol.load(name).splits] == layout


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
    baseline = protocol.load(name).baseline
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
    baseline = protocol.load(name).baseline
    (entry,) = (figures for figures in read_table(PUBLISHED / f"{name}.csv") if figures.name == row)
    assert row in baseline.names
    psnr = {f"psnr_{split}_db": value for split, value in entry.psnr_db.items()}
    assert baseline.published == pytest.approx({**psnr, **entry.metrics}, rel=1e-15)


def test_only_2022_leaves_ids_out() -> None:
    unranked = {name: protocol.load(name).unranked for name in protocol.bundled()}
    assert unranked.pop("ntire2022") == (-1, 0)
    assert set(unranked.values()) == {()}


def bicubic_psnr_db(image: np.ndarray) -> float:
    hr = image[: image.shape[0] // 4 * 4, : image.shape[1] // 4 * 4]
    sr = resize.upscale(resize.downscale(hr, 4), 4)
    error = (hr.astype(float) - sr.astype(float))[4:-4, 4:-4]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def test_the_demo_has_four_bundled_images_and_leaves_bicubic_out() -> None:
    demo = protocol.load("demo")
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
    classic = protocol.load("classic", scale)
    assert (classic.scale, classic.border, classic.colour) == (scale, scale, "y")
    names = ["Set5", "Set14", "B100", "Urban100", "Manga109"]
    assert [split.name for split in classic.splits] == names
    assert {split.threshold for split in classic.splits} == {None}
    assert {(split.hr, split.lr) for split in classic.splits} == {("", "")}
    assert (classic.tracks, classic.baseline.names) == ((), ())
    assert classic.title == f"Classic benchmarks at x{scale}"


# ---------------------------------------------------------------- files of one's own


def test_a_file_of_several_scales_is_a_protocol_for_each(tmp_path: Path) -> None:
    text = bundled_text("demo").replace("scale = 4", "scales = [4, 8]").replace("x4", "x{scale}")
    four, eight = protocol.load_scales(write(tmp_path, text))
    assert four == protocol.load("demo")
    assert (eight.scale, eight.border, eight.splits[0].lr) == (8, 4, "demo_valid_LR/*x8.png")
    with pytest.raises(ProtocolError, match=r"own\.toml is of the scales 4, 8, not of 2"):
        protocol.load(tmp_path / "own.toml", 2)


def test_a_fault_at_every_scale_is_said_once(tmp_path: Path) -> None:
    text = bundled_text("classic").replace('"Set5"', '"Set5"\nhr = "/*.png"\nlr = "LR/*.png"')
    with pytest.raises(ProtocolError) as caught:
        protocol.load(write(tmp_path, text))
    assert str(caught.value).count("must lie below the data folder") == 1


def test_a_file_is_read_like_a_bundled_protocol(tmp_path: Path) -> None:
    text = bundled_text("ntire2026").replace("runtime_ms = 0.8", "runtime_ms = 0.5")
    own = protocol.load(write(tmp_path, text))
    assert own.tracks[0].weights == {"runtime_ms": 0.5, "flops": 0.1, "params": 0.1}
    assert own.splits == protocol.load("ntire2026").splits


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ProtocolError) as caught:
        protocol.load("ntire2206")
    assert str(caught.value) == (
        "there is no protocol 'ntire2206'; did you mean 'ntire2026'? Name one of classic, demo, "
        "ntire2022, ntire2023, ntire2024, ntire2025, ntire2026, or a TOML file"
    )


def test_a_name_far_from_all_gets_the_list() -> None:
    with pytest.raises(
        ProtocolError, match=r"^there is no protocol 'x'; Name one of classic, demo, ntire"
    ):
        protocol.load("x")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"
    with pytest.raises(ProtocolError) as caught:
        protocol.load(path)
    assert str(caught.value) == f"protocol {path} cannot be read: No such file or directory"


def test_a_folder_is_no_protocol(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="cannot be read: Is a directory"):
        protocol.load(tmp_path)


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(bundled_text("demo").encode("utf-16"))
    with pytest.raises(ProtocolError, match=r"own\.toml is not text in UTF-8"):
        protocol.load(path)


def test_malformed_toml_is_located(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"own\.toml: .*line 2"):
        protocol.load(write(tmp_path, 'name = "own"\nscale = = 4\n'))


def test_all_contradictions_are_listed_together(tmp_path: Path) -> None:
    text = bundled_text("demo").replace("scale = 4", "scale = 0")
    path = write(tmp_path, text.replace("db = 25.80", "db = 25.805"))
    with pytest.raises(ProtocolError) as caught:
        protocol.load(path)
    assert str(caught.value) == (
        f"protocol {path}: scale must be at least 1 and border at least 0; "
        "split 'valid': the threshold 25.805 is not a number of 2 decimals (0 to 6)"
    )


SPLIT_END = "[[splits]]\nname = "


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("scale = 4", "scal = 4", "unknown key 'scal' at the top level; did you mean 'scale'?"),
        ("scale = 4", 'scale = "4"', "scale must be a whole number, not '4'"),
        ('name = "fvcore"', 'name = "fvcor"', "counter.name must be one of 'fvcore', 'hooks'"),
        ('method = "exp_ratio"', 'method = "sum"', "tracks[0].method must be one of"),
        ("flops = 0.1,", "flop = 0.1,", "'overall': unknown metric 'flop'; did you mean 'flops'?"),
        ("flops = 0.1,", "flops = -0.1,", "'overall': the weight of flops must be positive"),
        ("flops = 0.1,", "flops = nan,", "'overall': the weight of flops must be positive"),
        ("{ flops = 1 }", "{ }", "track 'flops': weights must not be empty"),
        ('name = "flops"', 'name = "params"', "tracks: the name 'params' stands twice"),
        (SPLIT_END + '"test"', SPLIT_END + '"valid"', "splits: the name 'valid' stands twice"),
        (SPLIT_END + '"test"', SPLIT_END + '"y_test"', "a name is of letters and digits"),
        ("db = 25.80", "db = 0.0", "a threshold of 0.0 dB is out of range"),
        ("db = 25.80", "db = nan", "a threshold of nan dB is out of range"),
        ("db = 25.80", "db = 25.8\ndecimals = -1", "is not a number of -1 decimals"),
        ('hr = "demo_valid_HR/*.png"', 'hr = "../HR/*.png"', "must lie below the data folder"),
        ('hr = "demo_valid_HR/*.png"', 'hr = "/HR/*.png"', "must lie below the data folder"),
        ('hr = "demo_valid_HR/*.png"', 'hr = "HR/one.png"', "one `*` in its file name"),
        ('hr = "demo_valid_HR/*.png"', 'hr = "*/one.png"', "one `*` in its file name"),
        ('lr = "demo_valid_LR/*x4.png"', 'lr = "demo_valid_HR/*.png"', "are the same pattern"),
        ('names = ["Demo large"]', "names = []", "baseline.names must not be empty"),
        ("[[splits]]", "[baseline.published]\nflop = 1\n[[splits]]", "did you mean 'flops'?"),
        ("[[splits]]", "[baseline.published]\nflops = 0\n[[splits]]", "flops must be positive"),
        ("rounds = 3", "sweeps = 0", "timing.sweeps at least 1"),
        ("rounds = 3", 'policy = "official"\nsweeps = 2', "one pass per run"),
        ("rounds = 3", "warm_up_passes = 1", "two passes are compared"),
        ("drift = 0.25", "drift = 0", "must lie between 0 and 1"),
        ('source = "as ntire2026"', 'source = ""', "counter needs a source"),
        ("scale = 4", "scales = []", "scales must be a list of different scales"),
        ("scale = 4", "scales = [2, 2]", "scales must be a list of different scales"),
        ("scale = 4", "scales = 4", "scales must be a list of different scales"),
        ("scale = 4", "scale = 4\nscales = [4]", "and stand alone"),
        ("border = 4", 'border = "scale"', "border must be a whole number, not 'scale'"),
        ("[timing]", "[complexity]\ninput = [0, 256]\n[timing]", "must be two positive numbers"),
        ("[timing]", "[complexity]\noutput = [720, 0]\n[timing]", "must be two positive numbers"),
        ("[timing]", "[complexity]\ninput = [256]\n[timing]", "must be a list of 2 values"),
        (
            "[timing]",
            "[complexity]\ninput = [64, 64]\noutput = [720, 1280]\n[timing]",
            "exclude each other",
        ),
        ("[timing]", '[complexity]\nlr_rounding = "up"\n[timing]', "one of 'floor', 'ceil'"),
    ],
)
def test_faults_are_named(tmp_path: Path, before: str, after: str, message: str) -> None:
    text = bundled_text("demo")
    assert before in text
    with pytest.raises(ProtocolError) as caught:
        protocol.load(write(tmp_path, text.replace(before, after, 1)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_protocol_without_splits(tmp_path: Path) -> None:
    head = bundled_text("demo").split("[[splits]]")[0]
    with pytest.raises(ProtocolError) as caught:
        protocol.load(write(tmp_path, "splits = []\n" + head))
    assert str(caught.value).endswith("splits must not be empty")


def test_a_score_relative_to_the_baseline_needs_one(tmp_path: Path) -> None:
    head, _, rest = bundled_text("demo").partition("[baseline]")
    text = head + rest[rest.index("[timing]") :]
    with pytest.raises(ProtocolError, match=r"baseline\.names must not be empty"):
        protocol.load(write(tmp_path, text))
    ranks = protocol.load(write(tmp_path, text.replace('"exp_ratio"', '"rank_sum"')))
    assert ranks.baseline.names == ()


@pytest.mark.parametrize("where", ["threshold", "track", "baseline"])
def test_every_number_carries_its_source(tmp_path: Path, where: str) -> None:
    text = bundled_text("ntire2026")
    sources = [line for line in text.splitlines() if line.startswith("source = ")]
    marks = {"threshold": "PSNR threshold", "track": "Score_Final", "baseline": "unrounded"}
    (line, *_) = (line for line in sources if marks[where] in line)
    with pytest.raises(ProtocolError, match=f"{where}.* needs a source"):
        protocol.load(write(tmp_path, text.replace(line, 'source = " "', 1)))


@pytest.mark.parametrize(
    ("rounding", "sizes"),
    [
        ("floor", {2: (360, 640), 3: (240, 426), 4: (180, 320)}),
        ("ceil", {2: (360, 640), 3: (240, 427), 4: (180, 320)}),
    ],
)
def test_the_lr_image_of_a_720p_output(
    tmp_path: Path, rounding: str, sizes: dict[int, tuple[int, int]]
) -> None:
    cost = f'[complexity]\noutput = [720, 1280]\nlr_rounding = "{rounding}"\n[timing]'
    text = bundled_text("demo").replace("[timing]", cost)
    for scale, size in sizes.items():
        edition = protocol.load(write(tmp_path, text.replace("scale = 4", f"scale = {scale}")))
        assert edition.cost_size == size
