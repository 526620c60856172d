"""Whether the micro-batches of a run are padded."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any, NamedTuple

import torch
from datasets import Dataset
from transformers import Trainer

from ftspec.engine.attention import attention_of
from ftspec.engine.batching.agreement import of_first_process
from ftspec.engine.batching.exact import ExactBatching
from ftspec.engine.batching.flattened import PADDED, Batch, flatten
from ftspec.engine.batching.lengths import lengths_in
from ftspec.engine.batching.row_attention import BY_ROWS, register_row_attention

_FIRST, _OTHER = range(1, 8), range(8, 1, -1)
"""Tokens of rows: what a row says must not depend on which of them is before it."""

_ROWS_LOOKED_AT = 1000

_ALIKE_IN_EVERY_BIT, _ALIKE_IN_32_BITS, _ALIKE_IN_16_BITS = 1e-5, 1e-4, 0.05


class Decision(NamedTuple):
    """Whether micro-batches are padded, the attention to compute with, and what to say of it."""

    pads: bool
    attention: str | None
    said: str | None = None


def settle_padding(
    trainer: Trainer, auto_model: str, *, is_compiled: bool, keeps_attention: bool
) -> str | None:
    """Leave padding out of the micro-batches of a Trainer that cuts its steps, where that is faster
    and learns the same; in words, where somebody might expect it.

    ``auto_model`` is the auto class of transformers that the model was loaded with. Unless
    ``keeps_attention`` a model that computes with ``sdpa`` is switched to attention by rows.
    """
    if not isinstance(trainer, ExactBatching):
        return None
    # processes share the rows of a step by what they cost, so all must do the same
    trainer.pads, attention, said = of_first_process(
        trainer, _decide(trainer, auto_model, is_compiled, keeps_attention)
    )
    _switch(trainer.model, attention)
    return said


def _decide(
    trainer: ExactBatching, auto_model: str, is_compiled: bool, keeps_attention: bool
) -> Decision:
    model: Any = trainer.model
    attention = attention_of(model)
    switches = (
        not keeps_attention
        and may_attend_by_rows(model, trainer.args.device.type, in_16_bits=_in_16_bits(trainer))
        and _lengths_differ(trainer)
    )
    if not switches and not takes_any_length(attention):
        return Decision(True, attention)
    why = reason_to_pad(
        auto_model=auto_model,
        has_own_trainer=trainer.task.trainer_class is not None,
        is_compiled=is_compiled,
        is_sharded=trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled,
        devices=trainer.args.n_gpu,
        names=_names_in_batch(trainer),
    )
    if why is not None:
        return Decision(True, attention, None if switches else f"micro-batches are padded: {why}")
    taken = BY_ROWS if switches else attention
    _switch(model, taken)
    if attention_of(model) != taken:  # code of a repository may know no other attention
        return Decision(True, attention)
    why = reason_rows_mix(trainer)
    if why is not None:
        _switch(model, attention)
        return Decision(True, attention, f"micro-batches are padded: {why}")
    name = "attention by rows" if switches else taken
    said = f"micro-batches are not padded: {name} takes rows of any length"
    return Decision(False, taken, said)


def _switch(model: Any, attention: str | None) -> None:
    if attention != attention_of(model):
        register_row_attention()
        model.set_attn_implementation(attention)


def takes_any_length(attention: str | None) -> bool:
    """Whether an attention computes rows of different lengths without padding between them: every
    flash attention does, of a package or of a kernel on the Hub. Masks that keep rows of one line
    apart, as ``sdpa`` takes them, cost more than padding."""
    return attention is not None and "flash" in attention and not attention.startswith("paged|")


def may_attend_by_rows(model: Any, device: str, *, in_16_bits: bool) -> bool:
    """Whether a model that computes with ``sdpa`` may be tried with attention by rows: where it
    hands on what any attention of variable length must know. The kernel takes 16 bits."""
    return (
        attention_of(model) == "sdpa"
        and bool(getattr(model, "_supports_flash_attn", False))
        and getattr(model.config, "attention_chunk_size", None) is None
        and (device == "cpu" or (device == "cuda" and in_16_bits))
    )


def _lengths_differ(trainer: ExactBatching) -> bool:
    """Whether there is padding to leave out: packed blocks have none."""
    rows, columns = trainer.train_dataset, trainer.task.length_columns
    if not isinstance(rows, Dataset) or not set(columns) <= set(rows.column_names):
        return True
    blocks = max(1, len(rows) - 1)  # the last one may be shorter
    some = range(0, blocks, max(1, blocks // _ROWS_LOOKED_AT))
    lengths = lengths_in(rows.select(some), columns)
    return bool((lengths != lengths[0]).any())


def reason_to_pad(
    *,
    auto_model: str,
    has_own_trainer: bool,
    is_compiled: bool,
    is_sharded: bool,
    devices: int,
    names: Collection[str],
) -> str | None:
    """Why micro-batches are padded though the attention takes rows of any length, if they are."""
    if auto_model != "AutoModelForCausalLM":
        return "the rows of this task are more than a line of tokens"
    if has_own_trainer:
        return "the task computes the loss its own way"
    if set(names) != PADDED:
        return "the batches of this task are more than tokens and labels"
    if is_compiled:
        return "a compiled model takes lengths of few sizes"
    if is_sharded:
        return "an engine that shards weights has the model"
    if devices > 1:
        return "one process divides its rows among several devices"
    return None


def _names_in_batch(trainer: Trainer) -> Collection[str]:
    return dict(trainer.data_collator(_first_rows(trainer))).keys()


def _first_rows(trainer: Trainer) -> list[Any]:
    return list(islice(iter(trainer.train_dataset), 2))  # type: ignore[arg-type]


def reason_rows_mix(trainer: ExactBatching) -> str | None:
    """Why a line of rows is not to the model what they are one by one, or not as many items to the
    task, if it is not: tried with a few tokens, without gradients."""
    model: Any = trainer.model
    was_training = model.training
    model.eval()
    try:
        padded = dict(trainer.data_collator(_first_rows(trainer)))
        items = [int(trainer.task.count_loss_items(one)) for one in (padded, flatten(padded))]
        tokens = model.get_input_embeddings().num_embeddings
        rows = (_FIRST, _OTHER, range(9, 13 + _window(model)))
        first, other, second = ([at % tokens for at in row] for row in rows)
        after_first, after_other, alone = (
            _centred_logits(trainer, batch)[-len(second) :]
            for batch in (
                flatten(_padded([first, second])),
                flatten(_padded([other, second])),
                _padded([second]),
            )
        )
    except Exception as error:  # whatever it is: the model or the task takes no such batch
        return f"rows in one line cannot be computed here: {' '.join(str(error).split())[:200]}"
    finally:
        model.train(was_training)
    scale = float(alone.norm())
    leak, off = float((after_first - after_other).norm()), float((after_first - alone).norm())
    near = _ALIKE_IN_16_BITS if _in_16_bits(trainer) else _ALIKE_IN_32_BITS
    is_alike = leak <= _ALIKE_IN_EVERY_BIT * scale and off <= near * scale
    if is_alike and items[0] == items[1]:
        return None
    return "the model or its loss sees rows in one line as one row"


def _in_16_bits(trainer: Trainer) -> bool:
    return bool(trainer.args.bf16 or trainer.args.fp16)


def _window(model: Any) -> int:
    """How many tokens each sees where attention is a window, which a row must be longer than to
    show; else 0."""
    return int(getattr(model.config, "sliding_window", None) or 0)


def _padded(rows: list[list[int]]) -> Batch:
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": mask, "labels": ids}


def _centred_logits(trainer: ExactBatching, batch: Batch) -> torch.Tensor:
    """Shape (tokens, vocabulary). What all logits of a token have in common means nothing."""
    inputs = trainer._prepare_inputs({n: value for n, value in batch.items() if n != "labels"})
    with torch.no_grad(), trainer.accelerator.autocast():
        logits = trainer.model(**inputs, use_cache=False).logits[0].float()  # type: ignore[misc]
    centred: torch.Tensor = logits - logits.mean(dim=-1, keepdim=True)
    return centred
