"""`protocol`: a new protocol from one that is there, and its faults."""

from harness import cli, protocols


def test_a_new_protocol_is_the_old_one_under_its_own_name(tmp_path, capsys):
    given = ["protocol", "new", "mine", "--from", "ntire2024", "--to", str(tmp_path)]
    assert cli.main(given) == cli.OK
    file = tmp_path / "mine.toml"
    assert protocols.load(file).name == "mine"
    assert protocols.load(file).splits == protocols.load("ntire2024").splits
    assert cli.main(["protocol", "check", str(file)]) == cli.OK
    assert cli.main(given) == cli.UNUSABLE
    assert "is there already" in capsys.readouterr().err
    assert cli.main(["protocol", "new", "other", "--from", "ntire1924"]) == cli.UNUSABLE


def test_every_fault_is_told_with_its_line(tmp_path, capsys):
    cli.main(["protocol", "new", "mine", "--to", str(tmp_path)])
    file = tmp_path / "mine.toml"
    text = file.read_text().replace("db = 26.90", "db = 26.905", 1)
    text = text.replace("{ runtime_ms = 1 }", "{ runtime_s = 1 }")
    file.write_text(text)
    capsys.readouterr()
    assert cli.main(["protocol", "check", str(file)]) == cli.SOMETHING_FAILED
    printed = capsys.readouterr().out.splitlines()
    lines = text.splitlines()
    split = 1 + lines.index("db = 26.905")
    track = 1 + lines.index("weights = { runtime_s = 1 }")
    assert printed == [
        f"FIX  {file}, line {split}: split 'valid': the threshold 26.905 is not a number of "
        "2 decimals (0 to 6)",
        f"FIX  {file}, line {track}: track 'runtime': unknown metric 'runtime_s'; "
        "did you mean 'runtime_ms'?",
    ]
