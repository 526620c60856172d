"""The names of metrics as the Trainer logs them: ``eval_METRIC`` of validation, ``test_METRIC`` of
test, and ``eval_SET/METRIC`` of a set."""

from __future__ import annotations

from collections.abc import Collection, Mapping

_TIMINGS = ("_runtime", "_per_second", "_preparation_time", "epoch", "total_flos")


def bare_metrics(
    logs: Mapping[str, float], prefix: str, sets: Collection[str] = ()
) -> dict[str, float]:
    """The metrics of an evaluation, without prefix and without timings. Those of ``sets`` that were
    logged with it are left out."""
    of_sets = tuple(f"{prefix}_{name}/" for name in sets)
    return {
        name.removeprefix(f"{prefix}_"): value
        for name, value in logs.items()
        if name.startswith(f"{prefix}_") and not name.endswith(_TIMINGS)
        if not name.startswith(of_sets)
    }


def metrics_of_set(logs: Mapping[str, float], name: str) -> dict[str, float]:
    """The metrics of a set, without prefix."""
    prefix = f"eval_{name}/"
    return {
        key.removeprefix(prefix): value for key, value in logs.items() if key.startswith(prefix)
    }


def as_logged(metrics: Mapping[str, float], name: str) -> dict[str, float]:
    """The inverse of :func:`metrics_of_set`."""
    return {f"eval_{name}/{metric}": value for metric, value in metrics.items()}
