"""A protocol's file is read, and a faulty one gets one sentence."""

from pathlib import Path

import pytest

from harness import protocols
from harness.errors import ProtocolError


def write(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def bundled_text(name: str) -> str:
    return (Path(protocols.__file__).parent / f"{name}.toml").read_text("utf-8")


# ---------------------------------------------------------------- files of one's own


def test_a_file_of_several_scales_is_a_protocol_for_each(tmp_path: Path) -> None:
    text = bundled_text("demo").replace("scale = 4", "scales = [4, 8]").replace("x4", "x{scale}")
    four, eight = protocols.load_scales(write(tmp_path, text))
    assert four == protocols.load("demo")
    assert (eight.scale, eight.border, eight.splits[0].lr) == (8, 4, "demo_valid_LR/*x8.png")
    with pytest.raises(ProtocolError, match=r"own\.toml is of the scales 4, 8, not of 2"):
        protocols.load(tmp_path / "own.toml", 2)


def test_a_fault_at_every_scale_is_said_once(tmp_path: Path) -> None:
    text = bundled_text("classic").replace('"Set5"', '"Set5"\nhr = "/*.png"\nlr = "LR/*.png"')
    with pytest.raises(ProtocolError) as caught:
        protocols.load(write(tmp_path, text))
    assert str(caught.value).count("must lie below the data folder") == 1


def test_a_file_is_read_like_a_bundled_protocol(tmp_path: Path) -> None:
    text = bundled_text("ntire2026").replace("runtime_ms = 0.8", "runtime_ms = 0.5")
    own = protocols.load(write(tmp_path, text))
    assert own.tracks[0].weights == {"runtime_ms": 0.5, "flops": 0.1, "params": 0.1}
    assert own.splits == protocols.load("ntire2026").splits


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ProtocolError) as caught:
        protocols.load("ntire2206")
    assert str(caught.value) == (
        "there is no protocol 'ntire2206'; did you mean 'ntire2026'? Name one of classic, demo, "
        "ntire2022, ntire2023, ntire2024, ntire2025, ntire2026, or a TOML file"
    )


def test_a_name_far_from_all_gets_the_list() -> None:
    with pytest.raises(
        ProtocolError, match=r"^there is no protocol 'x'; name one of classic, demo, ntire"
    ):
        protocols.load("x")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"
    with pytest.raises(ProtocolError) as caught:
        protocols.load(path)
    assert str(caught.value) == f"protocol {path} cannot be read: No such file or directory"


def test_a_folder_is_no_protocol(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="cannot be read: Is a directory"):
        protocols.load(tmp_path)


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(bundled_text("demo").encode("utf-16"))
    with pytest.raises(ProtocolError, match=r"own\.toml is not text in UTF-8"):
        protocols.load(path)


def test_malformed_toml_is_located(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"own\.toml: .*line 2"):
        protocols.load(write(tmp_path, 'name = "own"\nscale = = 4\n'))


def test_all_contradictions_are_listed_together(tmp_path: Path) -> None:
    text = bundled_text("demo").replace("scale = 4", "scale = 0")
    path = write(tmp_path, text.replace("db = 25.80", "db = 25.805"))
    with pytest.raises(ProtocolError) as caught:
        protocols.load(path)
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
        ("sweeps = 1", "sweeps = 0", "timing.sweeps at least 1"),
        ("sweeps = 1", 'policy = "official"\nsweeps = 2', "one pass per run"),
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
        protocols.load(write(tmp_path, text.replace(before, after, 1)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_protocol_without_splits(tmp_path: Path) -> None:
    head = bundled_text("demo").split("[[splits]]")[0]
    with pytest.raises(ProtocolError) as caught:
        protocols.load(write(tmp_path, "splits = []\n" + head))
    assert str(caught.value).endswith("splits must not be empty")


def test_a_score_relative_to_the_baseline_needs_one(tmp_path: Path) -> None:
    head, _, rest = bundled_text("demo").partition("[baseline]")
    text = head + rest[rest.index("[timing]") :]
    with pytest.raises(ProtocolError, match=r"baseline\.names must not be empty"):
        protocols.load(write(tmp_path, text))
    ranks = protocols.load(write(tmp_path, text.replace('"exp_ratio"', '"rank_sum"')))
    assert ranks.baseline.names == ()


@pytest.mark.parametrize("where", ["threshold", "track", "baseline"])
def test_every_number_carries_its_source(tmp_path: Path, where: str) -> None:
    text = bundled_text("ntire2026")
    sources = [line for line in text.splitlines() if line.startswith("source = ")]
    marks = {"threshold": "PSNR threshold", "track": "Score_Final", "baseline": "unrounded"}
    (line, *_) = (line for line in sources if marks[where] in line)
    with pytest.raises(ProtocolError, match=f"{where}.* needs a source"):
        protocols.load(write(tmp_path, text.replace(line, 'source = " "', 1)))


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
        edition = protocols.load(write(tmp_path, text.replace("scale = 4", f"scale = {scale}")))
        assert edition.cost_size == size
