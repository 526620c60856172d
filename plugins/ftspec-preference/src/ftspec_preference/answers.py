"""The answers of encoded rows: columns about them, and the rows that have one to learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import datasets
import numpy as np

from ftspec.api import RunError, TaskContext

ANSWER_LENGTH = "answer_length"
"""Column: the number of answer tokens in the row."""

IS_CUT = "is_cut"
"""Column: whether the answer is truncated to fit ``max_length``."""

ANSWERS = "answers"
"""Column: the number of whole answers in the row."""

OPEN_ANSWERS = "open_answers"
"""Column: how many of them have no token that ends generation."""


def has_answer(row: Mapping[str, Any]) -> bool:
    """Whether the row has an answer to learn."""
    return bool(row[ANSWER_LENGTH] > 0)


def keep_answers(
    rows: datasets.Dataset, split: str, context: TaskContext, ends: str
) -> datasets.Dataset:
    """The rows with an answer. Reports rows without one, truncated answers, and answers that have
    none of the tokens in the text ``ends``.

    Raises:
        RunError: no row is left.
    """
    names = [ANSWER_LENGTH, IS_CUT, ANSWERS, OPEN_ANSWERS]
    table = rows.select_columns(names).with_format("numpy")[:]
    kept = np.flatnonzero(np.asarray(table[ANSWER_LENGTH]) > 0)
    limit = f'"max_length: {context.max_length}"'
    if len(rows) and not len(kept):
        raise _no_answers(table, limit)
    if len(kept) < len(rows):
        context.note(
            f"{split}: {len(rows) - len(kept):,} of {len(rows):,} rows are dropped: they have "
            f"no answer, or none within {limit}"
        )
    cut, answers, open_answers = (int(np.asarray(table[one])[kept].sum()) for one in names[1:])
    if cut:
        context.note(f"{split}: the answers of {cut:,} rows are truncated to fit {limit}")
    if open_answers:
        context.note(
            f"warning: {split}: {100 * open_answers / answers:.3g}% of answers end with no token "
            f"that ends generation ({ends}), so the model does not learn to stop; end them with "
            '"{{ eos_token }}" in the chat template'
        )
    return rows if len(kept) == len(rows) else rows.select(kept)


def _no_answers(table: Mapping[str, Any], limit: str) -> RunError:
    if not np.asarray(table[IS_CUT]).any():
        return RunError(
            "no row has an answer to learn",
            slug="preference/no-answers",
            at=("preprocess", "template"),
            helps=("an answer is a message of the role assistant",),
        )
    return RunError(
        f"no row has an answer within {limit}",
        slug="preference/no-answers",
        at=("tokenizer",),
        helps=("write a larger one: it counts prompt and answer together",),
    )
