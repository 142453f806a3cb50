"""A manifest in small, and the folder that it stands in."""

GOOD = 'name = "a"\n[model]\nfile = "model.py"\nfactory = "Network"\n'


def write(folder, manifest=GOOD, model="x = 1\n"):
    """Write a submission, which need not be whole, to a new folder; return the folder."""
    folder.mkdir(parents=True)
    (folder / "submission.toml").write_text(manifest)
    (folder / "model.py").write_text(model)
    return folder
