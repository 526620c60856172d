"""The JSON Schema and the validation agree about a spec, and the committed schema is fresh."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ftspec.checks import template_fields
from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.document.dump import dump
from ftspec.document.load import load_document, read_source
from ftspec.document.nodes import MappingNode, to_plain
from ftspec.document.parse import parse_node
from ftspec.document.paths import SpecPath, format_path
from ftspec.planning.resolve import build_plan
from ftspec.planning.schema import schema_text, spec_schema
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from ftspec.spec.training_names import OWNED_ARGUMENTS, RENAMED_ARGUMENTS

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"
REGISTRY = build_registry(with_entry_points=False)
VALIDATOR = Draft202012Validator(spec_schema(REGISTRY))

# every kind of section, nested ones, shorthands, rules between keys, the environment
WIDE = """\
ftspec: 1
name: wide
data:
  source:
    type: mixture
    sources:
      - source: {type: hub, path: a/b, data_files: {train: [x.json]}}
        weight: 2
      - source: {type: csv, files: rows.csv, delimiter: ";", column_names: [text, label]}
      - source: {type: jsonl, files: [a.jsonl, b.jsonl]}
      - source: {type: package, package: p, files: f.csv, format: csv}
    stopping: all-exhausted
  splits:
    train: "train[:90%] + extra"
    validation: {from: train, fraction: 0.1, group_by: id}
    test: {slice: "test[:10]"}
preprocess:
  transforms:
    - {type: filter, column: text, min_words: 3}
    - deduplicate
    - {type: deduplicate, columns: [text]}
  template: {text: "{{}} {a.b}", text_pair: "{pair}", label: "{label}"}
tokenizer: {type: train, algorithm: bpe, max_length: 64, lowercase: true}
model: {init: random, architecture: bert, config: {hidden_size: 8}}
task: {type: text-classification, problem: multi-label, labels: [a, b], threshold: 0.4}
training:
  eval_strategy: epoch
  learning_rate: 1
  max_steps: 5
  lr_scheduler_kwargs: {a: 1}
  include_num_input_tokens_seen: all
performance: {precision: fp32, batching: grouped}
metrics:
  - accuracy
  - {type: f1, average: micro}
  - {type: hub, path: a/b, trust_remote_code: true}
callbacks:
  - {type: early-stopping, patience: 2, threshold: 0.5}
  - best-model
output: {dir: "${env:RUNS:-runs}"}
"""
SMALL = """\
ftspec: 1
data: {source: {type: text, files: x.txt}}
preprocess: {template: {text: "{text}"}}
tokenizer: auto
model: {checkpoint: a/b}
task: text-generation
"""
PROFILES = f"""\
{SMALL}\
profiles:
  small:
    tokenizer: {{max_length: 8}}
    data:
      source: {{sample_by: document}}
      splits: {{validation: {{from: train, fraction: 0.5}}}}
    model: {{revision: main}}
    task: {{type: text-generation, packing: false}}
    callbacks: [{{type: early-stopping, patience: 1}}]
  other:
    data: {{source: {{type: csv, files: x.csv}}}}
