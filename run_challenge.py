"""Score submissions of the NTIRE Efficient SR challenge; the option --help tells how."""

import sys

from harness.cli import main

if __name__ == "__main__":
    sys.exit(main())
