"""Whether an architecture computes texts, found out before any row is prepared.

The model is created without memory for its weights, on the meta device, and gets a few tokens.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from transformers import PretrainedConfig
from transformers.utils import logging

from ftspec.engine.model.load_errors import AT, is_wrong_architecture, wrong_architecture
from ftspec.errors import RunError, in_one_line

_CAUSAL, _SEQ2SEQ = "AutoModelForCausalLM", "AutoModelForSeq2SeqLM"

_HEADS = frozenset(
    {
        _CAUSAL,
        _SEQ2SEQ,
        "AutoModelForMaskedLM",
        "AutoModelForQuestionAnswering",
        "AutoModelForSequenceClassification",
        "AutoModelForTokenClassification",
    }
)
"""Those that take one row of tokens for each row of data."""

_ROWS, _TOKENS = 2, 7
"""An odd number of tokens: some architectures take only multiples of a number."""

_REFUSALS = (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What models raise where they lack an input or get one of another shape. Other errors may come
from the meta device."""


def require_texts(config: PretrainedConfig, auto_model: str) -> None:
    """Try an architecture with token ids and an attention mask, if its head takes those.

    Raises:
        RunError: the head of the task does not exist, or the model needs other inputs than text.
    """
    if auto_model not in _HEADS:
        return
    if auto_model == _SEQ2SEQ and not config.is_encoder_decoder:
        raise _has_no_decoder(config)
    with _quiet():
        model = _create(config, auto_model)
        if model is None:
            return
        try:
            model.train()(**_inputs(model, auto_model))
        except _REFUSALS as error:
            raise _needs_more(config, error) from error
        except Exception:  # of any kind: of the meta device, which computes no values
            return


def _create(config: PretrainedConfig, auto_model: str) -> Any:
    """The model on the meta device; ``None`` if it cannot be there."""
    try:
        with torch.device("meta"):
            return getattr(transformers, auto_model).from_config(copy.deepcopy(config))
    except Exception as error:  # of any kind: loading says later what is wrong
        if is_wrong_architecture(error):
            raise wrong_architecture(config, auto_model) from error
        return None


def _inputs(model: Any, auto_model: str) -> dict[str, torch.Tensor]:
    """Token ids with what tokenizers add to them, and labels where they are token ids too."""
    ids = torch.zeros(_ROWS, _TOKENS, dtype=torch.long, device="meta")
    inputs = {"input_ids": ids, "attention_mask": ids}
    if "token_type_ids" in inspect.signature(model.forward).parameters:
        inputs["token_type_ids"] = ids
    if auto_model in (_CAUSAL, _SEQ2SEQ):
        inputs["labels"] = ids
    if auto_model == _SEQ2SEQ:
        inputs["decoder_input_ids"] = ids
    return inputs


def _has_no_decoder(config: PretrainedConfig) -> RunError:
    return RunError(
        f'a "{config.model_type}" model cannot do this task: it is not an encoder-decoder model of '
        "texts",
        slug="wrong-architecture",
        at=AT,
        helps=("choose a checkpoint of another architecture, or another task",),
    )


def _needs_more(config: PretrainedConfig, error: Exception) -> RunError:
    return RunError(
        f'a "{config.model_type}" model cannot compute the rows of this task: {in_one_line(error)}',
        slug="needs-more-than-text",
        at=AT,
        helps=("choose a checkpoint of another architecture",),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of models, which are given again when the model is loaded."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
