"""Tables in the form of leaderboard.csv become figures; a fault is located by line and column."""

from pathlib import Path

import pytest

from harness.errors import TableError
from harness.ranking.table import read_table
from harness.records import Figures
from reports import PUBLISHED

LEADERBOARD = """\
rank,id,name,team,status,eligible,reason,score,psnr_valid_db,ssim_valid,psnr_y_valid_db,\
runtime_valid_ms,memory_valid_mib,psnr_test_db,runtime_test_ms,memory_test_mib,\
runtime_ms,params,params_loaded,flops,flops_fvcore,activations,num_conv,flags
1,7,"Small, fast",Red,ok,yes,,3.9,27.01,0.8,28.5,9.5,100.5,27.1,10.5,300.5,\
10.25,1000,1200,2e9,2e9,5,3,
,,Broken,Blue,failed,no,"load: no weights",,,,,,,,,,,,,,,,,
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


def fault(folder: Path, text: str) -> str:
    """Return the message of a faulty table, without the folder that it lies in."""
    path = write(folder, text)
    with pytest.raises(TableError) as caught:
        read_table(path)
    return str(caught.value).replace(str(path), "table.csv")


def test_a_leaderboard_is_read(tmp_path: Path) -> None:
    metrics = {"runtime_ms": 10.25, "flops": 2e9, "params": 1000.0, "activations": 5.0}
    assert read_table(write(tmp_path, LEADERBOARD)) == [
        Figures(
            name="Small, fast",
            id=7,
            team="Red",
            psnr_db={"valid": 27.01, "test": 27.1},
            metrics={**metrics, "memory_mib": 100.5},
        ),
        Figures(name="Broken", team="Blue", status="failed", reason="load: no weights"),
    ]


def test_the_reason_of_an_earlier_ranking_is_not_kept(tmp_path: Path) -> None:
    text = "name,status,eligible,reason,psnr_valid_db,params\nA,ok,no,PSNR is low,27,5\n"
    (entry,) = read_table(write(tmp_path, text))
    assert (entry.status, entry.reason) == ("ok", "")


def test_the_published_table_of_2026() -> None:
    figures = {entry.id: entry for entry in read_table(PUBLISHED / "ntire2026.csv")}
    assert len(figures) == 16
    assert figures[0] == Figures(
        name="00_SPAN",
        id=0,
        psnr_db={"valid": 26.94038757172958, "test": 27.012206466782786},
        metrics={
            "runtime_ms": pytest.approx((8.00402544260025 + 7.468770685791969) / 2, rel=1e-15),
            "flops": 9833807872.0,
            "params": 150688.0,
            "activations": 41680896.0,
            "memory_mib": 705.23681640625,  # of the first split, as the table prints it
        },
    )


def test_the_published_table_of_2022() -> None:
    figures = read_table(PUBLISHED / "ntire2022.csv")
    assert len(figures) == 45
    assert [entry.id for entry in figures[-2:]] == [0, -1]
    assert figures[7].name == "Bilibili AI"
    assert figures[7].metrics == {
        "runtime_ms": 34.67,
        "params": 283e3,
        "flops": 17.61e9,
        "activations": 90.5e6,
        "memory_mib": 633.74,
    }


@pytest.mark.parametrize("name", ["ntire2022.csv", "ntire2026.csv"])
def test_the_published_tables_are_whole(shared: Path, name: str) -> None:
    assert (PUBLISHED / name).read_bytes() == (shared / "published" / name).read_bytes()


def test_byte_order_mark_crlf_blank_lines_and_spaces_are_tolerated(tmp_path: Path) -> None:
    plain = "name,psnr_valid_db,params\nA,27.5,10\nB,27,20\n"
    odd = "\ufeffname, psnr_valid_db ,params\r\n A ,27.5,10\r\n,,\r\n\r\nB,27, 20"
    expected = read_table(write(tmp_path, plain))
    assert [entry.name for entry in expected] == ["A", "B"]
    assert read_table(write(tmp_path, odd)) == expected


def test_a_runtime_of_its_own_wins_over_the_splits(tmp_path: Path) -> None:
    text = (
        "name,psnr_a_db,runtime_a_ms,runtime_b_ms,runtime_ms,memory_b_mib,memory_a_mib,memory_mib\n"
        "own,27,1,2,9,5,6,7\nmean,27,1,2,,5,6,\none,27,,2,,,6,\n"
    )
    metrics = [entry.metrics for entry in read_table(write(tmp_path, text))]
    assert metrics == [
        {"runtime_ms": 9.0, "memory_mib": 7.0},
        {"runtime_ms": 1.5, "memory_mib": 5.0},
        {"runtime_ms": 2.0, "memory_mib": 6.0},
    ]


def test_perfect_psnr_is_infinite_and_luma_is_no_split(tmp_path: Path) -> None:
    text = "name,psnr_valid_db,psnr_y_valid_db,flops\nA,inf,30,0\n"
    (entry,) = read_table(write(tmp_path, text))
    assert entry.psnr_db == {"valid": float("inf")}
    assert entry.metrics == {"flops": 0.0}


HEADER = "id,name,status,psnr_valid_db,params\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,A,ok,27,x\n", "table.csv, line 2, column 'params': 'x' is not a number"),
        (
            "1,A,ok,27,5\n2,B,ok,1.2.3,5\n",
            "line 3, column 'psnr_valid_db': '1.2.3' is not a number",
        ),
        ("1,A,ok,27,-1\n", "column 'params': '-1' must be finite and not negative"),
        ("1,A,ok,27,nan\n", "column 'params': 'nan' must be finite and not negative"),
        ("1,A,ok,27,inf\n", "column 'params': 'inf' must be finite and not negative"),
        ("1,A,ok,nan,5\n", "column 'psnr_valid_db': 'nan' must be finite and not negative"),
        ("1.5,A,ok,27,5\n", "line 2, column 'id': '1.5' is not a whole number"),
        ("1,,ok,27,5\n", "line 2, column 'name': is empty"),
        ("1,A,fine,27,5\n", "column 'status': 'fine' is none of ok, partial, failed, skipped"),
        (
            "1,A,ok,27,5\n\n1,B,ok,27,5\n",
            "line 4, column 'id': 1 stands already in table.csv, line 2",
        ),
        ("1,A,ok,27\n", "table.csv, line 2: 4 cells, but line 1 names 5 columns"),
        ("1,A,ok,27,5,6\n", "table.csv, line 2: 6 cells, but line 1 names 5 columns"),
        ('1,"A,ok,27,5\n', "table.csv, line 2: unexpected end of data"),
        ("", "table.csv has no entries; give a table in the form of leaderboard.csv"),
    ],
)
def test_malformed_rows_are_located(tmp_path: Path, rows: str, message: str) -> None:
    assert message in fault(tmp_path, HEADER + rows)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "table table.csv is empty; its first line must name its columns"),
        ("psnr_valid_db,params", "table.csv, line 1: missing columns: name. "),
        ("name,params", "missing columns: psnr_S_db of some split S. "),
        ("name,psnr_y_valid_db,params", "missing columns: psnr_S_db of some split S. "),
        ("name,psnr_valid_db", "missing columns: a metric (runtime_ms, flops, params, "),
        ("name;psnr_valid_db;params", "missing columns: name; psnr_S_db of some split S; a metric"),
        ("name,params,psnr_a_db,params", "table.csv, line 1: the column 'params' stands twice"),
    ],
)
def test_faulty_headers_are_named(tmp_path: Path, header: str, message: str) -> None:
    assert message in fault(tmp_path, header and header + "\n1,2,3,4\n")


def test_an_absent_table(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"table .*absent\.csv cannot be read: No such file"):
        read_table(tmp_path / "absent.csv")


def test_a_table_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(LEADERBOARD.encode("utf-16"))
    with pytest.raises(TableError, match="is not text in UTF-8; save it as such"):
        read_table(path)
