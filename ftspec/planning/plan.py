"""The plan: a complete, serialisable description of one run, still without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from ftspec.components import (
    AdapterComponent,
    CallbackComponent,
    ComponentT,
    ConfigT,
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
from ftspec.spec.data import Splits
from ftspec.spec.model import ModelSection
from ftspec.spec.output import PerformanceSection
from ftspec.spec.template import parse_template


@dataclass(frozen=True, kw_only=True)
class PlannedComponent(Generic[ComponentT, ConfigT]):
    """A section resolved: which component, from which plugin, configured how.

    Attributes:
        component: its record.
        config: its validated keys; paths are absolute.
        plugin: the name of the plugin that contributed it.
        at: the section's place in the spec.
        children: sections inside this one, resolved, by their path below it.
    """

    component: ComponentT
    config: ConfigT
    plugin: str
    at: SpecPath
    children: Mapping[SpecPath, PlannedComponent] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """What ``type`` says in the spec."""
        return self.component.name

    def to_spec(self) -> dict[str, Any]:
        """The section as a spec writes it, every default filled in."""
        section = {"type": self.type, **self.config.model_dump(mode="json", by_alias=True)}
        for path, child in self.children.items():
            parent: Any = section
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = child.to_spec()
        return section


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run will do.

    ``training`` holds the fields of ``TrainingArguments`` that the spec sets, and no others.
    ``secrets`` maps values from the environment to the text that stands for them; it is in no
    artifact. ``secret_places`` are the places in the spec that hold one. ``fitting_metrics`` names
    those installed that score what the task gives.
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
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_places: frozenset[SpecPath] = field(default=frozenset(), repr=False)
    fitting_metrics: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def to_spec(self) -> dict[str, Any]:
        """The spec with everything filled in; secrets as references to the environment."""
        spec = {
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
            "output": {"dir": str(self.output_dir)},
        }
        if self.description is None:
            del spec["description"]
        masked: dict[str, Any] = _map_strings(spec, (), self._as_written)
        return masked

    def _as_written(self, text: str, path: SpecPath) -> str:
        """A value as a spec writes it. A secret is masked at its own place alone: elsewhere the
        same word stands in the spec itself."""
        is_secret = any(path[: len(place)] == place for place in self.secret_places)
        return mask(text, self.secrets if is_secret else {}, escape=True)

    @property
    def components(self) -> tuple[PlannedComponent, ...]:
        """Every section resolved, in the order of the spec; those inside another are its
        children."""
        return (
            self.source,
            *self.transforms,
            self.tokenizer,
            *filter(None, [self.adapter]),
            self.task,
            *self.metrics,
            *self.callbacks,
        )

    @property
    def input_columns(self) -> tuple[str, ...]:
        """The columns that a row must have for prediction, in the order of the task's fields."""
        columns = (
            column
            for field in self.task.component.fields
            if field.name in self.template and field.is_needed_to_predict and not field.is_answer
            for column in parse_template(self.template[field.name]).columns
        )
        return tuple(dict.fromkeys(columns))

    def to_json(self) -> dict[str, Any]:
        """The plan as data: the spec, and what each component section resolved to."""
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
        """Identity of what is learned and how: the hash of the plan less its name and output."""
        spec = self.to_spec()
        for key in ("name", "description", "output"):
            spec.pop(key, None)
        text = json.dumps(spec, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def mask(self, text: str) -> str:
        """``text`` with every secret replaced by the reference it came from."""
        return mask(text, self.secrets)

    def mask_all(self, value: Any) -> Any:
        """A JSON value with every secret in it replaced, also in keys that are paths or names of
        repositories. Other keys are words of ftspec, which a variable may hold by chance."""
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
