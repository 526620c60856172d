"""Folders with a model and its tokenizer, as ``model: {checkpoint: …}`` takes them."""

from __future__ import annotations

import inspect
from pathlib import Path

from transformers import PreTrainedModel

from tests.architectures.corpus import make_tokenizer
from tests.architectures.models import build_model
from tests.architectures.pairs import Pair


def save_checkpoint(pair: Pair, folder: Path) -> Path:
    """Build the model of a pair and save it with its tokenizer; the folder.

    Raises:
        NotBuiltError: why there is no such model.
    """
    model = build_model(pair)
    model.save_pretrained(folder)
    make_tokenizer(pair.side, _inputs_of(model)).save_pretrained(folder)
    return folder


def _inputs_of(model: PreTrainedModel) -> list[str]:
    """What the tokenizers of such models give: no mask for those that take none."""
    parameters = inspect.signature(model.forward).parameters
    takes_rest = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    takes_mask = "attention_mask" in parameters or takes_rest
    return ["input_ids", "attention_mask"] if takes_mask else ["input_ids"]
