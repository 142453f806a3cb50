"""The error tree. Every message says what is wrong, where, and what to do next.

HarnessError                what the program reports in one sentence; never a traceback
├── InputError              the command's input is unusable: nothing is measured, exit status 2
│   ├── ProtocolError       a protocol file
│   ├── DataError           images, or the folders that hold them
│   ├── TableError          a CSV table given for ranking or comparison
│   └── RunError            a folder of results that is absent, foreign or newer than this program
└── EntryError              one submission is at fault: it gets its row, the others go on
    ├── SubmissionError     stage `manifest`: its submission.toml or the files it names
    ├── BuildError          stage `build`: code of its own that has to be compiled
    ├── LoadingError        stage `load`: its code or its checkpoint
    ├── ForwardError        stage `forward`: what its network does or returns
    └── PassError           stage `process`: its process ended, hung or was killed
"""

from typing import ClassVar


class HarnessError(Exception):
    """Base of all errors that end in one sentence for the user."""


class InputError(HarnessError):
    """The input of a command is unusable."""


class ProtocolError(InputError):
    """A protocol is unknown, malformed or contradicts itself."""


class DataError(InputError):
    """An image or a folder of images is missing, malformed or inconsistent."""


class TableError(InputError):
    """A CSV table cannot be read as a leaderboard."""


class RunError(InputError):
    """A folder of results cannot be used."""


class EntryError(HarnessError):
    """One submission is at fault."""

    stage: ClassVar[str]


class SubmissionError(EntryError):
    """The manifest of a submission, or a file that it names, is at fault."""

    stage = "manifest"


class BuildError(EntryError):
    """What a submission brings to be compiled does not compile."""

    stage = "build"


class LoadingError(EntryError):
    """The code or the checkpoint of a submission cannot be loaded."""

    stage = "load"


class ForwardError(EntryError):
    """The network of a submission fails or returns something that is not its SR image."""

    stage = "forward"


class PassError(EntryError):
    """The process of a submission ended without a result."""

    stage = "process"
