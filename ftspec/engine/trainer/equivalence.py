"""Equivalence checks: whether a model computes the same without padding as with it.

The model itself is tried with a few tokens, without gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from datasets import Dataset
from torch import nn
from transformers import TrainingArguments

from ftspec.engine.batching.packed_sequence import Batch, pack
from ftspec.engine.batching.row_lengths import first_rows, lengths_in, lengths_of_rows
from ftspec.engine.model.unpadding import find_layers, first_layer, last_of, with_last
from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.errors import in_one_line

_FIRST, _OTHER = range(1, 8), range(8, 1, -1)
"""Tokens of two rows. What a row gives must not depend on which of them comes before it."""

_MEASURED_ROWS = 1000

_SAME, _CLOSE_IN_32_BITS, _CLOSE_IN_16_BITS = 1e-5, 1e-4, 0.05
"""Differences relative to the norm."""


def computes_in_16_bits(arguments: TrainingArguments) -> bool:
    """Whether products are computed in half as many bits as weights have."""
    return bool(arguments.bf16 or arguments.fp16)


def reason_rows_mix(trainer: StepTrainer) -> str | None:
    """Why packed rows give other results than the same rows one at a time, or another number of
    items, if they do."""
    model: Any = trainer.model
    was_training = model.training
    model.eval()
    try:
        padded = dict(trainer.data_collator(first_rows(trainer.train_dataset, 2)))
        items = [int(trainer.task.count_loss_items(one)) for one in (padded, pack(padded))]
        tokens = model.get_input_embeddings().num_embeddings
        rows = (_FIRST, _OTHER, range(9, 13 + _window(model)))
        first, other, second = ([at % tokens for at in row] for row in rows)
        after_first, after_other, alone = (
            _centred_logits(trainer, batch)[-len(second) :]
            for batch in (
                pack(_padded([first, second])),
                pack(_padded([other, second])),
                _padded([second]),
            )
        )
    except Exception as error:  # of any kind: the model or the task refuses the batch
        return f"packed rows cannot be computed here: {in_one_line(error, 200)}"
    finally:
        model.train(was_training)
    scale = float(alone.norm())
    leak, off = (float((after_first - one).norm()) for one in (after_other, alone))
    is_same = leak <= _SAME * scale and off <= _close(trainer) * scale
    if is_same and items[0] == items[1]:
        return None
    return "the model or its loss sees packed rows as one row"


def reason_layers_differ(trainer: StepTrainer, unpad: Callable[[], None]) -> str | None:
    """Why the loss or the outputs for text differ once ``unpad`` lets the layers compute no
    padding, if they do. The batch is a short row and a long one."""
    model: Any = trainer.model
    layers = find_layers(model)
    assert layers is not None
    was_training = model.training
    model.eval()
    try:
        batch = _uneven_batch(trainer)
        padded = _try(trainer, batch, layers)
        with _zeros_for_padding(layers, batch):
            silent = _try(trainer, batch, layers)
        unpad()
        text, after_other = (_try(trainer, one, layers) for one in (batch, _changed(batch)))
        if 1 not in text.rows:
            return "its layers still compute padding"
        if not _are_close(padded.given, silent.given, batch, _SAME):
            return "the model reads the outputs of its layers for padding"
        second = slice(len(text.hidden) // 2, None)  # of two rows, each of one sequence or several
        leaks = not _are_close([text.hidden[second]], [after_other.hidden[second]], {}, _SAME)
        if leaks or not _are_close(padded.given, text.given, batch, _close(trainer)):
            return "the model gives other results where its layers compute text alone"
    except Exception as error:  # of any kind: the model or the task refuses the batch
        return f"its layers cannot compute text alone: {in_one_line(error, 200)}"
    finally:
        model.train(was_training)
    return None


def _close(trainer: StepTrainer) -> float:
    return _CLOSE_IN_16_BITS if computes_in_16_bits(trainer.args) else _CLOSE_IN_32_BITS


def _uneven_batch(trainer: StepTrainer) -> Batch:
    """A short row and a long one: the shortest and the longest of some rows."""
    rows: Any = trainer.train_dataset
    if isinstance(rows, Dataset):
        some = rows.select(range(0, len(rows), max(1, len(rows) // _MEASURED_ROWS)))
        lengths = lengths_in(some, trainer.task.length_columns)
    else:
        some = first_rows(rows, _MEASURED_ROWS)
        lengths = lengths_of_rows(some, trainer.task.length_columns)
    whole = lengths.sum(axis=1)
    return dict(trainer.data_collator([some[int(at)] for at in (whole.argmin(), whole.argmax())]))


def _changed(batch: Batch) -> Batch:
    """The same with other tokens in the first row."""
    ids, mask = batch.get("input_ids"), batch.get("attention_mask")
    if ids is None or mask is None:
        return batch
    ids, is_text = ids.clone(), mask[0].bool()
    ids[0, is_text] = ids[0, is_text].flip(0)
    return {**batch, "input_ids": ids}


class _Tried(NamedTuple):
    """What a model gave: the loss and all other numbers, the last outputs of its layers, and how
    many rows they got in each pass."""

    given: list[torch.Tensor]
    hidden: torch.Tensor
    rows: list[int]


def _try(trainer: StepTrainer, batch: Batch, layers: nn.Module) -> _Tried:
    model: Any = trainer.model
    rows: list[int] = []
    hidden: list[torch.Tensor] = []
    watches = [
        first_layer(layers).register_forward_pre_hook(lambda _, given: rows.append(len(given[0]))),
        layers.register_forward_hook(lambda _, __, output: hidden.append(last_of(output))),
    ]
    inputs = trainer._prepare_inputs(dict(batch))
    try:
        with (
            torch.no_grad(),
            trainer.accelerator.autocast(),
            trainer.compute_loss_context_manager(),
        ):
            loss, outputs = trainer.compute_loss(model, inputs, return_outputs=True)
    finally:
        for watch in watches:
            watch.remove()
    given = [one.float().cpu() for one in (loss, *_numbers_in(outputs))]
    return _Tried(given, hidden[-1].float().cpu(), rows)


@contextmanager
def _zeros_for_padding(layers: nn.Module, batch: Batch) -> Iterator[None]:
    """Layers give zeros for padding within this context, as they do once they compute text
    alone."""
    mask = batch["attention_mask"]

    def silence(module: nn.Module, given: Any, output: Any) -> Any:
        hidden = last_of(output)
        is_text = mask.to(hidden.device).reshape(hidden.shape[:2])[..., None]
        return with_last(output, hidden * is_text.to(hidden.dtype))

    handle = layers.register_forward_hook(silence)
    try:
        yield
    finally:
        handle.remove()


def _numbers_in(outputs: Any) -> Iterator[torch.Tensor]:
    if isinstance(outputs, torch.Tensor):
        if outputs.is_floating_point():
            yield outputs
    elif isinstance(outputs, Mapping | tuple | list):
        for one in outputs.values() if isinstance(outputs, Mapping) else outputs:
            yield from _numbers_in(one)


def _are_close(
    ours: list[torch.Tensor], theirs: list[torch.Tensor], batch: Batch, tolerance: float
) -> bool:
    """Whether two lists of outputs are close. Of outputs for each token only text counts."""
    if [one.shape for one in ours] != [one.shape for one in theirs]:
        return False
    mask = batch.get("attention_mask")
    for one, other in zip(ours, theirs, strict=True):
        if mask is not None and one.shape[: mask.ndim] == mask.shape:
            one, other = one[mask.bool()], other[mask.bool()]
        # where either is not a number, they are not close
        if not float((one - other).norm()) <= tolerance * float(one.norm()):
            return False
    return True


def _window(model: Any) -> int:
    """The sliding window of attention in tokens, or 0. Only a longer row shows it."""
    return int(getattr(model.config, "sliding_window", None) or 0)


def _padded(rows: list[list[int]]) -> Batch:
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": mask, "labels": ids}


def _centred_logits(trainer: StepTrainer, batch: Batch) -> torch.Tensor:
    """Shape (tokens, vocabulary). A constant added to all logits of a token has no effect."""
    inputs = trainer._prepare_inputs({n: value for n, value in batch.items() if n != "labels"})
    with torch.no_grad(), trainer.accelerator.autocast():
        logits = trainer.model(**inputs, use_cache=False).logits[0].float()  # type: ignore[misc]
    centred: torch.Tensor = logits - logits.mean(dim=-1, keepdim=True)
    return centred
