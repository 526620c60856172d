"""Component records: what a plugin contributes, as frozen dataclasses that import without torch.

A component has a kind, a name, a config class without heavy imports, and a factory that is named by
the string ``"package.module:attribute"``. Only the engine resolves this string.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, Literal

from pydantic import Field
from typing_extensions import TypeVar

from ftspec.spec.base import ComponentConfig

Prediction = str
"""The kind of value that a task predicts and a metric scores. The built-ins use ``class`` (class
ids), ``class-set`` (0/1 rows over the classes), ``value`` (numbers), ``text``, and ``loss`` (the
mean loss). A plugin may define other kinds for its own tasks and metrics."""

FieldType = Literal["text", "label", "any"]


class TokenizerConfig(ComponentConfig):
    """Base of every tokenizer's config: the maximum lengths."""

    max_length: int | None = Field(
        default=None,
        ge=2,
        description="maximum number of input tokens; the model's limit by default",
    )
    max_target_length: int | None = Field(
        default=None, ge=2, description="maximum number of target tokens; 128 by default"
    )


class TaskConfig(ComponentConfig):
    """Base of every task's config."""

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The kinds of prediction that the task returns with this config."""
        raise NotImplementedError

    def predictions_from(self, fields: Collection[str]) -> frozenset[Prediction]:
        """The same for a template that fills ``fields``; by default they make no difference."""
        return self.predictions


class CallbackConfig(ComponentConfig):
    """Base of the config of a callback that needs certain ``training`` settings."""

    def training_defaults(self, training: Mapping[str, Any]) -> Mapping[str, Any]:
        """``TrainingArguments`` fields to set, unless the spec sets them in ``training``."""
        return {}


Processes = Annotated[int, Field(ge=1)] | Literal["gpu"]
"""A number of processes, or one for each GPU."""


class LauncherConfig(ComponentConfig):
    """Base of every launcher's config: how many processes there are, and how often they restart."""

    processes: Processes = Field(
        default=1,
        description="number of processes on each machine; gpu: one for each GPU",
    )
    restarts: int = Field(
        default=0,
        ge=0,
        description="how often all processes start again after one of them died; the run then goes "
        "on from its newest whole checkpoint",
    )


@dataclass(frozen=True, kw_only=True)
class Component:
    """A named implementation of a kind.

    Attributes:
        name: kebab-case; the value of ``type`` in a spec.
        summary: one line for listings.
        config: the class of its keys; it must import without torch.
        factory: ``"package.module:attribute"``; the engine calls ``factory(config, context)``.
        aliases: former names.
        requires: modules that the factory imports and the ``train`` extra does not install.
        install: the command that installs these modules.
        uses_hub: whether building the component downloads files from the Hub.
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
    """Where rows come from. The factory returns a ``Source``."""

    kind: ClassVar[str] = "source"


class TransformComponent(Component):
    """A change to rows before the template. The factory returns a ``Transform``."""

    kind: ClassVar[str] = "transform"


class TokenizerComponent(Component):
    """How text becomes token ids. The factory takes a ``TokenizerContext`` and returns a tokenizer
    of transformers."""

    kind: ClassVar[str] = "tokenizer"
    config: type[TokenizerConfig]


class AdapterComponent(Component):
    """A few new weights that are trained instead of all weights. The factory takes an
    ``AdapterContext`` and returns an ``Adapter``."""

    kind: ClassVar[str] = "adapter"


@dataclass(frozen=True, kw_only=True)
class TaskField:
    """A field of a task, which a template fills.

    Attributes:
        is_answer: whether the model learns to predict the field. Prediction does not need it.
        is_needed_to_predict: whether a row must have the field's columns for prediction. If
            ``False``, the task accepts rows with and without the field.
    """

    name: str
    summary: str
    required: bool = True
    type: FieldType = "text"
    is_answer: bool = False
    is_needed_to_predict: bool = True


@dataclass(frozen=True, kw_only=True)
class TaskComponent(Component):
    """What the model learns. The factory takes a ``TaskContext`` and returns a ``Task``.

    Attributes:
        fields: the fields that templates fill.
        auto_model: name of the transformers auto class that loads its models.
        default_metrics: for each kind of prediction, the metrics to use if a spec names none.
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
    """What is measured. The factory returns an ``evaluate.EvaluationModule``.

    Attributes:
        scores: the kinds of prediction that it can score.
        results: the names of the numbers that it returns; empty if they are known only in the run.
            A config key in braces stands for its value, as in ``"recall@{k}"``.
        greater_is_better: whether a larger value is better.
    """

    kind: ClassVar[str] = "metric"
    scores: frozenset[Prediction]
    results: tuple[str, ...]
    greater_is_better: bool = True

    def results_of(self, config: ComponentConfig) -> tuple[str, ...]:
        """The names of the numbers that it returns with this config."""
        return tuple(name.format_map(dict(config)) for name in self.results)


class CallbackComponent(Component):
    """An action during training. The factory takes a ``CallbackContext`` and returns a
    ``transformers.TrainerCallback``."""

    kind: ClassVar[str] = "callback"


@dataclass(frozen=True, kw_only=True)
class LauncherComponent(Component):
    """How the processes of a run are started. The factory takes a ``LauncherContext`` and returns a
    ``Launcher``.

    Attributes:
        starts: whether it starts the run. Otherwise it only prints what a user starts.
        several_machines: whether it starts processes on several machines.
        forwards_signals: whether the processes get the signals that stop a run, so that it saves a
            checkpoint before it ends.
    """

    kind: ClassVar[str] = "launcher"
    config: type[LauncherConfig]
    starts: bool = True
    several_machines: bool = False
    forwards_signals: bool = True


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
LAUNCHER = Kind(LauncherComponent, LauncherConfig)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (SOURCE, TRANSFORM, TOKENIZER, ADAPTER, TASK, METRIC, CALLBACK, LAUNCHER)
}
"""Every kind by its name, which is also the name of its sections."""
