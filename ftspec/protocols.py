"""What factories get and what they return: the contexts, and the Protocols that plugins implement.

A Protocol's methods with a body have a sensible default for whoever inherits from it; the abstract
ones are what every implementation must bring.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ftspec.document.paths import SpecPath

if TYPE_CHECKING:
    import torch
    from datasets import Dataset, Features, IterableDataset
    from torch import nn
    from transformers import (
        EvalPrediction,
        PretrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        Trainer,
        TrainingArguments,
    )


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every factory gets beside its config.

    Attributes:
        section: the place of the component in the spec, for ``RunError(at=…)``.
        seed: the spec's seed.
        note: say something the user should know; shown once and kept in the run log.
        children: components built from sections inside this one, by their path below it.
    """

    section: SpecPath
    seed: int
    note: Callable[[str], None]
    children: Mapping[SpecPath, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TokenizerContext(Context):
    """For tokenizers: where the checkpoint's files are, and the text to learn from.

    Attributes:
        checkpoint: local folder or hub name; ``None`` for a model without one.
        revision: of the hub repository.
        trust_remote_code: as the model section says.
        texts: every text field of the training split, in order, one batch at a time.
    """

    checkpoint: str | None
    revision: str | None
    trust_remote_code: bool
    texts: Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class TaskContext(Context):
    """For tasks: the tokenizer and the lengths to cut to, in tokens."""

    tokenizer: PreTrainedTokenizerBase
    max_length: int
    max_target_length: int


@dataclass(frozen=True, kw_only=True)
class AdapterContext(Context):
    """For adapters: what the model is for.

    Attributes:
        auto_model: name of the auto class of transformers that loads it, which tells its head.
        revision: the commit of a checkpoint on the Hub, where it is known.
        mask: takes secrets out of a text; for everything that is saved with the adapter.
    """

    auto_model: str
    revision: str | None
    mask: Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class CallbackContext(Context):
    """For callbacks: the run as far as it is built.

    Attributes:
        run_dir: folder of the run.
        tokenizer: the run's tokenizer.
        task: the run's task.
        mask: takes secrets out of a text; for everything a callback writes.
        inputs: the names of the fields that the model reads, the answers left out.
        fields: the rendered fields of the validation split, or of the training split without one.
    """

    run_dir: Path
    tokenizer: PreTrainedTokenizerBase
    task: Task
    mask: Callable[[str], str]
    inputs: tuple[str, ...]
    fields: Dataset | IterableDataset


# What factories return


class Source(Protocol):
    """Rows by split."""

    @abstractmethod
    def split_names(self) -> Sequence[str]:
        """The names of the splits there are."""

    @abstractmethod
    def load(self, split: str) -> Dataset | IterableDataset:
        """All rows of one split."""

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """What the lock records and prepared rows are found by: revision, files and their hashes;
        JSON values. It changes whenever a row does; rows of a source without one, or with a
        ``revision`` of ``None``, are prepared anew each time."""


class Transform(Protocol):
    """Rows to rows. Of the same rows, config and seed it makes the same rows: they are prepared
    once, and anew when the code of the plugin changes."""

    @abstractmethod
    def apply(self, rows: Dataset) -> Dataset:
        """The rows transformed."""


@dataclass(frozen=True, kw_only=True)
class NewWeights:
    """What a model has that its checkpoint did not bring: it starts from random values and has to
    be learned whatever else is.

    Attributes:
        parameters: the names of such parameters, as those of a head.
        tokens: ids for which the embeddings were given rows.
    """

    parameters: tuple[str, ...] = ()
    tokens: range = range(0)


class Adapter(Protocol):
    """Few weights that are trained while the checkpoint's own stay as they are."""

    def load_options(self) -> Mapping[str, Any]:
        """Further arguments of ``from_pretrained`` for the checkpoint, such as a quantization.

        Raises:
            RunError: the machine cannot load it so.
        """
        return {}

    @abstractmethod
    def attach(self, model: PreTrainedModel, new: NewWeights) -> nn.Module:
        """The model with the adapter's weights, ready to train: every parameter that is not to be
        trained has ``requires_grad`` off. ``save_pretrained`` of what is returned writes what was
        trained alone, and that is the adapter's weights and the ``new`` ones.

        Raises:
            RunError: the model does not take such an adapter.
        """

    @abstractmethod
    def load(self, model: PreTrainedModel, folder: Path) -> nn.Module:
        """The model with the trained adapter in ``folder``, ready to predict."""

    @abstractmethod
    def merge(self, model: Any) -> PreTrainedModel:
        """What :meth:`load` gave as a plain model, the adapter's weights added into its own.

        Raises:
            RunError: the adapter cannot be merged.
        """


class Task(Protocol):
    """What the model learns.

    Inherit from it and a text task is :meth:`encode`, :meth:`collator` and :meth:`predict`. Methods
    are called in the order they stand here. Lengths are in tokens, ``B`` is the batch.

    Attributes:
        trainer_class: the Trainer that trains it; the plain one by default. ftspec mixes in how the
            loss of a step is put together.
        arguments_class: the ``TrainingArguments`` of that Trainer.
        rows_are_independent: whether what a row adds to the loss depends on that row alone, so that
            a batch may be cut into micro-batches. Set it to ``False`` where a batch is more than
            its rows, as with negatives taken from it: such batches are computed whole.
        length_columns: the columns of encoded rows whose sequences are padded apart; their lengths
            decide which rows are computed together. Batches of rows without them are never cut.
    """

    trainer_class: type[Trainer] | None = None
    arguments_class: type[TrainingArguments] | None = None
    rows_are_independent: bool = True
    length_columns: tuple[str, ...] = ("input_ids",)

    def fit(self, fields: Dataset | IterableDataset, features: Features | None) -> None:
        """Learn what depends on the training split, such as the labels. ``features`` describes the
        columns behind bare placeholders."""
        return

    def restore(self, config: PretrainedConfig) -> None:
        """Take up what :meth:`fit` learned from the configuration of a trained model."""
        return

    def model_settings(self) -> Mapping[str, Any]:
        """Fields of the model configuration that the task sets, such as ``num_labels``."""
        return {}

    @abstractmethod
    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """A batch of fields to model inputs, for ``Dataset.map(batched=True)``. It may give more
        rows than it got. Every field of the template is there: it is for training and evaluation,
        and prediction has :meth:`predict`. What the model learns is called ``labels`` as in
        transformers. Columns the model does not take reach :meth:`collator`, which leaves them out
        of the batch, and :meth:`decode`."""

    def pack(self, rows: Dataset, split: str) -> Dataset:
        """Encoded rows to training rows; unchanged by default."""
        return rows

    def wrap(self, model: Any) -> nn.Module:
        """The module that is trained and saved, made from the loaded model; the model itself by
        default. Called to train and again to predict."""
        wrapped: nn.Module = model
        return wrapped

    @abstractmethod
    def collator(self, model: Any) -> Callable[[list[dict[str, Any]]], Any]:
        """Rows to a padded batch of tensors."""

    def arguments(self) -> Mapping[str, Any]:
        """Further arguments for :attr:`arguments_class`."""
        return {}

    def trainer_options(self, model: Any) -> Mapping[str, Any]:
        """Further arguments for :attr:`trainer_class`, such as a loss."""
        return {}

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | int:
        """How many items the model's mean loss over ``batch`` is a mean of, as a number or a scalar
        tensor: target tokens for language models, examples (the default) for most others."""
        return next(iter(batch.values())).shape[0]

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """What of a batch's logits must be kept until metrics are computed: by default the first of
        the model's outputs."""
        return logits[0] if isinstance(logits, tuple) else logits

    def decode(self, outputs: EvalPrediction, rows: Dataset | IterableDataset) -> tuple[Any, Any]:
        """Gathered outputs to the predictions and references that metrics take. ``rows`` are the
        encoded rows they were made from, in the same order, every column still there. By default
        what :meth:`reduce_logits` kept, and the labels."""
        return outputs.predictions, outputs.label_ids

    @abstractmethod
    def predict(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Fields of rows without answers to results a user reads: JSON values, a mapping each.
        ``model`` is what :meth:`wrap` gave, in evaluation mode and on its device, and gradients
        are off; rows come in batches."""

    def show(self, result: Mapping[str, Any]) -> str:
        """A result of :meth:`predict` in one line, for people: its ``text``, or all of it as JSON
        where it has none."""
        return str(result["text"]) if "text" in result else json.dumps(result, ensure_ascii=False)
