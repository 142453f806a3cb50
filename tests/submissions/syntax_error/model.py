"""A file that is not Python."""

def Network(:
    pass
