"""A metric on the Hub. Its code is downloaded and runs, so the spec must allow it."""

from __future__ import annotations

import evaluate

from ftspec.api import Context, RunError, explain_hub
from ftspec.builtin.metrics.config import HubMetricConfig


def load_metric(config: HubMetricConfig, context: Context) -> evaluate.EvaluationModule:
    """Download and load the metric.

    Raises:
        RunError: the metric does not exist, or needs packages that are not installed.
    """
    try:
        return evaluate.load(config.path, revision=config.revision)
    except (OSError, ValueError, ImportError, TypeError) as error:
        fault = explain_hub(error, config.path, config.revision, "space")
        reason = str(error).strip().partition("\n")[0]
        raise RunError(
            f'cannot load the metric "{config.path}": {reason}'
            if fault is None
            else fault.headline,
            slug="hub",
            at=(*context.section, "path"),
            helps=() if fault is None else fault.helps,
        ) from error
