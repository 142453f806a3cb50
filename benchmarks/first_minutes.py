"""How long a newcomer waits: the demo's report, a check without data, a help page.

    python benchmarks/first_minutes.py

Prints a table in Markdown. Every command runs in a folder of its own, as it is typed.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "run_challenge.py"
SMALL = str(ROOT / "submissions" / "demo_small")
COMMANDS = {
    "help": ["--help"],
    "a misspelt command": ["chekc"],
    "`check` of a small network, without data": ["check", SMALL],
    "`check --protocol demo`, with its images": ["check", SMALL, "--protocol", "demo"],
    "the demo's report": ["run", "--out", "out"],
    "the same again, from the store": ["run", "--out", "out"],
    "`report` of it": ["report", "out"],
}


def main() -> None:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load before: {load}\n")
    print("| what | seconds | exit status |\n|---|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for what, arguments in COMMANDS.items():
            began = time.monotonic()
            done = subprocess.run(
                [sys.executable, SCRIPT, *arguments],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                capture_output=True,
                check=False,
            )
            seconds = time.monotonic() - began
            print(f"| {what} | {seconds:.1f} | {done.returncode} |", flush=True)


if __name__ == "__main__":
    main()
