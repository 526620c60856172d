"""Spec and registry to plan: the component of each section validates the section."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ftspec.components import (
    ADAPTER,
    CALLBACK,
    KINDS,
    LAUNCHER,
    METRIC,
    SOURCE,
    TASK,
    TOKENIZER,
    TRANSFORM,
    CallbackComponent,
    CallbackConfig,
    ComponentT,
    ConfigT,
    Kind,
    MetricComponent,
    Prediction,
    TaskComponent,
    TaskConfig,
    TransformComponent,
)
from ftspec.diagnostics.model import Collector
from ftspec.document.load import Document
from ftspec.document.nodes import MappingNode, Node, ScalarNode, placed_scalars, shortened, to_plain
from ftspec.document.paths import SpecPath
from ftspec.files import path_problem
from ftspec.masking import SHORTEST_MASKED_PART, mask
from ftspec.planning.evaluation_set import AT as EVALUATION_AT
from ftspec.planning.evaluation_set import PlannedSet, bare_metric
from ftspec.planning.extreme_numbers import extreme_numbers
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.planning.secret_places import misplaced_secrets
from ftspec.planning.source_splits import known_splits, splits_named
from ftspec.planning.urls import is_url, url_helps
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.registry import Registered, Registry
from ftspec.span import SourceText
from ftspec.spec.base import (
    ComponentConfig,
    ComponentSection,
    JsonFile,
    LocalPath,
    MetricSection,
    allows_environment,
    local_path_mark,
)
from ftspec.spec.data import EvaluationSet
from ftspec.spec.root import LONGEST_RUN_NAME, Spec
from ftspec.spec.validate import TrackerHelps, validate

Model = TypeVar("Model", bound=BaseModel)


def build_plan(
    document: Document, registry: Registry, found: Collector, *, output_dir: Path | None = None
) -> Plan | None:
    """The plan of a document, or ``None`` with findings. Validates the skeleton, then each section.

    Even with findings there may be a plan, for checks only: placeholders replace faulty transforms
    and metrics, and the plan cannot run.

    ``output_dir`` overrides the spec's ``output.dir``.
    """
    misplaced = {finding.span: finding for finding in misplaced_secrets(document, registry)}
    found.extend(misplaced.values())
    extreme = {finding.span: finding for finding in extreme_numbers(document)}
    others = Collector()
    plan = _resolve(document, registry, others, output_dir)
    # a misplaced secret needs no other finding
    found.extend(finding for finding in others if finding.span not in misplaced)
    known = {finding.span for finding in others}
    found.extend(finding for span, finding in extreme.items() if span not in known)
    return plan


def _resolve(
    document: Document, registry: Registry, found: Collector, output_dir: Path | None
) -> Plan | None:
    spec = validate(Spec, document.plain(), (), document, found, _tracker_helps(registry))
    if spec is None:
        # check the remaining sections too, so that a user sees all mistakes at once
        _Resolver(document, registry, found).resolve_loose_sections()
        return None
    return _Resolver(document, registry, found).resolve(spec, output_dir)


def _tracker_helps(registry: Registry) -> TrackerHelps:
    def helps(names: Sequence[str]) -> tuple[str, ...]:
        from ftspec.planning.tracker_helps import tracker_helps  # only mistakes need it

        return tracker_helps(names, registry)

    return helps


class _Resolver:
    """Resolves the sections of one spec."""

    def __init__(self, document: Document, registry: Registry, found: Collector) -> None:
        self._document = document
        self._registry = registry
        self._found = found
        self._secrets = dict(document.secrets)
        self._is_confined = True  # whether no path so far leads outside of the root
        self._secret_places = frozenset(
            path for path, node in placed_scalars(document.root) if node.is_secret
        )

    def resolve(self, spec: Spec, output_dir: Path | None) -> Plan | None:
        source = self._component(SOURCE, spec.data.source, ("data", "source"))
        transforms = [
            transform or _UNKNOWN_TRANSFORM
            for transform in self._components(
                TRANSFORM, spec.preprocess.transforms, ("preprocess", "transforms")
            )
        ]
        evaluation = {name: self._set(name, one) for name, one in spec.data.evaluation.items()}
        tokenizer = self._component(TOKENIZER, spec.tokenizer, ("tokenizer",))
        adapter = self._optional(ADAPTER, spec.model.adapter, ("model", "adapter"))
        task = self._component(TASK, spec.task, ("task",))
        metrics = self._metrics(spec.metrics, task, spec.preprocess.template)
        callbacks = self._callbacks(spec.callbacks)
        launcher = self._optional(LAUNCHER, spec.launcher, ("launcher",))
        output = self._anchored(spec.output, ("output",))
        model = self._anchored(spec.model, ("model",))
        training = self._anchored(spec.training, ("training",))
        if source is None or tokenizer is None or task is None:
            return None
        if None in callbacks or None in evaluation.values():
            return None
        if adapter is None and spec.model.adapter is not None:
            return None
        if launcher is None and spec.launcher is not None:
            return None
        if not self._is_confined:  # checks would read what is outside
            return None
        predictions = task.config.predictions_from(spec.preprocess.template)
        names = known_splits(source)
        is_open = "splits" not in spec.data.model_fields_set
        splits = splits_named(names) if is_open and names is not None else spec.data.splits
        return Plan(
            name=spec.name or self._default_name(),
            description=spec.description,
            seed=spec.seed,
            source=source,
            splits=splits,
            has_open_splits=is_open and names is None,
            transforms=tuple(transforms),
            template=dict(spec.preprocess.template),
            tokenizer=tokenizer,
            model=model,
            adapter=adapter,
            task=task,
            training=_complete(training, callbacks, metrics),
            performance=spec.performance,
            metrics=(
                *filter(None, metrics),
                *([_unknown_metric(predictions)] if None in metrics else []),
            ),
            callbacks=tuple(filter(None, callbacks)),
            output_dir=(output_dir or Path(output.dir)).absolute(),
            keep_optimizer=output.keep_optimizer,
            secrets=self._secrets,
            secret_places=self._secret_places,
            fitting_metrics=self._fitting_metrics(predictions),
            evaluation={name: one for name, one in evaluation.items() if one is not None},
            launcher=launcher,
        )

    def _set(self, name: str, section: EvaluationSet) -> PlannedSet | None:
        """A set to evaluate on; ``None`` with findings."""
        at = (*EVALUATION_AT, name)
        source = None
        if section.source is not None:
            source = self._component(SOURCE, section.source, (*at, "source"))
        transforms = self._components(TRANSFORM, section.transforms or (), (*at, "transforms"))
        if None in transforms or (source is None and section.source is not None):
            return None
        written = section.slice
        if written is None and source is not None:
            names = known_splits(source) or ()
            written = names[0] if len(names) == 1 else None
        return PlannedSet(
            name=name,
            slice=written,
            source=source,
            transforms=None if section.transforms is None else tuple(filter(None, transforms)),
            template=None if section.template is None else dict(section.template),
            by=tuple(section.by),
            during_training=section.during_training,
        )

    def _fitting_metrics(self, predictions: frozenset[Prediction]) -> tuple[str, ...]:
        metrics = (registered.component for registered in self._registry.of_kind(METRIC))
        return tuple(metric.name for metric in metrics if metric.scores & predictions)

    def resolve_loose_sections(self) -> None:
        """Report mistakes inside component sections of a spec with a faulty skeleton."""
        sets = self._document.node(EVALUATION_AT)
        names = [entry.key for entry in sets] if isinstance(sets, MappingNode) else []
        single: Sequence[tuple[SpecPath, str]] = (
            (("data", "source"), "source"),
            *(((*EVALUATION_AT, name, "source"), "source") for name in names),
            (("tokenizer",), "tokenizer"),
            (("model", "adapter"), "adapter"),
            (("task",), "task"),
            (("launcher",), "launcher"),
        )
        for path, kind in single:
            self._loose(path, kind)
        lists: Sequence[tuple[SpecPath, str]] = (
            *(((*EVALUATION_AT, name, "transforms"), "transform") for name in names),
            (("preprocess", "transforms"), "transform"),
            (("metrics",), "metric"),
            (("callbacks",), "callback"),
        )
        for path, kind in lists:
            node = self._document.node(path)
            for index in range(len(getattr(node, "items", ()))):
                self._loose((*path, index), kind)

    def _loose(self, path: SpecPath, kind: str) -> None:
        node = self._document.node(path)
        if node is None:
            return
        try:
            section = _SECTION_TYPES[kind].model_validate(to_plain(node))
        except ValidationError:  # the skeleton's validation has reported it
            return
        self._component(KINDS[kind], section, path)

    def _metrics(
        self,
        sections: Sequence[MetricSection] | None,
        task: PlannedComponent[TaskComponent, TaskConfig] | None,
        fields: Collection[str],
    ) -> list[PlannedComponent[MetricComponent] | None]:
        if sections is not None:
            return self._components(METRIC, sections, ("metrics",))
        if task is None:
            return []
        names = [
            name
            for prediction in sorted(task.config.predictions_from(fields))
            for name in task.component.default_metrics.get(prediction, ())
        ]
        return self._components(METRIC, [MetricSection(type=name) for name in names], ("metrics",))

    def _callbacks(
        self, sections: Sequence[ComponentSection]
    ) -> list[PlannedComponent[CallbackComponent] | None]:
        """Those of the spec, and the one that every run has. It needs no validation."""
        planned = self._components(CALLBACK, sections, ("callbacks",))
        registered = self._registry.get(CALLBACK, _CALLBACK_OF_EVERY_RUN)
        if registered is None or any(
            section.type == _CALLBACK_OF_EVERY_RUN for section in sections
        ):
            return planned
        default = PlannedComponent(
            component=registered.component,
            config=registered.component.config.model_construct(),  # avoids building a schema
            plugin=registered.plugin.name,
            at=("callbacks", len(sections)),
        )
        return [*planned, default]

    def _components(
        self,
        kind: Kind[ComponentT, ConfigT],
        sections: Sequence[ComponentSection],
        at: SpecPath,
    ) -> list[PlannedComponent[ComponentT, ConfigT] | None]:
        return [
            self._component(kind, section, (*at, index)) for index, section in enumerate(sections)
        ]

    def _optional(
        self, kind: Kind[ComponentT, ConfigT], section: ComponentSection | None, at: SpecPath
    ) -> PlannedComponent[ComponentT, ConfigT] | None:
        return None if section is None else self._component(kind, section, at)

    def _component(
        self, kind: Kind[ComponentT, ConfigT], section: ComponentSection, at: SpecPath
    ) -> PlannedComponent[ComponentT, ConfigT] | None:
        registered = self._registry.get(kind, section.type)
        if registered is None:
            self._report_unknown_type(section, at)
            return None
        component = registered.component
        config = self._config(registered, section, at)
        if config is None:
            return None
        if not isinstance(config, kind.config):
            # discovery refuses such a record
            raise TypeError(f"{type(config).__name__} is not a {kind.config.__name__}")
        config = self._anchored(config, at)
        if kind is SOURCE:
            self._confine_names(config, at)
        children = {
            path: self._component(KINDS[child.kind], child, (*at, *path))
            for path, child in _sections_in(config, ())
        }
        if None in children.values():
            return None
        return PlannedComponent(
            component=component,
            config=config,
            plugin=registered.plugin.name,
            at=at,
            children={path: child for path, child in children.items() if child is not None},
        )

    def _config(
        self, registered: Registered, section: ComponentSection, at: SpecPath
    ) -> ComponentConfig | None:
        component, plugin = registered.component, registered.plugin
        if plugin.is_builtin:
            return validate(component.config, section.options, at, self._document, self._found)
        config = None
        with Isolation(plugin, f'validated the {component.kind} "{component.name}"') as validated:
            # names an unknown annotation, which validating alone does not do the first time
            component.config.model_rebuild(_types_namespace={})
            config = validate(component.config, section.options, at, self._document, self._found)
        if validated.error is not None:
            said = mask(describe_error(validated.error, plugin), self._secrets)
            self._found.error(
                "plugin-config",
                f'the config of the {component.kind} "{component.name}" raised: {said}',
                self._document.span((*at, "type")),
                f"this is a bug in the plugin {plugin}, not in the spec",
            )
        return config

    def _report_unknown_type(self, section: ComponentSection, at: SpecPath) -> None:
        from ftspec.planning.missing_type import missing_type_helps  # only mistakes need it

        self._found.error(
            "unknown-type",
            f'no {section.kind} "{mask(section.type, self._secrets)}" is installed',
            self._document.span((*at, "type")),
            *missing_type_helps(section.kind, section.type, self._registry),
        )

    def _anchored(self, model: Model, at: SpecPath) -> Model:
        """The model with absolute local paths. A path is relative to the file it is written in."""
        changes: dict[str, Any] = {}
        for name, field in type(model).model_fields.items():
            value = getattr(model, name)
            if isinstance(value, (str, list, Mapping, BaseModel)):  # few of the many settings are
                anchored = self._anchor(value, (*at, field.alias or name), local_path_mark(field))
                if anchored != value:
                    changes[name] = anchored
        return model.model_copy(update=changes) if changes else model

    def _anchor(self, value: Any, path: SpecPath, mark: LocalPath | None) -> Any:
        if isinstance(value, list):
            return [self._anchor(item, (*path, index), mark) for index, item in enumerate(value)]
        if isinstance(value, Mapping):
            mark = None if isinstance(mark, JsonFile) else mark
            return {key: self._anchor(item, (*path, key), mark) for key, item in value.items()}
        if isinstance(value, BaseModel) and not isinstance(value, ComponentSection):
            return self._anchored(value, path)
        if mark is None or not isinstance(value, str):
            return value
        node = self._document.node(path)
        if node is None:  # a default is relative to the current folder
            return value
        if is_url(value):
            self._report_url(value, node, mark)
            return value
        if not mark.applies_to(value):
            if mark.or_hub_name:
                self._confine(self._document.confinement.problem_of_name(value), node)
            return value
        source = node.span.source
        anchored = str(source.anchor(value))
        if not isinstance(mark, JsonFile) and not glob.has_magic(anchored):
            problem = path_problem(anchored)
            if problem is not None:
                self._is_confined = False
                headline = f"{shortened(self._written(node))} {problem}"
                slug = "missing-file" if mark.must_exist else "bad-value"
                self._found.error(slug, headline, node.span)
                return anchored
        is_read = mark.must_exist or mark.or_hub_name
        self._confine(self._document.confinement.problem(anchored, is_read=is_read), node)
        if isinstance(node, ScalarNode) and node.is_secret:
            # the reference must mean the same path wherever the resolved spec is
            folder = "" if value.startswith(("/", "~")) else f"{source.folder}/"
            folder = folder.replace("${", "$${")
            forms = _as_paths(node, source, folder)
            self._secrets = {**forms, **self._secrets, anchored: folder + str(node.written)}
        return anchored

    def _report_url(self, value: str, node: Node, mark: LocalPath) -> None:
        expected = "a local path or a name on the Hub" if mark.or_hub_name else "a local path"
        self._is_confined = False
        self._found.error(
            "url-not-supported",
            f"{shortened(self._written(node))} is a URL; expected {expected}",
            node.span,
            *(mask(text, self._secrets) for text in url_helps(value, mark)),
        )

    def _confine_names(self, value: Any, path: SpecPath) -> None:
        """Look at the strings of a source that are not marked as paths: the library that gets them
        may take them for paths."""
        if isinstance(value, BaseModel) and not isinstance(value, ComponentSection):
            for name, field in type(value).model_fields.items():
                if local_path_mark(field) is None and allows_environment(field) is not False:
                    self._confine_names(getattr(value, name), (*path, field.alias or name))
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                self._confine_names(item, (*path, index))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self._confine_names(item, (*path, key))
        elif isinstance(value, str) and len(value) > 1:
            node = self._document.node(path)
            if node is not None:
                self._confine(self._document.confinement.problem_of_name(value), node)

    def _confine(self, problem: str | None, node: Node) -> None:
        if problem is None:
            return
        self._is_confined = False
        headline = f"{shortened(self._written(node))} {problem}"
        self._found.error("outside-root", headline, node.span, *self._document.confinement.helps)

    def _written(self, node: Node) -> str:
        """The text of a value, without secrets."""
        assert isinstance(node, ScalarNode)
        return str(node.written if node.is_secret else node.value)

    def _default_name(self) -> str:
        path = self._document.source.path
        stem = path.stem if path is not None else "stdin"
        return re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:LONGEST_RUN_NAME].strip("-._") or "spec"


def _as_paths(node: ScalarNode, source: SourceText, folder: str) -> dict[str, str]:
    """How each secret appears in an absolute path without ``.`` and ``..``, such as the path of a
    file that a pattern finds. A relative path starts from ``folder``."""
    forms = {}
    for value, reference in node.secrets:
        forms[os.path.normpath(value).strip("/.~")] = reference
        if str(node.value).startswith(value):
            forms[str(source.anchor(value))] = folder + reference
    return {form: text for form, text in forms.items() if len(form) >= SHORTEST_MASKED_PART}


_CALLBACK_OF_EVERY_RUN = "divergence"

_UNKNOWN_TRANSFORM: PlannedComponent[TransformComponent] = PlannedComponent(
    component=TransformComponent(name="", summary="", config=ComponentConfig, factory=""),
    config=ComponentConfig.model_construct(),  # avoids building a schema
    plugin="",
    at=(),
)


def _unknown_metric(predictions: frozenset[Prediction]) -> PlannedComponent[MetricComponent]:
    """A placeholder for a metric: all that is known is that it may fit."""
    component = MetricComponent(
        name="", summary="", config=ComponentConfig, factory="", scores=predictions, results=()
    )
    return PlannedComponent(component=component, config=ComponentConfig(), plugin="", at=())


def _complete(
    section: BaseModel,
    callbacks: Sequence[PlannedComponent[CallbackComponent] | None],
    metrics: Sequence[PlannedComponent[MetricComponent] | None],
) -> dict[str, Any]:
    """The training fields that a spec sets, and the ones that its callbacks and its best metric
    imply."""
    training = section.model_dump(mode="json", exclude_unset=True)
    schedule = training.get("lr_scheduler_kwargs")
    if isinstance(schedule, dict):  # with null, a profile removes a key of the spec
        kept = {key: value for key, value in schedule.items() if value is not None}
        training["lr_scheduler_kwargs"] = kept
    for callback in filter(None, callbacks):
        if isinstance(callback.config, CallbackConfig):
            training = {**callback.config.training_defaults(training), **training}
    written = training.get("metric_for_best_model")
    if isinstance(written, str) and written.startswith("validation/"):
        training["metric_for_best_model"] = bare_metric(written)
    best = bare_metric(str(written or "loss"))
    names = {best, best.rpartition("/")[2]}  # a set stands before a slash, or it is of the name
    for metric in filter(None, metrics):
        # the Trainer guesses from the name, and gets it wrong for every error measure
        if names & {*metric.component.results_of(metric.config)} - {"loss"}:
            training.setdefault("greater_is_better", metric.component.greater_is_better)
    return training


_SECTION_TYPES: dict[str, type[ComponentSection]] = {
    section_type.kind: section_type for section_type in ComponentSection.__subclasses__()
}


def _sections_in(value: Any, path: SpecPath) -> Iterator[tuple[SpecPath, ComponentSection]]:
    """The component sections inside a config, with their paths below it."""
    if isinstance(value, ComponentSection):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _sections_in(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _sections_in(item, (*path, index))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _sections_in(item, (*path, key))
