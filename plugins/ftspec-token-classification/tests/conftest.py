"""Tokenizers trained on the text of the package, and tasks with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ftspec_token_classification.config import TokenClassificationConfig
from ftspec_token_classification.task import TokenClassification
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer
from tokenizers.processors import BertProcessing
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from ftspec.api import TaskContext

DATA = Path(__file__).parents[1] / "specs" / "data" / "wordnet_names"

MakeTask = Callable[..., TokenClassification]


@pytest.fixture(scope="session")
def sentences() -> list[dict[str, list[str]]]:
    """Rows of the data that comes with the package."""
    lines = (DATA / "validation.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def wordpiece(sentences: list[dict[str, list[str]]]) -> PreTrainedTokenizerBase:
    """A tokenizer like BERT's, with special tokens around the text."""
    pieces = BertWordPieceTokenizer(lowercase=False)
    pieces.train_from_iterator(
        (" ".join(row["tokens"]) for row in sentences), vocab_size=600, show_progress=False
    )
    ends = [(name, pieces.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    pieces._tokenizer.post_processor = BertProcessing(*ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces._tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
    )


@pytest.fixture(scope="session")
def bytes_bpe(sentences: list[dict[str, list[str]]]) -> PreTrainedTokenizerBase:
    """A tokenizer like GPT-2's: the space before a word belongs to its first token."""
    pieces = ByteLevelBPETokenizer()
    pieces.train_from_iterator(
        (" ".join(row["tokens"]) for row in sentences), vocab_size=600, show_progress=False
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces._tokenizer, pad_token="!", padding_side="left"
    )


@pytest.fixture
def notes() -> list[str]:
    """The notes of a task."""
    return []


@pytest.fixture
def make_task(wordpiece: PreTrainedTokenizerBase, notes: list[str]) -> MakeTask:
    """A task with these keys."""

    def make(
        tokenizer: PreTrainedTokenizerBase = wordpiece, max_length: int = 64, **keys: Any
    ) -> TokenClassification:
        context = TaskContext(
            section=("task",),
            seed=0,
            note=notes.append,
            tokenizer=tokenizer,
            max_length=max_length,
            max_target_length=8,
        )
        return TokenClassification(TokenClassificationConfig.model_validate(keys), context)

    return make
