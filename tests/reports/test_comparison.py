"""Runs and tables side by side."""

import pytest

from harness.cli import main
from harness.errors import TableError
from reports.comparison import Pair, alone, compare, rows_of_table


@pytest.mark.parametrize(
    ("metric", "a", "b", "equal"),
    [
        ("psnr_valid_db", "26.94038757", "26.94", True),
        ("psnr_valid_db", "26.93", "26.94", False),
        ("psnr_valid_db", "26.9351", "26.94", True),
        ("psnr_valid_db", "26.9349", "26.94", False),
        ("params", "317208", "317000", True),  # printed as 0.317 M
        ("params", "316499", "317000", False),
        ("params", "139104", "139105", False),
        ("flops", "19674034176", "19670000000", True),  # printed as 19.67 G
        ("flops", "9107931136", "1591738368", False),
        ("num_conv", "22", "22.0", True),
        ("num_conv", "22", "18", False),
    ],
)
def test_numbers_are_equal_at_the_coarser_decimals(metric, a, b, equal):
    assert Pair("0", "x", metric, a, b).equal is equal
    assert Pair("0", "x", metric, b, a).equal is equal


def write(file, text):
    file.write_text(text)
    return file


def test_entries_meet_by_id_and_metrics_by_their_several_names(tmp_path):
    a = write(tmp_path / "a.csv", "id,name,flops_torch,params,note\n7,Mine,10,5,x\n8,Other,1,,\n")
    b = write(
        tmp_path / "b.csv", "edition,model_id,flops_torch_counter,params\n26,7,10,6\n22,7,1,1\n"
    )
    pairs = list(compare(rows_of_table(a), rows_of_table(b, "26")))
    assert [(p.entry, p.metric, p.a, p.b, p.equal) for p in pairs] == [
        ("7", "flops_torch", "10", "10", True),
        ("7", "params", "5", "6", False),
    ]
    assert {p.name for p in pairs} == {"Mine"}
    c = write(tmp_path / "c.csv", "id,name,params\n7,Theirs,5\n8,OTHER,1\n")
    names = [p.name for p in compare(rows_of_table(a), rows_of_table(c))]
    assert names == ["Mine (B: Theirs)"]


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("5,4.5,5.5", "5.8,5.5,6.1", True),  # the intervals meet
        ("5,4.5,5.5", "5.8,5.6,6.1", False),
        ("5,4.5,5.5", "5.5,,", True),  # a figure without an interval is a point
        ("5,4.5,5.5", "5.51,,", False),
        ("5.00,,", "5.01,,", False),
        ("5,5,5", "5,,", True),  # the baseline is the unit: an interval without width is none
    ],
)
def test_a_runtime_moved_where_intervals_do_not_meet(tmp_path, a, b, equal):
    header = "id,name,runtime_ms,runtime_ms_low,runtime_ms_high\n"
    sides = [
        rows_of_table(write(tmp_path / f"{side}.csv", f"{header}7,Mine,{row}\n"))
        for side, row in (("a", a), ("b", b))
    ]
    (pair,) = compare(*sides)
    assert (pair.metric, pair.equal) == ("runtime_ms", equal)


def test_entries_that_one_side_lacks_are_named(tmp_path):
    a = rows_of_table(write(tmp_path / "a.csv", "id,name,params\n7,Mine,1\n8,Other,1\n"))
    b = rows_of_table(write(tmp_path / "b.csv", "id,name,params\n7,Mine,1\n"))
    assert alone(a, b) == ["Other"]
    assert alone(b, a) == []


def test_two_rows_of_one_id_are_refused(tmp_path):
    table = write(tmp_path / "t.csv", "edition,model_id\n26,7\n22,7\n")
    with pytest.raises(TableError, match="--edition"):
        rows_of_table(table)


def test_the_command_shows_both_and_fails_where_one_differs(tmp_path, capsys):
    a = write(tmp_path / "a.csv", "id,name,params\n7,Mine,317208\n")
    b = write(tmp_path / "b.csv", "id,name,params\n7,Mine,318000\n")
    assert main(["compare", str(a), str(a)]) == 0
    assert main(["compare", str(a), str(b)]) == 1
    out = capsys.readouterr().out
    assert "317208  318000  DIFFERS" in out
    assert "0 of 1 figures" in out


def runtimes(tmp_path, *texts):
    return [
        str(write(tmp_path / f"{i}.csv", f"id,name,runtime_ms,psnr_valid_db\n7,Mine,{text}\n"))
        for i, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        ("runtime_ms>5%", 1),
        ("runtime_ms>10%", 0),
        ("runtime_ms>0.55", 1),
        ("runtime_ms<0", 0),
        ("psnr_valid_db<-0.01", 1),
        ("psnr_valid_db<-0.1", 0),
        ("params>0", 0),
    ],
)
def test_limits_decide_the_exit_status(limit, status, tmp_path, capsys):
    tables = runtimes(tmp_path, "10.00,27.00", "10.60,26.95")
    assert main(["compare", *tables, "--fail-on", limit]) == status
    assert ("FAIL  Mine: " in capsys.readouterr().out) == bool(status)


def test_a_limit_that_is_none_is_refused(tmp_path, capsys):
    tables = runtimes(tmp_path, "1.00,27.00", "1.00,27.00")
    with pytest.raises(SystemExit):
        main(["compare", *tables, "--fail-on", "faster"])
    assert "is no limit like runtime_ms>5%" in capsys.readouterr().err


def test_equal_figures_are_folded_and_moved_ones_aligned(tmp_path, capsys):
    tables = runtimes(tmp_path, "10.00,27.00", "10.60,27.00")
    assert main(["compare", *tables]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ID  Entry  Metric       A     B                 Change"
    assert lines[2] == " 7  Mine   runtime_ms  10  10.6  DIFFERS  +0.6 (+6.0%)"
    assert lines[4:] == ["1 of 2 figures are equal, as printed or within their intervals."]


def test_no_entries_in_common_is_said(tmp_path, capsys):
    a = write(tmp_path / "a.csv", "name,params\nMine,1\n")
    b = write(tmp_path / "b.csv", "name,params\nOther,1\n")
    assert main(["compare", str(a), str(b)]) == 1
    assert "no entries in common. A: Mine. B: Other." in capsys.readouterr().out
