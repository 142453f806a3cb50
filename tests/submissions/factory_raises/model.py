"""A factory that fails."""


def Network():
    raise ValueError("width must divide by 7")
