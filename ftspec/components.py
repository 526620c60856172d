"""Component records: what a plugin contributes, as frozen values that import without torch.

A component is a kind, a name, a light config class, and a factory named by the string
``"package.module:attribute"``. Only the engine resolves the string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import Field

from ftspec.document.paths import SpecPath
from ftspec.spec.base import ComponentConfig

if TYPE_CHECKING:
    import torch
    from datasets import Dataset, Features, IterableDataset
    from transformers import (
        EvalPrediction,
        PretrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        Trainer,
        TrainingArguments,
    )

Prediction = Literal["class", "class-set", "value", "text", "loss"]
"""What a metric scores: class ids, 0/1 rows over the classes, numbers, texts, or the mean loss."""

FieldType = Literal["text", "label", "any"]


class TokenizerConfig(ComponentConfig):
    """Base of every tokenizer's config: the lengths that tasks cut to."""

    max_length: int | None = Field(
        default=None, ge=2, description="tokens of an input at most; the model's limit by default"
    )
    max_target_length: int | None = Field(
        default=None, ge=2, description="tokens of a target at most; 128 by default"
    )


class TaskConfig(ComponentConfig):
    """Base of every task's config."""

    @property
    def predictions(self) -> frozenset[Prediction]:
        """What the task, configured so, gives its metrics to score."""
        raise NotImplementedError


class CallbackConfig(ComponentConfig):
    """Base of the config of a callback that needs certain ``training`` settings to work."""

    def training_defaults(self, training: Mapping[str, Any]) -> Mapping[str, Any]:
        """Fields of ``TrainingArguments`` to set where ``training``, as written, does not."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Component:
    """A named implementation of a kind.

    Attributes:
        name: kebab-case; what ``type`` says in a spec.
        summary: one line for listings.
        config: the class of its keys; imports without torch.
        factory: ``"package.module:attribute"``, called ``factory(config, context)`` by the engine.
        aliases: former names.
        requires: modules the factory imports beyond the ``train`` extra.
        install: the command that installs them.
        uses_hub: whether building it asks the Hub for files.
    """

    kind: ClassVar[str]
    name: str
    summary: str
    config: type[ComponentConfig]
    factory: str
    aliases: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    install: str = "pip install 'ftspec[train]'"
    uses_hub: bool = False


@dataclass(frozen=True, kw_only=True)
class SourceComponent(Component):
    """Where rows come from; the factory returns a :class:`Source`."""

    kind: ClassVar[str] = "source"


@dataclass(frozen=True, kw_only=True)
class TransformComponent(Component):
    """What happens to rows before the template; the factory returns a :class:`Transform`."""

    kind: ClassVar[str] = "transform"


@dataclass(frozen=True, kw_only=True)
class TokenizerComponent(Component):
    """How text becomes ids; the factory makes the tokenizer from a :class:`TokenizerContext`."""

    kind: ClassVar[str] = "tokenizer"


@dataclass(frozen=True, kw_only=True)
class TaskField:
    """A field of a task: what a template fills.

    Attributes:
        is_answer: whether it is what the model learns to give; prediction does without it.
    """

    name: str
    summary: str
    required: bool = True
    type: FieldType = "text"
    is_answer: bool = False


@dataclass(frozen=True, kw_only=True)
class TaskComponent(Component):
    """What the model learns; the factory takes a :class:`TaskContext` and returns a :class:`Task`.

    Attributes:
        fields: the inputs that templates fill.
        auto_model: name of the auto class of transformers that loads its models.
        default_metrics: for each kind of prediction, the metrics measured when a spec names none.
    """

    kind: ClassVar[str] = "task"
    fields: tuple[TaskField, ...]
    auto_model: str
    default_metrics: Mapping[Prediction, tuple[str, ...]] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the fields that the model reads."""
        return tuple(field.name for field in self.fields if not field.is_answer)


@dataclass(frozen=True, kw_only=True)
class MetricComponent(Component):
    """What is measured; the factory returns an ``evaluate.EvaluationModule``.

    Attributes:
        scores: the kinds of prediction it can score.
        results: the names of the numbers it gives; empty where only the run shows them.
        greater_is_better: which way is up.
    """

    kind: ClassVar[str] = "metric"
    scores: frozenset[Prediction]
    results: tuple[str, ...]
    greater_is_better: bool = True


@dataclass(frozen=True, kw_only=True)
class CallbackComponent(Component):
    """What happens during training; the factory takes a :class:`CallbackContext` and returns a
    ``transformers.TrainerCallback``."""

    kind: ClassVar[str] = "callback"


# What factories get


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

    def split_names(self) -> Sequence[str]:
        """The names of the splits there are."""

    def load(self, split: str) -> Dataset | IterableDataset:
        """All rows of one split."""

    def identity(self) -> Mapping[str, Any]:
        """What the lock records: revision, files and their hashes; JSON values."""


class Transform(Protocol):
    """Rows to rows. Must hash stably (``datasets.fingerprint``), so that caches work."""

    def apply(self, rows: Dataset) -> Dataset:
        """The rows transformed."""


class Task(Protocol):
    """What the model learns.

    Methods are called in the order they stand here. Lengths are in tokens, ``B`` is the batch.
    """

    trainer_class: type[Trainer]
    arguments_class: type[TrainingArguments]

    def fit(self, fields: Dataset | IterableDataset, features: Features | None) -> None:
        """Learn what depends on the training split, such as the labels. ``features`` describes the
        columns behind bare placeholders."""

    def restore(self, config: PretrainedConfig) -> None:
        """Take up what :meth:`fit` learned from the configuration of a trained model."""

    def model_settings(self) -> Mapping[str, Any]:
        """Fields of the model configuration that the task sets, such as ``num_labels``."""

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """A batch of fields to model inputs, for ``Dataset.map(batched=True)``."""

    def pack(self, rows: Dataset, split: str) -> Dataset:
        """Encoded rows to training rows; most tasks return them unchanged."""

    def collator(self, model: PreTrainedModel) -> Callable[[list[dict[str, Any]]], Any]:
        """Rows to a padded batch of tensors."""

    def arguments(self) -> Mapping[str, Any]:
        """Further arguments for :attr:`arguments_class`."""

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """How many items the model's mean loss over ``batch`` is a mean of, as a scalar tensor:
        examples for classification, target tokens for language models."""

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """What of a batch's logits must be kept until metrics are computed."""

    def decode(self, outputs: EvalPrediction) -> tuple[Any, Any]:
        """Gathered outputs to the predictions and references that metrics take."""

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Fields of rows without answers to results a user reads: JSON values, a mapping each."""
