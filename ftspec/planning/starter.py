"""Starter specs: a commented spec for each task, as a starting point.

The starters of built-in tasks are in ``starters/``. Other tasks get one generated from their
record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from ftspec.components import TaskComponent
from ftspec.planning.model_schema import JsonSchema, schema_of
from ftspec.registry.registry import Registered

_COMMENT_AT = 40  # the column of comments


def starter(registered: Registered[TaskComponent], schema: str) -> str:
    """The text of a starter spec for an installed task.

    ``schema`` is the path or URL of the JSON Schema for editors.
    """
    task = registered.component
    body = files("ftspec.planning") / "starters" / f"{task.name}.yaml"
    written = (
        body.read_text(encoding="utf-8")
        if registered.plugin.is_builtin and body.is_file()
        else _generic(task, registered.plugin.distribution or registered.plugin.name)
    )
    return f"# yaml-language-server: $schema={schema}\n{written}"


def _generic(task: TaskComponent, origin: str) -> str:
    metrics = sorted({name for names in task.default_metrics.values() for name in names})
    # if no field is required, the first one serves as the example
    needed = {field.name for field in task.fields if field.required} or {task.fields[0].name}
    lines = [
        f"# {task.summary} ({task.name}, from {origin}).",
        '# Lines with "change" have a placeholder. "ftspec lint" checks this file, "ftspec plan"',
        '# shows what it means, "ftspec run --profile smoke" tries it with a few rows and steps.',
        "ftspec: 1",
        f"# name: my-{task.name}",
        "seed: 42",
        "",
        "data:",
        _line("  source: {type: hub, path: owner/dataset}", "change: a dataset on the Hub"),
        "  # source: {type: json, files: rows.jsonl}",
        "  splits:",
        "    train: train",
        "    validation: {from: train, fraction: 0.1}",
        "",
        "preprocess:",
        _line("  template:", "a field of the task: a template over the columns of a row"),
        *(
            _line(
                f'    {"" if field.name in needed else "# "}{field.name}: "{{{field.name}}}"',
                field.summary,
            )
            for field in task.fields
        ),
        "",
        "model:",
        _line(
            "  checkpoint: owner/checkpoint",
            f"change: a checkpoint that {task.auto_model} can load",
        ),
        "",
        "task:",
        f"  type: {task.name}",
        *_options(task),
        "",
        _line("training:", "fields of TrainingArguments, by their own names"),
        "  num_train_epochs: 1",
        _line("  global_batch_size: 8", "the rows of a step"),
        "  learning_rate: 5e-5",
        "  logging_steps: 20",
        "  eval_strategy: epoch",
        "",
        *([f"# metrics: [{', '.join(metrics)}]", ""] if metrics else []),
        "profiles:",
        "  smoke:",
        "    data:",
        '      splits: {train: "train[:64]"}',
        "    tokenizer: {max_length: 64}",
        "    training: {max_steps: 2, logging_steps: 1}",
    ]
    return "\n".join(lines) + "\n"


def _options(task: TaskComponent) -> Iterator[str]:
    """The keys of the task: required keys with a placeholder, the others as comments."""
    schema, definitions = schema_of(task.config)
    required = schema.get("required", ())
    for key, described in schema.get("properties", {}).items():
        needed = key in required
        mark = "" if needed else "# "
        value = stand_in(described, definitions) if needed else described.get("default")
        words = described.get("description", "")
        yield _line(
            f"  {mark}{key}: {json.dumps(value, ensure_ascii=False)}",
            f"change: {words}" if needed else words,
        )


def stand_in(schema: JsonSchema, definitions: dict[str, JsonSchema]) -> Any:
    """A value that is valid for the schema, as far as the schema describes it."""
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].removeprefix("#/$defs/"), {})
    for branches in (schema.get("anyOf"), schema.get("oneOf")):
        if branches:
            return stand_in(branches[0], definitions)
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", ())), None))
    of_type = schema.get("type", "string")
    of_type = of_type[0] if isinstance(of_type, list) else of_type
    if of_type == "array":
        return [stand_in(schema.get("items", {}), definitions)] * max(1, schema.get("minItems", 1))
    if of_type == "object":
        properties = schema.get("properties", {})
        return {key: stand_in(properties[key], definitions) for key in schema.get("required", ())}
    if of_type == "string":
        return "change-me".ljust(schema.get("minLength", 0), "-")[: schema.get("maxLength")]
    if of_type in ("integer", "number"):
        above = schema.get("exclusiveMinimum", 0)
        below = schema.get("exclusiveMaximum", above + 2)
        between = (above + below) / 2
        return schema.get("minimum", int(between) if of_type == "integer" else between)
    return False if of_type == "boolean" else None


def _line(text: str, comment: str) -> str:
    return f"{text.ljust(_COMMENT_AT - 1)} # {comment}" if comment else text
