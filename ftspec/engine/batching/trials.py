"""Whether a model computes without padding what it computes with it: tried with the model itself,
without gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import torch
from transformers import Trainer

from ftspec.engine.batching.exact import ExactBatching
from ftspec.engine.batching.flattened import Batch, flatten
from ftspec.engine.batching.lengths import lengths_of_rows
from ftspec.engine.batching.unpadding import find_layers, first_layer

_FIRST, _OTHER = range(1, 8), range(8, 1, -1)
"""Tokens of rows: what a row says must not depend on which of them is before it."""

_ROWS_LOOKED_AT = 64

_ALIKE_IN_EVERY_BIT, _ALIKE_IN_32_BITS, _ALIKE_IN_16_BITS = 1e-5, 1e-4, 0.05


def reason_rows_mix(trainer: ExactBatching) -> str | None:
    """Why a line of rows is not to the model what they are one by one, or not as many items to the
    task, if it is not: tried with a few tokens."""
    model: Any = trainer.model
    was_training = model.training
    model.eval()
    try:
        padded = dict(trainer.data_collator(first_rows(trainer, 2)))
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
    is_alike = leak <= _ALIKE_IN_EVERY_BIT * scale and off <= _near(trainer) * scale
    if is_alike and items[0] == items[1]:
        return None
    return "the model or its loss sees rows in one line as one row"


def reason_layers_differ(trainer: ExactBatching, leave_out: Callable[[], None]) -> str | None:
    """Why the loss and all that the model gives for text are not the same once ``leave_out`` has
    let its layers compute no padding, if they are not: tried with a short row and a long one."""
    model: Any = trainer.model
    was_training = model.training
    model.eval()
    try:
        batch = _uneven_batch(trainer)
        padded = _compute(trainer, batch)
        leave_out()
        rows: list[int] = []
        layers = find_layers(model)
        assert layers is not None
        watch = first_layer(layers).register_forward_pre_hook(
            lambda layer, given, options: rows.append(len(given[0])), with_kwargs=True
        )
        try:
            unpadded = _compute(trainer, batch)
        finally:
            watch.remove()
    except Exception as error:  # whatever it is: the model or the task takes no such batch
        return f"its layers cannot compute text alone: {' '.join(str(error).split())[:200]}"
    finally:
        model.train(was_training)
    if 1 not in rows:
        return "its layers got padding all the same"
    mask = batch.get("attention_mask")
    for one, other in zip(padded, unpadded, strict=True):
        if mask is not None and one.shape[: mask.ndim] == mask.shape:  # of each token
            one, other = one[mask.bool()], other[mask.bool()]
        if float((one - other).norm()) > _near(trainer) * float(one.norm()):
            return "the model gives something else where its layers compute text alone"
    return None


def computes_in_16_bits(trainer: Trainer) -> bool:
    """Whether products are computed in half as many bits as weights have."""
    return bool(trainer.args.bf16 or trainer.args.fp16)


def _near(trainer: Trainer) -> float:
    return _ALIKE_IN_16_BITS if computes_in_16_bits(trainer) else _ALIKE_IN_32_BITS


def first_rows(trainer: Trainer, count: int) -> list[Any]:
    """The first ones."""
    return list(islice(iter(trainer.train_dataset), count))  # type: ignore[arg-type]


def _uneven_batch(trainer: ExactBatching) -> Batch:
    """The shortest and the longest of the first rows."""
    rows = first_rows(trainer, _ROWS_LOOKED_AT)
    lengths = lengths_of_rows(rows, trainer.task.length_columns).sum(axis=1)
    chosen = [rows[int(at)] for at in (np.argmin(lengths), np.argmax(lengths))]
    return dict(trainer.data_collator(chosen))


def _compute(trainer: ExactBatching, batch: Batch) -> list[torch.Tensor]:
    """The loss, and what else the model gives in numbers."""
    model: Any = trainer.model
    inputs = trainer._prepare_inputs(dict(batch))
    with (
        torch.no_grad(),
        trainer.accelerator.autocast(),
        trainer.compute_loss_context_manager(),
    ):
        loss, outputs = trainer.compute_loss(model, inputs, return_outputs=True)
    values = outputs.values() if isinstance(outputs, Mapping) else outputs
    numbers = [one for one in values if isinstance(one, torch.Tensor) and one.is_floating_point()]
    return [one.float().cpu() for one in (loss, *numbers)]


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
