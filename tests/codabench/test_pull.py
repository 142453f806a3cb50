"""`codabench pull`: the exported leaderboard as a table, and who claimed wrong."""

import csv

from harness import cli
from harness.uploads.columns import COLUMNS
from tests.support import tiny

TITLES = {column.key: f"SR images of valid(7)-{column.title}" for column in COLUMNS}
MEASURED = """\
id,name,team,psnr_valid_db,runtime_ms,flops,params
3,SPAN,,26.9404,7.7,9833807872,150688
9,Fast,Speedsters,26.8,3.0,1000,100000
11,Absent,Nobody,26.9,3.0,1000,100000
"""


def export(file, rows, titles=TITLES):
    """Write rows (user -> key -> value) as Codabench does."""
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["Username", "fact_sheet_answers", *titles.values()])
        writer.writeheader()
        for user, cells in rows.items():
            named = {titles[key]: value for key, value in cells.items()}
            writer.writerow({"Username": user, **named})
    return file


def pull(folder, rows, *more):
    file = export(folder / "leaderboard.csv", rows)
    status = cli.main(["codabench", "pull", str(file), "--to", str(folder / "table.csv"), *more])
    with (folder / "table.csv").open() as stream:
        return status, list(csv.DictReader(stream))


ROWS = {
    "span-101": {"psnr": 26.9404, "ssim": 0.78, "runtime": 0.0071, "params": 151000},
    "speedsters-102": {"psnr": 26.95, "ssim": 0.78, "runtime": 0.001, "params": 50000},
    "Some-one-103": {"psnr": 26.5, "ssim": 0.77, "extra_data": 1},
}


def test_a_table_of_claims_can_be_ranked_and_compared(tmp_path, capsys):
    status, table = pull(tmp_path, ROWS)
    assert status == cli.OK
    assert [row["name"] for row in table] == ["span", "speedsters", "Some-one"]
    assert table[0]["psnr_valid_db"] == "26.9404"
    assert table[0]["claimed_runtime_ms"] == "7.1"
    assert table[0]["params"] == "151000.0"
    assert [row["runtime_ms"] for row in table] == ["", "", ""]
    (tmp_path / "by_params.toml").write_text(
        tiny.PROTOCOL.read_text().replace("runtime_ms = 1", "params = 1")
    )
    ranked = cli.main(
        ["rank", str(tmp_path / "table.csv"), "--protocol", str(tmp_path / "by_params.toml")]
    )
    assert ranked == cli.OK
    assert "speedsters" in capsys.readouterr().out
    assert cli.main(["compare", str(tmp_path / "table.csv"), str(tmp_path / "table.csv")]) == cli.OK


def test_claims_stand_beside_what_was_measured(tmp_path, capsys):
    (tmp_path / "measured.csv").write_text(MEASURED)
    status, table = pull(tmp_path, ROWS, "--measured", str(tmp_path / "measured.csv"))
    assert status == cli.SOMETHING_FAILED
    assert [(row["id"], row["name"], row["params"]) for row in table] == [
        ("3", "SPAN", "150688.0"),
        ("9", "Fast", "100000.0"),
        ("", "Some-one", ""),
    ]
    assert [row["runtime_ms"] for row in table] == ["7.7", "3.0", ""]
    assert capsys.readouterr().out == (
        "       span: its images have 26.9404 dB on valid, its code gives 26.9404\n"
        "       span: claims 151000 parameters, measured 150688\n"
        "       span: claims 7.1 ms on its device, measured 7.7 ms on ours\n"
        "WRONG  speedsters: its images have 26.9500 dB on valid, its code gives 26.8000\n"
        "WRONG  speedsters: claims 50000 parameters, measured 100000\n"
        "       speedsters: claims 1 ms on its device, measured 3 ms on ours\n"
        "       Some-one: no measured entry has this name or team\n"
        f"Table: {tmp_path / 'table.csv'}\n"
    )


def test_hidden_columns_are_those_of_a_private_split(tmp_path):
    rows = {"a-1": {"psnr_hidden": 26.99, "ssim_hidden": 0.7}}
    _, table = pull(tmp_path, rows, "--split", "test")
    assert (table[0]["psnr_test_db"], table[0]["ssim_test"]) == ("26.99", "0.7")


def test_submissions_of_one_team_stay_apart(tmp_path):
    _, table = pull(tmp_path, {"a-1": {"psnr": 20}, "a-2": {"psnr": 21}, "b-3": {"psnr": 22}})
    assert [row["name"] for row in table] == ["a-1", "a-2", "b"]


def test_an_export_that_is_none_is_refused(tmp_path, capsys):
    file = tmp_path / "table.csv"
    refused = {
        "name,psnr\n": f"{file}, line 1: this is no export of a leaderboard of ours; it needs "
        "Username and a column that ends in PSNR [dB]",
        "Username,a(1)-PSNR [dB]\n": f"{file} has no submissions; export a phase that has some",
        "Username,a(1)-PSNR [dB]\nb-1,\n": f"{file}, line 2, column 'PSNR [dB]': is empty",
        "Username,a(1)-PSNR [dB]\n,3\n": f"{file}, line 2, column 'Username': is empty",
        "Username,a(1)-PSNR [dB]\nb-1,x\n": f"{file}, line 2, column 'a(1)-PSNR [dB]': 'x' is not "
        "a number",
        "Username,a(1)-PSNR [dB],b(2)-PSNR [dB]\n": f"{file}, line 1: several columns end in "
        "'PSNR [dB]'; export one phase",
        "": f"table {file} is empty; its first line must name its columns",
    }
    for text, sentence in refused.items():
        file.write_text(text)
        assert cli.main(["codabench", "pull", str(file), "--to", str(tmp_path / "to")]) == 2
        assert capsys.readouterr().err == f"error: {sentence}\n"
    assert not (tmp_path / "to").exists()
