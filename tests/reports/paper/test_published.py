"""Figures that papers print: the reader, and what the project ships."""

import csv
import json
from pathlib import Path

import pytest

from harness import protocols
from harness.errors import TableError
from reports import PUBLISHED
from reports.paper.published import COLUMNS, Published, read_published

PAPERS = PUBLISHED / "papers"
HEADER = ",".join(COLUMNS) + "\n"
GOOD = "ESC,light,2,paper,Set5,psnr_y_db,38.24,Table 2\n"


def fault(folder: Path, text: str) -> str:
    """Return the message of a faulty file, without the folder that it lies in."""
    file = folder / "paper.csv"
    file.write_text(text)
    with pytest.raises(TableError) as caught:
        read_published(file)
    return str(caught.value).replace(str(file), "paper.csv")


def by_key(name: str) -> dict[tuple[str, str, int, str, str, str], float]:
    return {
        (one.method, one.variant, one.scale, one.kind, one.on, one.metric): one.value
        for one in read_published(PAPERS / f"{name}.csv")
    }


def test_a_figure_per_line(tmp_path: Path) -> None:
    file = tmp_path / "paper.csv"
    file.write_text(HEADER + GOOD + "ESC,,2,paper,,params,947000,Table 2\n")
    assert read_published(file) == [
        Published("ESC", "light", 2, "paper", "Set5", "psnr_y_db", 38.24, "Table 2"),
        Published("ESC", "", 2, "paper", "", "params", 947000.0, "Table 2"),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ESC,light,2,paper,Set5,psnr_y,38.24,T", "'metric': 'psnr_y' is unknown; did you mean 'p"),
        ("ESC,light,2,paper,Set5,psnr_y_db,high,T", "column 'value': 'high' is not a number"),
        ("ESC,light,2,paper,Set5,ssim_y,38.24,T", "'value': an SSIM of 38.24 is above 1"),
        ("ESC,light,2,paper,,psnr_y_db,38.24,T", "'dataset': is empty; psnr_y_db needs the name"),
        ("ESC,light,x2,paper,Set5,psnr_y_db,38.2,T", "'scale': 'x2' is not a whole number"),
        ("ESC,light,0,paper,Set5,psnr_y_db,38.24,T", "'scale': '0' is not a factor like 2, 3"),
        ("ESC,light,2,paper,Set5,psnr_y_db,38.24,", "column 'source': is empty"),
        ("ESC,light,2,paper,Set5,psnr_y_db", "6 cells, but line 1 names 8 columns"),
        (GOOD.strip(), "column 'value': the same figure stands already in paper.csv, line 2"),
    ],
)
def test_a_fault_names_its_line(tmp_path: Path, line: str, message: str) -> None:
    told = fault(tmp_path, HEADER + GOOD + line + "\n")
    assert told.startswith("paper.csv, line 3")
    assert message in told


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    assert "line 1: its columns must be method, variant," in fault(tmp_path, "name,psnr\n1,2\n")
    assert "has no figures below its first line" in fault(tmp_path, HEADER)


@pytest.mark.parametrize("file", sorted(PAPERS.glob("*.csv")), ids=lambda file: file.stem)
def test_what_is_shipped_is_readable(file: Path) -> None:
    assert read_published(file)


def test_the_table_of_dlgsanet(shared: Path) -> None:
    found = by_key("dlgsanet")
    with (shared / "published" / "dlgsanet.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    for row in rows:
        for metric in ("psnr_y_db", "ssim_y"):
            key = (row["method"], row["variant"], int(row["scale"]), row["kind"], row["dataset"])
            assert found.pop((*key, metric)) == float(row[metric])
    facts = json.loads((shared / "goldens" / "facts.json").read_text())["models"]
    for scale in (2, 3, 4):
        published = facts[f"dlgsanet_large_x{scale}"]["published"]
        key = ("DLGSANet", "", scale, "paper")
        assert found.pop((*key, "", "params")) == pytest.approx(published["params_M"] * 1e6)
        assert found.pop((*key, "1280x720", "flops")) == published["flops_G"] * 1e9
        for dataset, (psnr, ssim) in published["psnr_ssim"].items():
            assert found.pop((*key, dataset, "psnr_y_db")) == psnr
            assert found.pop((*key, dataset, "ssim_y")) == ssim
    assert found == {}


def test_the_table_of_esc(shared: Path) -> None:
    found = by_key("esc")
    facts = json.loads((shared / "goldens" / "facts.json").read_text())["models"]
    for name, variant in (("base", ""), ("light", "light"), ("fp", "FP")):
        for scale in (2, 3, 4):
            published = facts[f"esc_{name}_x{scale}"]["published"]
            key = ("ESC", variant, scale, "paper")
            assert found.pop((*key, "", "params")) == published["params_K"] * 1e3
            flops = found.pop((*key, "1280x720", "flops"))
            assert flops == pytest.approx(published["flops_G"] * 1e9)
            assert found.pop((*key, "1280x720", "latency_ms")) == published["latency_ms"]
            assert found.pop((*key, "1280x720", "memory_mib")) == published["mem_mb"]
            for trained in ("DIV2K", "DFLIP"):
                kind = "paper" if trained == "DIV2K" else "paper, DFLIP"
                for dataset, pair in published.get(f"psnr_ssim_{trained}", {}).items():
                    for metric, value in zip(("psnr_y_db", "ssim_y"), pair, strict=True):
                        assert found.pop((*key[:3], kind, dataset, metric)) == value
    assert found == {}


def test_baselines_are_those_of_the_protocols() -> None:
    found = by_key("baselines")
    for year, name, data in (
        (2022, "IMDN", "DIV2K"),
        (2023, "RFDN", "DIV2K"),
        (2024, "RLFN", "DIV2K_LSDIR"),
        (2025, "EFDN", "DIV2K_LSDIR"),
        (2026, "SPAN", "DIV2K_LSDIR"),
    ):
        published = protocols.load(f"ntire{year}").baseline.published
        key = (name, "", 4, "challenge")
        for metric, size in (("params", ""), ("flops", "256x256"), ("activations", "256x256")):
            assert found[*key, size, metric] == pytest.approx(published[metric], rel=2e-3)
        psnr = found[*key, f"{data}_valid", "psnr_db"]
        assert psnr == pytest.approx(published["psnr_valid_db"], abs=0.005)
