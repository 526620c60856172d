"""The arguments and results of factories: contexts, and the Protocols that plugins implement.

A method with a body is a default that a subclass inherits. Abstract methods must be implemented.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from ftspec.calibration import Calibration
from ftspec.document.paths import SpecPath
from ftspec.errors import RunError
from ftspec.spec.column_uses import ANY_USE, ColumnUses

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


_IGNORED = -100  # the label that the losses of torch ignore


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every factory gets in addition to its config.

    Attributes:
        section: path of the component in the spec, for ``RunError(at=…)``.
        seed: the seed of the spec.
        note: shows a message to the user once, and keeps it in the run log.
        children: components built from sections inside this one, by their path below it.
        columns: for sources, how the spec uses the columns of the rows.
    """

    section: SpecPath
    seed: int
    note: Callable[[str], None]
    children: Mapping[SpecPath, Any] = field(default_factory=dict)
    columns: ColumnUses = ANY_USE


@dataclass(frozen=True, kw_only=True)
class TokenizerContext(Context):
    """For tokenizers: the checkpoint, and the text to train on.

    Attributes:
        checkpoint: local folder or Hub name; ``None`` for a model without a checkpoint.
        revision: revision of the Hub repository.
        trust_remote_code: the setting of the model section.
        texts: every text field of the training split, in order, one batch at a time.
    """

    checkpoint: str | None
    revision: str | None
    trust_remote_code: bool
    texts: Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class TaskContext(Context):
    """For tasks: the tokenizer, the maximum lengths in tokens, and the checkpoint.

    Attributes:
        checkpoint: local folder or Hub name of the weights that the model starts from; ``None`` if
            they are random, and in prediction.
        revision: revision of the Hub repository.
        checkpoint_labels: the names of the labels in the configuration of the checkpoint, in the
            order of their ids. A task with a head must keep this order where it has the same
            labels; otherwise the run trains a new head.
    """

    tokenizer: PreTrainedTokenizerBase
    max_length: int
    max_target_length: int
    checkpoint: str | None = None
    revision: str | None = None
    checkpoint_labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AdapterContext(Context):
    """For adapters: the model that the adapter is added to.

    Attributes:
        auto_model: name of the transformers auto class that loads the model. It determines the
            head of the model.
        revision: the commit of a checkpoint on the Hub, if it is known.
        mask: replaces secrets in a text. Use it for everything that is saved with the adapter.
    """

    auto_model: str
    revision: str | None
    mask: Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class StepCheck:
    """Whether the numbers of a training step are numbers: neither NaN nor infinite.

    Attributes:
        step: of the optimizer, from 1.
        has_loss: whether its loss is a number.
        has_gradient: whether the norm of its gradient is one. An overflow that a gradient scaler
            handles, as with fp16, counts as one.
    """

    step: int
    has_loss: bool
    has_gradient: bool


class ReadSteps(Protocol):
    """Reads what is known of the steps."""

    def __call__(self, *, wait: bool = False) -> Sequence[StepCheck]:
        """The steps since the last call. What the device still computes comes with a later call,
        unless ``wait`` asks to wait for it."""


@dataclass(frozen=True, kw_only=True)
class CallbackContext(Context):
    """For callbacks: the parts of the run that are built before them.

    Attributes:
        run_dir: folder of the run.
        tokenizer: the run's tokenizer.
        task: the run's task.
        mask: replaces secrets in a text. Use it for everything that a callback writes.
        inputs: the names of the fields that the model reads, without the answers.
        fields: the rendered fields of the validation split, or of the training split if there is
            no validation split.
        read_steps: reads whether the losses and gradients of the steps are numbers. It gives each
            step once.
    """

    run_dir: Path
    tokenizer: PreTrainedTokenizerBase
    task: Task
    mask: Callable[[str], str]
    inputs: tuple[str, ...]
    fields: Dataset | IterableDataset
    read_steps: ReadSteps


@dataclass(frozen=True, kw_only=True)
class LauncherContext:
    """For launchers: the run that they start.

    Attributes:
        name: the name of the run.
        arguments: what each process runs, as arguments of ``python -m``: ``ftspec``, ``run`` and
            so on. They contain no option that names a launcher.
        section: the path of the launcher's section in the spec, for errors.
    """

    name: str
    arguments: tuple[str, ...]
    section: SpecPath


# What factories return


class Source(Protocol):
    """Rows by split."""

    @abstractmethod
    def split_names(self) -> Sequence[str]:
        """The names of all splits."""

    @abstractmethod
    def load(self, split: str) -> Dataset | IterableDataset:
        """All rows of one split."""

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """What identifies the rows, as JSON values: the revision, files and their hashes. The lock
        records it, and it is part of the cache key of prepared rows, so it must change whenever a
        row changes. If it is empty, or has a ``revision`` of ``None``, rows are not cached."""