"""

CASES = sorted((ROOT / "tests" / "cases").glob("[!_]*/[!_]*.yaml"))

# only Python knows the names of encodings, and reads the JSON in a string
BEYOND_A_SCHEMA = {"bad-value/encoding", "bad-value/shapes"}
JSON_IN_A_STRING = "is a string that is not JSON"

# what a value or key can be seen to be wrong by in any part of a spec
SEEN_IN_A_PART = {
    "bad-slice",
    "bad-value",
    "misplaced-key",
    "owned-key",
    "renamed-key",
    "template-syntax",
    "unknown-key",
    "unknown-type",
    "wrong-type",
}
# not a fault of form: the places of secrets
BEYOND_FORM = {"clear-secret", "misplaced-secret", "unset-variable", "url-not-supported"}
# a split that is held out of another is judged with that other one
UNSAID = {"bad-split"}


def values_of(source: SourceText) -> Any:
    found = Collector()
    node = parse_node(source, found)
    assert node is not None, [str(one) for one in found]
    return to_plain(node)


def spec_file(path: Path) -> SourceText:
    return SourceText(path.name, path.read_text(encoding="utf-8"), path)


def by_schema(values: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(values)]


def by_validation(values: Any, path: Path | None) -> list[Diagnostic]:
    """What the two stages say, of the spec by itself and under each of its profiles."""
    source = SourceText("spec.yaml", dump(values), path)
    found = Collector()
    document = load_document(source, found, environment={})
    profiles = document.profiles if document is not None else ()
    under = [load_document(source, found, profile=name, environment={}) for name in profiles]
    for each in filter(None, (document, *under)):
        plan = build_plan(each, REGISTRY, found)
        if plan is not None:
            found.extend(template_fields.check(plan, each))
    return list(found)


def said(what: str, values: Any, validation: list[Diagnostic]) -> tuple[object, ...]:
    return what, by_schema(values), [str(one) for one in validation]


def places(values: Any, path: SpecPath = ()) -> Iterator[tuple[SpecPath, Any]]:
    yield path, values
    if isinstance(values, (dict, list)):
        for step, item in values.items() if isinstance(values, dict) else enumerate(values):
            yield from places(item, (*path, step))


def mutants(values: Any) -> Iterator[tuple[str, Any]]:
    """The spec with one slip each, by what was done."""
    for path, value in list(places(values))[1:]:
        shown = format_path(path)
        for other in ("zq", -1, 0.5, True, None, [], {"zq": 1}):
            yield f"{shown}: {other}", replaced(values, path, other)
        if isinstance(path[-1], str):
            yield f"{shown} misspelt", renamed(values, path, path[-1][:-1] + "zq")
            yield f"{shown} deleted", renamed(values, path, None)
        if isinstance(value, dict):
            yield f"{shown} with another key", replaced(values, path, value | {"zq": 1})


def replaced(values: Any, path: SpecPath, other: Any) -> Any:
    changed = copy.deepcopy(values)
    _parent(changed, path)[path[-1]] = other
    return changed


def renamed(values: Any, path: SpecPath, key: str | None) -> Any:
    changed = copy.deepcopy(values)
    parent = _parent(changed, path)
    value = parent.pop(path[-1])
    if key is not None:
        parent[key] = value
    return changed


def _parent(values: Any, path: SpecPath) -> Any:
    for step in path[:-1]:
        values = values[step]
    return values


def test_checked_in_schema_is_fresh() -> None:
    checked_in = (ROOT / "docs" / "ftspec.schema.json").read_text(encoding="utf-8")
    assert checked_in == schema_text(REGISTRY), (
        "run: ftspec schema --builtins-only --output docs/ftspec.schema.json"
    )


@pytest.mark.parametrize(
    "path", sorted(SPECS.rglob("*.yaml")), ids=lambda path: str(path.relative_to(SPECS))
)
def test_every_spec_and_every_file_to_extend_is_valid(path: Path) -> None:
    assert by_schema(values_of(spec_file(path))) == []


@pytest.mark.parametrize("text", [WIDE, SMALL, PROFILES], ids=["wide", "small", "profiles"])
def test_sound_spec_is_valid(text: str) -> None:
    values = values_of(SourceText("spec.yaml", text))
    assert by_schema(values) == []
    assert [str(one) for one in by_validation(values, None)] == []


@pytest.mark.parametrize("text", [WIDE, SMALL], ids=["wide", "small"])
def test_schema_and_validation_agree_on_every_mutant_of_a_whole_spec(text: str) -> None:
    whole = values_of(SourceText("spec.yaml", text))
    rejected = 0
    for what, values in mutants(whole):
        if what == "ftspec deleted":  # without the marker it is a file to extend
            continue
        is_valid, validation = VALIDATOR.is_valid(values), by_validation(values, None)
        rejected += not is_valid
        if is_valid and {one.slug for one in validation} <= UNSAID:
            continue
        if is_valid and all(JSON_IN_A_STRING in one.headline for one in validation):
            continue
        assert is_valid == (not validation), said(what, values, validation)
    assert rejected > 100


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(SourceText("spec.yaml", PROFILES), id="profiles"),
        pytest.param(spec_file(SPECS / "agnews_bert.yaml"), id="agnews_bert"),
        pytest.param(spec_file(SPECS / "xlsum_bangla_mt5.yaml"), id="xlsum_bangla_mt5"),
    ],
)
def test_schema_and_validation_agree_on_what_is_wrong_in_a_part(source: SourceText) -> None:
    for what, values in mutants(values_of(source)):
        is_valid, validation = VALIDATOR.is_valid(values), by_validation(values, source.path)
        assert validation or is_valid, said(what, values, validation)
        wrong = {one.slug for one in validation} & SEEN_IN_A_PART
        assert not (is_valid and wrong), said(what, values, validation)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_schema_and_validation_agree_on_every_case(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Collector()
    source = read_source(path, found)
    node = parse_node(source, found) if source is not None else None
    if not isinstance(node, MappingNode) or found.has_errors:
        pytest.skip("no mapping, so nothing that a schema can judge")
    monkeypatch.chdir(path.parent)
    values = to_plain(node)
    is_valid, validation = VALIDATOR.is_valid(values), by_validation(values, path)
    assert validation or is_valid, said(path.name, values, validation)
    here = {
        one.slug
        for one in validation
        if one.span and one.span.source.name == "spec.yaml" and "${env:" not in one.span.excerpt
    }
    if f"{path.parent.name}/{path.stem}" not in BEYOND_A_SCHEMA:
        assert not (is_valid and here & SEEN_IN_A_PART), said(path.name, values, validation)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_schema_and_validation_agree_on_every_case_laid_on_what_it_extends(path: Path) -> None:
    found = Collector()
    source = read_source(path, found)
    document = load_document(source, found, environment={}) if source is not None else None
    if document is None or found.has_errors:
        pytest.skip("no whole spec")
    for profile in (None, *document.profiles):
        under = load_document(document.source, found, profile=profile, environment={})
        assert under is not None
        values = under.plain(masked=True)
        is_valid, validation = VALIDATOR.is_valid(values), by_validation(values, path)
        slugs = {one.slug for one in validation} - UNSAID - BEYOND_FORM
        if "ftspec" not in values or f"{path.parent.name}/{path.stem}" in BEYOND_A_SCHEMA:
            continue
        agree = not slugs if is_valid else validation
        assert agree, said(f"{path.name} {profile}", values, validation)


@pytest.mark.parametrize("key", sorted(OWNED_ARGUMENTS | RENAMED_ARGUMENTS))
def test_former_training_key_is_rejected_and_says_what_to_write(key: str) -> None:
    values = values_of(SourceText("spec.yaml", SMALL)) | {"training": {key: 1}}
    assert by_schema(values) != []
    assert by_validation(values, None) != []
    former = VALIDATOR.schema["$defs"]["former-training-keys"]["properties"][key]
    assert former["deprecationMessage"] == (OWNED_ARGUMENTS | RENAMED_ARGUMENTS)[key]
