"""The arguments of task factories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from ftspec.protocols import TaskContext

MakeTaskContext = Callable[..., TaskContext]


@pytest.fixture
def task_context(notes: list[str]) -> MakeTaskContext:
    """A context with a tokenizer and lengths."""

    def make(
        tokenizer: PreTrainedTokenizerBase, max_length: int = 32, max_target_length: int = 16
    ) -> TaskContext:
        more: dict[str, Any] = {"section": ("task",), "seed": 42, "note": notes.append}
        return TaskContext(
            tokenizer=tokenizer, max_length=max_length, max_target_length=max_target_length, **more
        )

    return make