class Transform(Protocol):
    """Rows to rows. The same rows, config and seed must give the same result: it is cached, and
    computed again when the code of the plugin changes."""

    @abstractmethod
    def apply(self, rows: Dataset) -> Dataset:
        """The transformed rows."""


@dataclass(frozen=True, kw_only=True)
class NewWeights:
    """Weights of a model that its checkpoint does not contain. They start from random values, so
    they must be trained even if all other weights are frozen.

    Attributes:
        parameters: names of such parameters, for example those of a head.
        tokens: ids of the rows that were added to the embeddings.
    """

    parameters: tuple[str, ...] = ()
    tokens: range = range(0)


class Adapter(Protocol):
    """A few weights that are trained while the weights of the checkpoint stay frozen."""

    def load_options(self) -> Mapping[str, Any]:
        """More arguments of ``from_pretrained`` for the checkpoint, such as a quantization.

        Raises:
            RunError: this machine cannot load the checkpoint with them.
        """
        return {}

    @abstractmethod
    def attach(self, model: PreTrainedModel, new: NewWeights) -> nn.Module:
        """The model with the adapter's weights, ready to train. Frozen parameters must have
        ``requires_grad=False``. ``save_pretrained`` of the returned module must save only the
        trained weights: those of the adapter and the ``new`` ones.

        Raises:
            RunError: the model does not support such an adapter.
        """

    def load_weights(self, model: Any, folder: Path, without: Collection[str] = ()) -> None:
        """Load the trained adapter in ``folder`` into ``model``, the return value of
        :meth:`attach`, to train it further. The parameters of the model named in ``without``, such
        as those of a head with other labels, keep their new weights.

        Raises:
            RunError: the adapter cannot be trained further.
        """
        raise RunError(
            "this adapter cannot be trained further",
            slug="no-checkpoint",
            at=("model", "checkpoint"),
            helps=('merge it first: "ftspec export RUN_DIR OUTPUT --merge"',),
        )

    @abstractmethod
    def load(self, model: PreTrainedModel, folder: Path) -> nn.Module:
        """The model with the trained adapter in ``folder``, ready to predict."""

    @abstractmethod
    def merge(self, model: Any) -> PreTrainedModel:
        """A plain model: the return value of :meth:`load` with the adapter's weights merged in.

        Raises:
            RunError: the adapter cannot be merged.
        """


class Launcher(Protocol):
    """Starts the processes of a run, and waits for them. ``ftspec run`` calls :meth:`submit` and
    :meth:`wait`; with ``--print`` it calls only :meth:`render`."""

    @abstractmethod
    def render(self) -> str:
        """The command or the script that starts the run, as a user would start it by hand."""

    @abstractmethod
    def submit(self) -> None:
        """Start the run, and return at once. The processes inherit the environment.

        Raises:
            RunError: it cannot be started.
        """

    @abstractmethod
    def wait(self) -> int:
        """Wait until the run ends; returns the exit code. If the first process on this machine
        ends with another one, as a launcher may hide it, ``ftspec run`` uses that."""

    @abstractmethod
    def stop(self, number: int) -> None:
        """Send a signal to all processes. They save a checkpoint and end. It may be called while
        :meth:`wait` waits."""


