"""Where things lie in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
SUBMISSIONS = ROOT / "submissions"  # those shipped; the tests' own are `tiny.SUBMISSIONS`
TESTS = ROOT / "tests"
