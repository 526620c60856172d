"""Rows of very different lengths for every task, and the tokenizer that reads them."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from tests.architectures.pairs import Side
from tests.architectures.sizes import POSITIONS, VOCABULARY

LABELS = ("animal", "body", "food", "person", "plant")
TAGS = ("B-NAME", "I-NAME", "O")

ROWS = 48
SHORTEST, LONGEST = 6, 120
"""Tokens of a row, with those that stand at its ends."""

_SEED = 20240304
_ENDS = 2
_SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<other>", "<mask>")
_WORDS = tuple(string.ascii_letters)
_SPACE = "Ġ"
"""How a space is written in the vocabulary of bytes."""

_TARGET_WORDS = (2, 12)


def write_rows(file: Path) -> Path:
    """The rows as JSON lines."""
    drawn = random.Random(_SEED)
    lengths = [SHORTEST + (LONGEST - SHORTEST) * at // (ROWS - 1) for at in range(ROWS)]
    drawn.shuffle(lengths)
    rows = [_row(drawn, length - _ENDS, at) for at, length in enumerate(lengths)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _row(drawn: random.Random, length: int, number: int) -> dict[str, Any]:
    """A row with a column for every field of every task."""
    words = drawn.choices(_WORDS, k=length)
    cut = drawn.randint(1, min(4, length - 2))
    question, context = words[:cut], words[cut:]
    first = drawn.randrange(len(context))
    answer = context[first : first + drawn.randint(1, 3)]
    start = len(" ".join([*context[:first], ""]))
    return {
        "text": " ".join(words),
        "label": LABELS[number % len(LABELS)],
        "words": words,
        "tags": _tags(drawn, length),
        "question": " ".join(question),
        "context": " ".join(context),
        "answers": {"text": [" ".join(answer)], "answer_start": [start]},
        "summary": " ".join(drawn.choices(_WORDS, k=drawn.randint(*_TARGET_WORDS))),
    }


def _tags(drawn: random.Random, length: int) -> list[str]:
    tags = ["B-NAME"]
    while len(tags) < length:
        inside = ["I-NAME"] if tags[-1] != "O" else []
        tags.append(drawn.choice(["B-NAME", "O", *inside]))
    return tags


def make_tokenizer(side: Side, input_names: list[str]) -> PreTrainedTokenizerFast:
    """A tokenizer with a token for each word, which pads on a side and gives these inputs.

    It is one of bytes: some model types have a class of their own, which reads no other kind.
    """
    tokens = [*_SPECIAL, _SPACE, *_WORDS, *(_SPACE + word for word in _WORDS)]
    # every token that a model may generate is seen in its text
    tokens += [f"<{number}>" for number in range(len(tokens), VOCABULARY)]
    vocabulary = {token: at for at, token in enumerate(tokens)}
    words = Tokenizer(BPE(vocabulary, [(_SPACE, word) for word in _WORDS], unk_token="<unk>"))
    words.pre_tokenizer = ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    words.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(token, vocabulary[token]) for token in ("<s>", "</s>")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        padding_side=side,
        model_max_length=POSITIONS,
        model_input_names=input_names,
    )
