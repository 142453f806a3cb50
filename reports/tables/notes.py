"""Footnotes."""


class Notes:
    """Texts, numbered from 1 in the order in which they are first referred to."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def number(self, text: str) -> int:
        """Return the number of the footnote with this text."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1
