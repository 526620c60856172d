"""A metric on the Hub. Its code is downloaded and runs, so the spec must allow it."""

from __future__ import annotations

import evaluate

from ftspec.api import Context, RunError
from ftspec.builtin.metrics.config import HubMetricConfig


def load_metric(config: HubMetricConfig, context: Context) -> evaluate.EvaluationModule:
    """Download and load the metric.

    Raises:
        RunError: the metric does not exist, or needs packages that are not installed.
    """
    try:
        return evaluate.load(config.path, revision=config.revision)
    except (OSError, ValueError, ImportError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise RunError(
            f'cannot load the metric "{config.path}": {reason}',
            slug="hub",
            at=(*context.section, "path"),
        ) from error
