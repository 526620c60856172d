"""``python -m benchmarks.training JOB``: one training in its own process."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.training.job import Job
from benchmarks.training.ways import WAYS


def main() -> None:
    """Train as the job says, and write how long the steps took."""
    job = Job.from_file(Path(sys.argv[1]))
    WAYS[job.way].train(job).write(job)


if __name__ == "__main__":
    main()
