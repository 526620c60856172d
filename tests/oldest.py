"""Some tests with the oldest libraries that may be installed: ``make test-oldest``.

The same tests as with the newest: the private names of libraries, the losses and gradients that
depend on what the Trainer does, and one spec of each task from data to predictions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

FILES = (
    "tests/contract/test_oldest_libraries.py",
    "tests/contract/test_private_names.py",
    "tests/engine/test_accumulation.py",
    "tests/engine/test_parity.py",
    "tests/engine/test_resume.py",
)
SPECS = ("cnn_t5", "translation_t5", "wikitext_gpt2", "yelp_bert")
"""One for each task that ftspec has."""

SPEC_TESTS = ("test_spec_runs_to_the_end", "test_model_predicts")


def main() -> int:
    """Run them; returns the exit code of pytest."""
    specs = [
        f"tests/cli/test_specs_run.py::{test}[{name}]" for test in SPEC_TESTS for name in SPECS
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile"]
    command += ["-p", "no:cacheprovider", *specs, *FILES]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}).returncode


if __name__ == "__main__":
    sys.exit(main())
