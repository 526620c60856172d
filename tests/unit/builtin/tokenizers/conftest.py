"""The arguments of tokenizer factories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from ftspec.protocols import TokenizerContext

MakeTokenizerContext = Callable[..., TokenizerContext]


@pytest.fixture
def tokenizer_context(notes: list[str]) -> MakeTokenizerContext:
    """A context with these texts, or with this checkpoint."""

    def make(texts: Sequence[str] = (), checkpoint: Any = None) -> TokenizerContext:
        def batches() -> Iterator[list[str]]:
            for start in range(0, len(texts), 100):
                yield list(texts[start : start + 100])

        return TokenizerContext(
            section=("tokenizer",),
            seed=42,
            note=notes.append,
            checkpoint=str(checkpoint) if checkpoint is not None else None,
            revision=None,
            trust_remote_code=False,
            texts=batches,
        )

    return make
