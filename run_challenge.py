"""Score submissions of the NTIRE Efficient SR challenge; `run_challenge.py --help` tells how."""

import sys

from harness.cli import main

if __name__ == "__main__":
    sys.exit(main())
