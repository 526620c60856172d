"""Runs a program with the real Hub clients in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def run(program: str, environment: dict[str, str]) -> Any:
    """What the program prints as JSON on its last line.

    It has to be a process of its own, because the clients read HF_ENDPOINT when imported.
    """
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
