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


def test_faults_of_the_layout_are_told_all_at_once_with_their_lines(tmp_path, capsys):
    cli.main(["protocol", "new", "mine", "--to", str(tmp_path)])
    file = tmp_path / "mine.toml"
    text = file.read_text().replace("scale = 4", "scale = 'four'\ncolor = 'rgb'", 1)
    text = text.replace("db = 26.99", "db = 'high'").replace("private = true", "privat = true")
    text = text.replace("{ runtime_ms = 1 }", "{ runtime_s = 1 }")
    head, _, tail = text.rpartition('method = "exp_ratio"')
    file.write_text(head + 'method = "ratio"' + tail)
    capsys.readouterr()
    assert cli.main(["protocol", "check", str(file)]) == cli.SOMETHING_FAILED
    printed = capsys.readouterr().out.splitlines()
    lines = file.read_text().splitlines()
    at = {
        words: 1 + lines.index(line)
        for words, line in {
            "unknown key 'color' at the top level; did you mean 'colour'?": "color = 'rgb'",
            "scale must be a whole number, not 'four'": "scale = 'four'",
            "unknown key 'privat' at [splits[1]]; did you mean 'private'?": "privat = true",
            "splits[1].threshold.db must be a number, not 'high'": "db = 'high'",
            "tracks[3].method must be one of 'exp_ratio', 'rank_sum', not 'ratio'": (
                'method = "ratio"'
            ),
            "track 'runtime': unknown metric 'runtime_s'; did you mean 'runtime_ms'?": (
                "weights = { runtime_s = 1 }"
            ),
        }.items()
    }
    assert printed == [f"FIX  {file}, line {line}: {fault}" for fault, line in at.items()]
    file.write_text("name = 'mine'\nscale = = 4\n")
    cli.main(["protocol", "check", str(file)])
    assert f"{file}, line 2: Invalid value (at line 2" in capsys.readouterr().out