class Task(Protocol):
    """What the model learns.

    A text task that inherits from this class needs only :meth:`encode`, :meth:`collator` and
    :meth:`predict`. ftspec calls the methods in the order in which they are listed here. Lengths
    are in tokens, ``B`` is the batch size.

    Attributes:
        trainer_class: the Trainer class; ``transformers.Trainer`` by default. ftspec adds a mixin
            that computes the loss of a step.
        arguments_class: the ``TrainingArguments`` class of that Trainer.
        rows_are_independent: whether the loss of a row depends on this row alone, so that a batch
            can be split into micro-batches. Set it to ``False`` if it depends on other rows, as
            with in-batch negatives: ftspec never splits such batches.
        length_columns: the columns of encoded rows that are padded separately. Their lengths
            decide which rows are computed together. Batches without these columns are never split.
        describes_losses: whether :meth:`reduce_losses` gives what :meth:`describe` needs where no
            metric scores predictions.
        takes_calibration: whether the task applies :attr:`calibration` to its scores, in
            :meth:`decode`, :meth:`describe` and :meth:`predict`.
        calibration: ftspec sets it where the trained model has been calibrated.
        generates: whether :meth:`predict` generates text, and passes :attr:`generation` to
            ``generate`` after settings of its own.
        generation: settings of ``GenerationConfig`` that a user gives for prediction.
        accepts_unknown_answers: ftspec sets it where it evaluates a model on other rows.
            :meth:`encode` then gives an answer that training did not have the ignored label.
    """

    trainer_class: type[Trainer] | None = None
    arguments_class: type[TrainingArguments] | None = None
    rows_are_independent: bool = True
    length_columns: tuple[str, ...] = ("input_ids",)
    describes_losses: bool = False
    takes_calibration: bool = False
    calibration: Calibration | None = None
    generates: bool = False
    generation: Mapping[str, Any] = MappingProxyType({})
    accepts_unknown_answers: bool = False

    def fit(self, fields: Dataset | IterableDataset, features: Features | None) -> None:
        """Learn what depends on the training split, such as the labels. ``features`` describes the
        columns of templates that are a single placeholder."""
        return

    def restore(self, config: PretrainedConfig) -> None:
        """Restore what :meth:`fit` learned, from the configuration of a trained model."""
        return

    def model_settings(self) -> Mapping[str, Any]:
        """Fields that the task sets in the model configuration, such as ``num_labels``."""
        return {}

    @abstractmethod
    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """A batch of fields to model inputs, for ``Dataset.map(batched=True)``. It may return more
        rows than it gets. It is used in training and evaluation, so every field of the template is
        there; prediction uses :meth:`predict`. The targets are called ``labels``, as in
        transformers. Columns that the model does not accept reach :meth:`decode`, and
        :meth:`collator`, which must leave them out of the batch."""

    def pack(self, rows: Dataset, split: str) -> Dataset:
        """Encoded rows to training rows, for example packed sequences. Unchanged by default."""
        return rows

    def wrap(self, model: Any) -> nn.Module:
        """The module to train and save, made from the loaded model. The model itself by default.
        Called for training, and again for prediction."""
        wrapped: nn.Module = model
        return wrapped

    @abstractmethod
    def collator(self, model: Any) -> Callable[[list[dict[str, Any]]], Any]:
        """A function from rows to a padded batch of tensors."""

    def arguments(self) -> Mapping[str, Any]:
        """More arguments for :attr:`arguments_class`."""
        return {}

    def trainer_options(self, model: Any) -> Mapping[str, Any]:
        """More arguments for :attr:`trainer_class`, such as a loss."""
        return {}

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | int:
        """How many items the model's loss over ``batch`` is a mean of, as a number or a scalar
        tensor: target tokens for language models, examples (the default) for most other tasks."""
        return next(iter(batch.values())).shape[0]

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """The part of a batch's logits to keep until metrics are computed. By default the first of
        the model's outputs."""
        return logits[0] if isinstance(logits, tuple) else logits

    def reduce_losses(self, logits: Any, labels: torch.Tensor) -> Any:
        """The part of a batch to keep, instead of that of :meth:`reduce_logits`, where a model is
        evaluated whose metrics score the loss alone, and :attr:`describes_losses` is set.
        :meth:`describe` gets it as predictions."""
        raise NotImplementedError

    def decode(self, outputs: EvalPrediction, rows: Dataset | IterableDataset) -> tuple[Any, Any]:
        """Gathered outputs to the predictions and references that metrics take. ``rows`` are the
        encoded rows of these outputs, in the same order and with every column. By default returns
        what :meth:`reduce_logits` kept, and the labels."""
        return outputs.predictions, outputs.label_ids

    def describe(
        self, outputs: EvalPrediction, rows: Dataset | IterableDataset, fields: Dataset
    ) -> Mapping[str, Sequence[Any]]:
        """What a user reads of evaluated rows: columns such as ``reference``, ``prediction``,
        ``score``, ``scores`` (a mapping from classes), ``loss`` and ``tokens`` (of which the loss
        is a mean), with a value for each of the ``fields``, from which the encoded ``rows`` come.
        By default the predictions and references of :meth:`decode`, and nothing if these are not
        one for each row."""
        predictions, references = self.decode(outputs, rows)
        columns = {"reference": references, "prediction": predictions}
        is_by_row = all(len(values) == len(fields) for values in columns.values())
        return {name: _plain(values) for name, values in columns.items()} if is_by_row else {}

    @abstractmethod
    def predict(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Predictions for rows of fields without answers: for each row a mapping of JSON values
        that a user reads. ``model`` is the return value of :meth:`wrap`, in evaluation mode and on
        its device; gradients are off. Rows come in batches."""

    def show(self, result: Mapping[str, Any]) -> str:
        """A result of :meth:`predict` in one line: its ``text``, or all of it as JSON if it has no
        text."""
        return str(result["text"]) if "text" in result else json.dumps(result, ensure_ascii=False)

    def learned_tokens(self, row: Mapping[str, Any]) -> Mapping[str, list[bool]]:
        """Which tokens of an encoded row are learned: for each of its columns of token ids, whether
        the loss is computed over each token. By default those whose label is not ignored, where
        the row has a label for each token, and no tokens otherwise."""
        ids, labels = row.get("input_ids", ()), row.get("labels")
        if isinstance(labels, Sequence) and len(labels) == len(ids):
            return {"input_ids": [label != _IGNORED for label in labels]}
        return {"input_ids": [False] * len(ids)}


def _plain(values: Any) -> list[Any]:
    """An array or a sequence as Python values."""
    return list(values.tolist() if hasattr(values, "tolist") else values)
