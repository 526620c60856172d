"""The metrics of groups of rows that have the same value in a column: in evaluations, and at the
end of a run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Dataset
from transformers import EvalPrediction

from ftspec.engine.callbacks.metrics import MetricsCallback
from ftspec.engine.data.evaluation_sets import PreparedSet
from ftspec.protocols import Task

Groups = Mapping[str, Mapping[str, tuple[int, Mapping[str, float]]]]
"""For each column and each of its values the rows and the metrics."""

_MOST_GROUPS = 100
_LOSS_TOLERANCE = 1e-3


def groups_to_json(groups: Groups) -> dict[str, Any]:
    """As JSON values."""
    return {
        column: {
            value: {"rows": rows, "metrics": dict(metrics)}
            for value, (rows, metrics) in values.items()
        }
        for column, values in groups.items()
    }


def is_loss_of_run(own: float | None, loss: float) -> bool:
    """Whether the mean of the losses of rows is the loss that the run computes."""
    return own is None or math.isnan(loss) or math.isclose(own, loss, rel_tol=_LOSS_TOLERANCE)


def groups_of_set(
    task: Task,
    prepared: PreparedSet,
    outputs: EvalPrediction,
    metrics: MetricsCallback,
    loss: float,
) -> Groups:
    """The metrics of groups of a set that a run evaluated.

    Args:
        task: of the run.
        prepared: the set, with its groups.
        outputs: what the model predicted for it.
        metrics: of the spec.
        loss: of the whole set.
    """
    if metrics.needs_predictions:
        predictions, references = task.decode(outputs, prepared.encoded)
        if not isinstance(prepared.fields, Dataset) or len(references) != len(prepared.fields):
            return {}
        return metrics_by_group(prepared.groups, predictions, references, metrics)
    if not task.describes_losses or not isinstance(prepared.fields, Dataset):
        return {}
    columns = task.describe(outputs, prepared.encoded, prepared.fields)
    own = _mean_loss(columns, range(len(prepared.fields)))
    return losses_by_group(prepared.groups, columns, metrics) if is_loss_of_run(own, loss) else {}


def metrics_by_group(
    groups: Mapping[str, Sequence[str]],
    predictions: Any,
    references: Any,
    metrics: MetricsCallback,
) -> Groups:
    """The metrics of predictions.

    Args:
        groups: for each column its values, one for each row.
        predictions: of the same rows.
        references: of the same rows.
        metrics: of the spec.
    """
    return {
        column: {
            value: (
                len(members),
                metrics.score(
                    [predictions[row] for row in members], [references[row] for row in members]
                ),
            )
            for value, members in _members(values).items()
        }
        for column, values in groups.items()
    }


def losses_by_group(
    groups: Mapping[str, Sequence[str]],
    columns: Mapping[str, Sequence[Any]],
    metrics: MetricsCallback,
) -> Groups:
    """The mean loss over tokens, and the metrics of it.

    Args:
        groups: for each column its values, one for each row.
        columns: of the same rows the loss and the tokens, of which it is a mean.
        metrics: of the spec.
    """
    if not {"loss", "tokens"} <= columns.keys():
        return {}
    found: dict[str, dict[str, tuple[int, Mapping[str, float]]]] = {}
    for column, values in groups.items():
        found[column] = {}
        for value, members in _members(values).items():
            loss = _mean_loss(columns, members)
            if loss is not None:
                found[column][value] = (len(members), {"loss": loss, **metrics.score_loss(loss)})
    return {column: values for column, values in found.items() if values}


def _mean_loss(columns: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> float | None:
    """The mean over tokens; ``None`` if no row has a loss."""
    if not {"loss", "tokens"} <= columns.keys():
        return None
    losses, tokens = columns["loss"], columns["tokens"]
    known = [row for row in rows if losses[row] is not None]
    total: float = sum(losses[row] * tokens[row] for row in known)
    return total / sum(tokens[row] for row in known) if known else None


def _members(values: Sequence[str]) -> dict[str, list[int]]:
    """The rows of each value, the most frequent first."""
    members: dict[str, list[int]] = {}
    for row, value in enumerate(values):
        members.setdefault(value, []).append(row)
    most = [value for value, _ in Counter(values).most_common(_MOST_GROUPS)]
    return {value: members[value] for value in most}
