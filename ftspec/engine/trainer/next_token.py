"""Whether a model that generates text learns to predict the next token.

The heads of some architectures compare the output at a position with the token at the same
position, and some see the tokens that follow. Both learn to copy their input: the loss falls, and
nothing is learned.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from transformers import PretrainedConfig

from ftspec.engine.batching.row_lengths import first_rows
from ftspec.engine.trainer.module_state import unchanged
from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.engine.trainer.without_randomness import without_randomness
from ftspec.errors import RunError
from ftspec.labels import IGNORED_LABEL

_TOKENS = 12
_UNCHANGED, _CLOSE = 1e-4, 1e-3

_OTHERS = 'use a decoder-only model, such as a "gpt2", "llama" or "qwen3" model'


def require_next_token(trainer: StepTrainer, auto_model: str) -> None:
    """Try a model that generates text with a few tokens. Other models pass.

    Raises:
        RunError: its outputs depend on later tokens, or its loss compares them with the token at
            the same position.
    """
    tries = {"AutoModelForCausalLM": _try_decoder, "AutoModelForSeq2SeqLM": _try_encoder_decoder}
    if auto_model not in tries:
        return
    model: Any = trainer.model
    try:
        with (
            torch.no_grad(),
            unchanged(model),
            without_randomness(trainer.args.device),
            torch.autocast(trainer.args.device.type, enabled=False),
        ):
            model.eval()
            tries[auto_model](trainer, model)
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError):
        return  # the model needs other inputs than these


def _try_decoder(trainer: StepTrainer, model: Any) -> None:
    ids = _tokens(trainer)
    if ids is None:
        return
    at = ids.shape[1] // 2
    loss, logits = _loss_at(model, ids, at)
    _, after_change = _loss_at(model, _changed_after(ids, at), at)
    if logits is None:
        return
    if not _are_close(logits[: at + 1], after_change[: at + 1]):
        raise _sees_what_follows(model.config)
    own, following = (
        float(functional.cross_entropy(logits[place], ids[0, at])) for place in (at, at - 1)
    )
    if _is_close(loss, own) and not _is_close(loss, following):
        raise _does_not_shift(model.config)


def _try_encoder_decoder(trainer: StepTrainer, model: Any) -> None:
    row = first_rows(trainer.train_dataset, 1)
    batch = trainer._prepare_inputs(dict(trainer.data_collator(row)))
    batch.pop("labels", None)
    targets = batch.get("decoder_input_ids")
    if targets is None or targets.shape[1] < 3:
        return
    at = targets.shape[1] // 2
    logits = model(**batch).logits[0].float()
    changed = {**batch, "decoder_input_ids": _changed_after(targets, at)}
    if not _are_close(logits[: at + 1], model(**changed).logits[0].float()[: at + 1]):
        raise _sees_what_follows(model.config)


def _tokens(trainer: StepTrainer) -> torch.Tensor | None:
    """The first tokens of a row, shape (1, tokens)."""
    for row in first_rows(trainer.train_dataset, 100):
        ids = row.get("input_ids")
        if isinstance(ids, list) and len(ids) >= _TOKENS // 2 and isinstance(ids[0], int):
            return torch.tensor([ids[:_TOKENS]], device=trainer.args.device)
    return None


def _changed_after(ids: torch.Tensor, at: int) -> torch.Tensor:
    """The same tokens up to a position, and others after it."""
    changed = ids.clone()
    changed[0, at + 1 :] = ids[0, 0].where(ids[0, at + 1 :] != ids[0, 0], ids[0, at])
    return changed


def _loss_at(model: Any, ids: torch.Tensor, at: int) -> tuple[float, Any]:
    """The loss where one position alone has a label, and the logits, shape (tokens, vocabulary)."""
    labels = torch.full_like(ids, IGNORED_LABEL)
    labels[0, at] = ids[0, at]
    outputs = model(input_ids=ids, labels=labels)
    logits = getattr(outputs, "logits", None)
    if logits is None or logits.shape[:2] != ids.shape:
        return float(outputs.loss), None
    return float(outputs.loss), logits[0].float()


def _are_close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool((one - other).norm() <= _UNCHANGED * one.norm())


def _is_close(one: float, other: float) -> bool:
    return abs(one - other) <= _CLOSE * max(1.0, abs(other))


def _does_not_shift(config: PretrainedConfig) -> RunError:
    return RunError(
        f'a "{config.model_type}" model does not learn to predict the next token: its loss '
        "compares the output at each position with the token at the same position, which it reads",
        slug="not-causal",
        at=("model",),
        helps=(
            _OTHERS,
            "encoder-decoder models are trained with the tasks summarization and translation",
        ),
    )


def _sees_what_follows(config: PretrainedConfig) -> RunError:
    helps = [_OTHERS]
    if config.is_encoder_decoder:
        helps = ['set "is_decoder" in the configuration of its decoder']
    elif getattr(config, "is_decoder", None) is False:
        helps.insert(0, 'write "model: {config: {is_decoder: true}}": later tokens are then hidden')
    return RunError(
        f'a "{config.model_type}" model does not learn to predict the next token: its outputs '
        "depend on the tokens that follow",
        slug="not-causal",
        at=("model",),
        helps=tuple(helps),
    )
