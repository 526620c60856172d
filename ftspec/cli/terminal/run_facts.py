"""A run as one JSON object, however it ended."""

from __future__ import annotations

import math
from typing import Any

from ftspec.rundir import RunDirectory
from ftspec.runs.summary import summary_of


def run_facts(run_dir: RunDirectory) -> dict[str, Any]:
    """Where it is, how it ended, and its metrics. One that is no number is ``None``."""
    run = summary_of(run_dir)
    return {
        "run_dir": str(run_dir.path),
        "name": run.name,
        "status": run.state,
        "seconds": run.seconds,
        "error": run_dir.status().get("error"),
        "metrics": {
            name: value if math.isfinite(value) else None for name, value in run.metrics.items()
        },
    }
