"""The metrics of groups of rows that have the same value in a column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ftspec.engine.callbacks.metrics import MetricsCallback

Groups = Mapping[str, Mapping[str, tuple[int, Mapping[str, float]]]]
"""For each column and each of its values the rows and the metrics."""

_MOST_GROUPS = 100


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
    losses, tokens = columns["loss"], columns["tokens"]
    found: dict[str, dict[str, tuple[int, Mapping[str, float]]]] = {}
    for column, values in groups.items():
        found[column] = {}
        for value, members in _members(values).items():
            known = [row for row in members if losses[row] is not None]
            if known:
                loss = sum(losses[row] * tokens[row] for row in known)
                loss /= sum(tokens[row] for row in known)
                found[column][value] = (len(members), {"loss": loss, **metrics.score_loss(loss)})
    return {column: values for column, values in found.items() if values}


def _members(values: Sequence[str]) -> dict[str, list[int]]:
    """The rows of each value, the most frequent first."""
    members: dict[str, list[int]] = {}
    for row, value in enumerate(values):
        members.setdefault(value, []).append(row)
    most = [value for value, _ in Counter(values).most_common(_MOST_GROUPS)]
    return {value: members[value] for value in most}
