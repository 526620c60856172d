"""The plan: a complete, serializable description of one run, without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ftspec.components import (
    AdapterComponent,
    CallbackComponent,
    LauncherComponent,
    LauncherConfig,
    MetricComponent,
    SourceComponent,
    TaskComponent,
    TaskConfig,
    TokenizerComponent,
    TokenizerConfig,
    TransformComponent,
)
from ftspec.document.paths import SpecPath
from ftspec.masking import mask
from ftspec.planning.evaluation_set import PlannedSet, bare_metric
from ftspec.planning.planned_component import PlannedComponent
from ftspec.spec.data import Split, Splits
from ftspec.spec.model import ModelSection
from ftspec.spec.output import PerformanceSection
from ftspec.spec.template import parse_template

__all__ = ["Plan", "PlannedComponent"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run will do.

    ``training`` contains only the ``TrainingArguments`` fields that the spec sets. ``secrets`` maps
    values from the environment to the text to show instead; no artifact contains it.
    ``secret_places`` are the paths of values in the spec that contain a secret.
    ``fitting_metrics`` are the installed metrics that score the predictions of the task.
    ``has_open_splits`` says that the spec names no splits, and only the run finds those of the
    source. ``evaluation`` are the further sets to evaluate on. ``launcher`` starts the processes;
    it affects nothing that the run learns, and is none of its components.
    """

    name: str
    description: str | None
    seed: int
    source: PlannedComponent[SourceComponent]
    splits: Splits
    transforms: tuple[PlannedComponent[TransformComponent], ...]
    template: Mapping[str, str]
    tokenizer: PlannedComponent[TokenizerComponent, TokenizerConfig]
    model: ModelSection
    adapter: PlannedComponent[AdapterComponent] | None
    task: PlannedComponent[TaskComponent, TaskConfig]
    training: Mapping[str, Any]
    performance: PerformanceSection
    metrics: tuple[PlannedComponent[MetricComponent], ...]
    callbacks: tuple[PlannedComponent[CallbackComponent], ...]
    output_dir: Path
    keep_optimizer: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_places: frozenset[SpecPath] = field(default=frozenset(), repr=False)
    fitting_metrics: tuple[str, ...] = field(default=(), repr=False, compare=False)
    has_open_splits: bool = False
    evaluation: Mapping[str, PlannedSet] = field(default_factory=dict)
    launcher: PlannedComponent[LauncherComponent, LauncherConfig] | None = None

    def to_spec(self) -> dict[str, Any]:
        """The spec with every default filled in. Secrets are references to the environment."""
        spec: dict[str, Any] = {
            "ftspec": 1,
            "name": self.name,
            "description": self.description,
            "seed": self.seed,
            "data": {
                "source": self.source.to_spec(),
                "splits": _dump_splits(self.splits),
            },
            "preprocess": {
                "transforms": [transform.to_spec() for transform in self.transforms],
                "template": dict(self.template),
            },
            "tokenizer": self.tokenizer.to_spec(),
            "model": {
                **self.model.model_dump(mode="json"),
                "adapter": self.adapter.to_spec() if self.adapter is not None else None,
            },
            "task": self.task.to_spec(),
            "training": dict(self.training),
            "performance": self.performance.model_dump(mode="json"),
            "metrics": [metric.to_spec() for metric in self.metrics],
            "callbacks": [callback.to_spec() for callback in self.callbacks],
            "output": {"dir": str(self.output_dir), "keep_optimizer": self.keep_optimizer},
        }
        if self.description is None:
            del spec["description"]
        if self.launcher is not None:
            spec["launcher"] = self.launcher.to_spec()
        if self.has_open_splits:
            spec["data"] = {"source": self.source.to_spec()}
        if self.evaluation:
            sets = {name: one.to_spec() for name, one in self.evaluation.items()}
            spec["data"]["evaluation"] = sets
        masked: dict[str, Any] = _map_strings(spec, (), self._as_written)
        return masked

    def _as_written(self, text: str, path: SpecPath) -> str:
        """A value as written in a spec. A secret is masked only at its own path: the same text
        elsewhere is written in the spec itself."""
        is_secret = any(path[: len(place)] == place for place in self.secret_places)
        return mask(text, self.secrets if is_secret else {}, escape=True)

    @property
    def components(self) -> tuple[PlannedComponent, ...]:
        """Every resolved section, in the order of the spec. Sections inside another one are its
        children."""
        return (
            self.source,
            *(one for planned in self.evaluation.values() for one in planned.components),
            *self.transforms,
            self.tokenizer,
            *filter(None, [self.adapter]),
            self.task,
            *self.metrics,
            *self.callbacks,
        )

    @property
    def input_columns(self) -> tuple[str, ...]:
        """The columns that a row must have for prediction, in the order of the task's fields. If
        every input may be missing, those of the first one."""
        inputs = [
            (field.is_needed_to_predict, parse_template(self.template[field.name]).needed_columns)
            for field in self.task.component.fields
            if field.name in self.template and not field.is_answer
        ]
        needed = [columns for is_needed, columns in inputs if is_needed]
        listed = needed or [columns for _, columns in inputs[:1]]
        return tuple(dict.fromkeys(column for columns in listed for column in columns))

    def to_json(self) -> dict[str, Any]:
        """The plan as data: the spec, and the component of each section."""
        resolved = [
            {
                "kind": planned.component.kind,
                "type": planned.type,
                "factory": planned.component.factory,
                "plugin": planned.plugin,
            }
            for planned in self.components
        ]
        return {"version": 1, "spec": self.to_spec(), "components": resolved}

    def digest(self) -> str:
        """The hash of everything that affects the model: the plan without its name, output and
        launcher, and without the sets that it is only evaluated on."""
        spec = self.to_spec()
        sets = spec["data"].pop("evaluation", {})
        if self.watched_set is not None:
            spec["data"]["evaluation"] = {self.watched_set: sets[self.watched_set]}
        for key in ("name", "description", "output", "launcher"):
            spec.pop(key, None)
        text = json.dumps(spec, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def watched_set(self) -> str | None:
        """The set whose metric selects the best model, if it is none of the splits."""
        name = bare_metric(str(self.training.get("metric_for_best_model", ""))).partition("/")[0]
        return name if name in self.evaluation else None

    @property
    def sources(self) -> tuple[PlannedComponent[SourceComponent], ...]:
        """Every source of rows: that of the spec, and those of sets."""
        own = (planned.source for planned in self.evaluation.values())
        return (self.source, *filter(None, own))

    def of_set(self, name: str) -> Plan:
        """The plan whose data is that of a set, in the split train."""
        planned = self.evaluation[name]
        is_open = planned.slice is None
        return replace(
            self,
            source=planned.source or self.source,
            splits=Splits() if is_open else Splits(train=Split(slice=planned.slice)),
            has_open_splits=is_open,
            transforms=self.transforms if planned.transforms is None else planned.transforms,
            template=self.template if planned.template is None else planned.template,
            evaluation={},
        )

    def is_measured(self, name: str) -> bool:
        """Whether a set has references. One whose own template fills no answer of the task has
        none, and the model only predicts it."""
        template = self.evaluation[name].template
        answers = {field.name for field in self.task.component.fields if field.is_answer}
        return template is None or not answers or bool(answers & template.keys())

    def mask(self, text: str) -> str:
        """``text`` with every secret replaced by its reference."""
        return mask(text, self.secrets)

    def mask_all(self, value: Any) -> Any:
        """A JSON value with every secret in it replaced, also in keys that are paths or names of
        repositories. Other keys are names of ftspec, which may equal a variable by chance."""
        if isinstance(value, dict):
            return {
                self.mask(str(key)) if "/" in str(key) else key: self.mask_all(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.mask_all(item) for item in value]
        return self.mask(value) if isinstance(value, str) else value


def _dump_splits(splits: Splits) -> dict[str, Any]:
    return {
        name: split.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, split in splits.named().items()
    }


def _map_strings(value: Any, path: SpecPath, change: Callable[[str, SpecPath], str]) -> Any:
    if isinstance(value, str):
        return change(value, path)
    if isinstance(value, list):
        return [_map_strings(item, (*path, index), change) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _map_strings(item, (*path, key), change) for key, item in value.items()}
    return value
