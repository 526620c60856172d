"""Component records: what a plugin contributes, as frozen values that import without torch.

A component is a kind, a name, a light config class, and a factory named by the string
``"package.module:attribute"``. Only the engine resolves the string.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal

from pydantic import Field
from typing_extensions import TypeVar

from ftspec.spec.base import ComponentConfig

Prediction = str
"""What a task gives and a metric scores. The built-ins know ``class`` (class ids), ``class-set``
(0/1 rows over the classes), ``value`` (numbers), ``text``, and ``loss`` (the mean loss); a plugin
may name others, for tasks and metrics that belong together."""

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

    def predictions_from(self, fields: Collection[str]) -> frozenset[Prediction]:
        """The same for a spec whose template fills ``fields``; by default they change nothing."""
        return self.predictions


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


class SourceComponent(Component):
    """Where rows come from; the factory returns a ``Source``."""

    kind: ClassVar[str] = "source"


class TransformComponent(Component):
    """What happens to rows before the template; the factory returns a ``Transform``."""

    kind: ClassVar[str] = "transform"


class TokenizerComponent(Component):
    """How text becomes ids; the factory makes the tokenizer from a ``TokenizerContext``."""

    kind: ClassVar[str] = "tokenizer"
    config: type[TokenizerConfig]


class AdapterComponent(Component):
    """What is trained in place of all weights; the factory takes an ``AdapterContext`` and
    returns an ``Adapter``."""

    kind: ClassVar[str] = "adapter"


@dataclass(frozen=True, kw_only=True)
class TaskField:
    """A field of a task: what a template fills.

    Attributes:
        is_answer: whether it is what the model learns to give; prediction does without it.
        is_needed_to_predict: whether a row must have its columns for prediction; where it is
            ``False``, the task takes rows with the field and rows without.
    """

    name: str
    summary: str
    required: bool = True
    type: FieldType = "text"
    is_answer: bool = False
    is_needed_to_predict: bool = True


@dataclass(frozen=True, kw_only=True)
class TaskComponent(Component):
    """What the model learns; the factory takes a ``TaskContext`` and returns a ``Task``.

    Attributes:
        fields: the inputs that templates fill.
        auto_model: name of the auto class of transformers that loads its models.
        default_metrics: for each kind of prediction, the metrics measured when a spec names none.
    """

    kind: ClassVar[str] = "task"
    config: type[TaskConfig]
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
        results: the names of the numbers it gives; empty where only the run shows them. A key of
            the config in braces stands for its value, as in ``"recall@{k}"``.
        greater_is_better: which way is up.
    """

    kind: ClassVar[str] = "metric"
    scores: frozenset[Prediction]
    results: tuple[str, ...]
    greater_is_better: bool = True

    def results_of(self, config: ComponentConfig) -> tuple[str, ...]:
        """The names of the numbers it gives, configured so."""
        return tuple(name.format_map(dict(config)) for name in self.results)


class CallbackComponent(Component):
    """What happens during training; the factory takes a ``CallbackContext`` and returns a
    ``transformers.TrainerCallback``."""

    kind: ClassVar[str] = "callback"


ComponentT = TypeVar("ComponentT", bound=Component, default=Component, covariant=True)
ConfigT = TypeVar("ConfigT", bound=ComponentConfig, default=ComponentConfig, covariant=True)


class Kind(Generic[ComponentT, ConfigT]):
    """A kind of component: the class of its records, and the base class of their configs."""

    def __init__(self, record: type[ComponentT], config: type[ConfigT]) -> None:
        self.name = record.kind
        self.record = record
        self.config = config


SOURCE = Kind(SourceComponent, ComponentConfig)
TRANSFORM = Kind(TransformComponent, ComponentConfig)
TOKENIZER = Kind(TokenizerComponent, TokenizerConfig)
ADAPTER = Kind(AdapterComponent, ComponentConfig)
TASK = Kind(TaskComponent, TaskConfig)
METRIC = Kind(MetricComponent, ComponentConfig)
CALLBACK = Kind(CallbackComponent, ComponentConfig)

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (SOURCE, TRANSFORM, TOKENIZER, ADAPTER, TASK, METRIC, CALLBACK)
}
"""Every kind by its name, which is also the name of its sections."""
