"""Comparisons of what a run gives with what each row gives alone, and with transformers alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
import transformers
from torch.nn import functional

from ftspec.engine.artifacts.predict import Predictor, open_predictor
from ftspec.testing.runs import Listener
from tests.architectures.steps import Step

Row = Mapping[str, Any]

_PREDICTED = 12
_BATCH = 8
_SCORES = 1e-3


def validation_loss_alone(padded: Step) -> float:
    """The mean loss over the items of the validation split, each row computed alone. The longest
    come first: a short one may change how a model computes from then on."""
    trainer, rows = padded.run.trainer, padded.run.data.encoded["validation"]
    model: Any = trainer.model
    model.eval()
    total = items = 0.0
    for at in sorted(range(len(rows)), key=lambda at: -len(rows[at]["input_ids"])):
        batch = dict(trainer.data_collator([rows[at]]))
        count = float(trainer.task.count_loss_items(batch))
        with torch.no_grad():
            total += float(trainer.compute_loss(model, batch)) * count
        items += count
    return total / items


def difference_to_next_token_loss(padded: Step) -> float:
    """How far the loss of a row is from that of the next token at every position, which is what a
    language model learns. A model whose loss does not shift labels learns to copy."""
    trainer = padded.run.trainer
    model: Any = trainer.model
    model.eval()
    batch = dict(trainer.data_collator([padded.run.data.encoded["validation"][0]]))
    with torch.no_grad():
        loss, outputs = trainer.compute_loss(model, dict(batch), return_outputs=True)
    logits, labels = outputs["logits"][0, :-1], batch["labels"][0, 1:]
    right = float(functional.cross_entropy(logits.float(), labels))
    return abs(float(loss) - right) / right


def share_of_other_predictions(finished: Step, rows: Sequence[Row]) -> float:
    """The share of rows for which the saved model predicts something else in a batch than alone."""
    by_length = sorted(rows, key=lambda row: -len(row["words"]))
    some = by_length[:: len(by_length) // _PREDICTED][:_PREDICTED]
    one_by_one = _predictor(finished)
    alone = [result for row in some for result in one_by_one.predict([row])]
    # in another order, which the results must have too
    mixed = [*range(0, len(some), 2), *range(1, len(some), 2)]
    batched = _predictor(finished).predict([some[at] for at in mixed], batch_size=_BATCH)
    differ = [not _are_same(result, alone[at]) for at, result in zip(mixed, batched, strict=True)]
    return sum(differ) / len(differ)


def _predictor(finished: Step) -> Predictor:
    return open_predictor(finished.run.plan, finished.run_dir, Listener())


def _are_same(one: Any, other: Any) -> bool:
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=0, abs_tol=_SCORES)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_are_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_are_same, one, other))
    return bool(one == other)


def difference_when_loaded(finished: Step, padded: Step, auto_model: str) -> float:
    """How far the outputs of the saved model, loaded by transformers alone, are from those of the
    model that a padded run trained, for one row. No step changes a weight."""
    loaded = getattr(transformers, auto_model).from_pretrained(
        finished.run_dir.model, dtype=torch.float32
    )
    row = finished.run.data.encoded["validation"][0]
    outputs = []
    for model in (loaded.eval(), padded.run.model.eval()):
        batch = dict(finished.run.trainer.data_collator([row]))
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(0)
            outputs.append(torch.cat(list(_numbers_in(model(**batch)))))
    ours, theirs = outputs
    return float((ours - theirs).norm() / theirs.norm())


def _numbers_in(outputs: Any) -> Iterator[torch.Tensor]:
    """The loss and the first outputs, which are logits."""
    values = outputs.to_tuple() if hasattr(outputs, "to_tuple") else tuple(outputs)
    for value in itertools.islice(values, 2):
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            yield value.flatten()
