"""The plan as a value: its spec, its digest, and secrets that never leave it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ftspec
from ftspec.document.dump import dump
from tests.unit.conftest import Examine, PlanOf

RICH = """\
ftspec: 1
name: rich
description: "costs $${5} and 1e5 \u2028 lines"
seed: 7
data:
  source:
    type: mixture
    sources:
      - {source: {type: hub, path: a/b, revision: "7e12345"}, weight: 2}
      - {source: {type: package, package: p, files: {train: [x.csv]}, format: csv}}
  splits:
    train: "train[:50%]"
    validation: {from: train, fraction: 0.25, group_by: author, seed: 3}
    test: test
preprocess:
  transforms:
    - {type: filter, column: text, not_missing: true, max_words: 400}
    - deduplicate
  template: {text: "{{{title}}} {text.body}", label: "{stars}"}
tokenizer: {type: train, algorithm: bpe, vocab_size: 500, max_length: 64}
model: {architecture: gpt2, init: random, config: {n_layer: 2, ratio: 1e-5, act: "on"}}
task: {type: text-classification, problem: multi-label, labels: ["yes", "no", "~"]}
training:
  learning_rate: 2e-5
  num_train_epochs: 3
  eval_strategy: steps
  eval_steps: 50
  lr_scheduler_type: cosine
  lr_scheduler_kwargs: {num_cycles: 2}
  ddp_backend: "0o17"
performance: {precision: fp32, batching: grouped}
metrics: [{type: f1, average: micro}]
callbacks: [{type: early-stopping, metric: f1, patience: 2}, {type: generated-samples, count: 1}]
output: {dir: /elsewhere}
"""


@pytest.mark.parametrize("text", [RICH, None], ids=["rich", "minimal"])
def test_resolved_spec_is_sound_and_gives_the_same_plan(
    text: str | None, plan_of: PlanOf, minimal_spec: str
) -> None:
    plan = plan_of(text or minimal_spec)
    again = plan_of(dump(plan.to_spec()))
    assert again.to_spec() == plan.to_spec()
    assert again.digest() == plan.digest()


def test_resolved_spec_is_sound_as_json_too(plan_of: PlanOf) -> None:
    plan = plan_of(RICH)
    assert plan_of(json.dumps(plan.to_spec())).digest() == plan.digest()


def test_resolved_spec_says_every_default(plan_of: PlanOf, minimal_spec: str) -> None:
    spec = plan_of(minimal_spec).to_spec()
    assert spec["tokenizer"]["type"] == "auto"
    assert spec["performance"] == {
        "precision": "auto",
        "batching": "exact",
        "micro_batch_overhead_tokens": None,
        "max_tokens_per_device": None,
        "compile": False,
    }
    assert spec["metrics"] == [{"type": "accuracy"}, {"type": "f1", "average": "macro"}]
    assert spec["task"]["threshold"] == 0.5
    assert spec["output"] == {"dir": str(Path.cwd() / "runs"), "keep_optimizer": False}


def test_resolved_spec_sets_no_training_field_that_the_spec_does_not(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    assert plan_of(minimal_spec).to_spec()["training"] == {}


def test_nested_section_is_written_in_full_at_its_place(plan_of: PlanOf) -> None:
    first, second = plan_of(RICH).to_spec()["data"]["source"]["sources"]
    assert first["weight"] == 2.0
    assert (first["source"]["type"], first["source"]["streaming"]) == ("hub", False)
    assert second["source"]["files"] == {"train": ["x.csv"]}


def test_plan_as_data_names_factory_and_plugin_of_every_component(plan_of: PlanOf) -> None:
    data = json.loads(json.dumps(plan_of(RICH).to_json()))
    assert [(one["kind"], one["type"]) for one in data["components"]] == [
        ("source", "mixture"),
        ("transform", "filter"),
        ("transform", "deduplicate"),
        ("tokenizer", "train"),
        ("task", "text-classification"),
        ("metric", "f1"),
        ("callback", "early-stopping"),
        ("callback", "generated-samples"),
        ("callback", "divergence"),
    ]
    assert all(":" in one["factory"] for one in data["components"])
    assert {one["plugin"] for one in data["components"]} == {"ftspec.builtin.plugin"}
    assert data["version"] == 1


# Digest


def test_digest_is_the_same_in_every_process(plan_of: PlanOf, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(RICH)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from ftspec.linting import examine\n"
        "from ftspec.registry.discover import build_registry\n"
        "from ftspec.span import SourceText\n"
        "source = SourceText('x.yaml', Path(sys.argv[1]).read_text())\n"
        "print(examine(source, build_registry(with_entry_points=False)).plan.digest())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.yaml")],
        cwd=Path(ftspec.__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == plan_of(RICH).digest()


@pytest.mark.parametrize(
    "line",
    ["name: other", "description: other", "output: {dir: other}", "seed: 42", "callbacks: []"],
)
def test_digest_ignores_the_name_the_output_and_spelt_out_defaults(
    line: str, plan_of: PlanOf, minimal_spec: str
) -> None:
    assert plan_of(f"{minimal_spec}{line}\n").digest() == plan_of(minimal_spec).digest()


def test_digest_ignores_layout_and_the_order_of_keys(plan_of: PlanOf, minimal_spec: str) -> None:
    *head, model, task = minimal_spec.splitlines()
    text = "\n\n".join([task, "# a comment", model]) + "\n" + "\n".join(head) + "\n"
    assert plan_of(text).digest() == plan_of(minimal_spec).digest()


@pytest.mark.parametrize(
    "line",
    [
        "seed: 43",
        "training: {max_steps: 1}",
        "performance: {precision: fp32}",
        "tokenizer: {max_length: 8}",
        "metrics: [f1, accuracy]",
        "callbacks: [generated-samples]",
    ],
)
def test_digest_changes_with_everything_else(line: str, plan_of: PlanOf, minimal_spec: str) -> None:
    assert plan_of(f"{minimal_spec}{line}\n").digest() != plan_of(minimal_spec).digest()


def test_shorthand_and_its_long_form_have_one_digest(plan_of: PlanOf, minimal_spec: str) -> None:
    long = minimal_spec.replace("task: text-classification", "task: {type: text-classification}")
    assert plan_of(long).digest() == plan_of(minimal_spec).digest()


# Secrets


def test_secret_is_in_no_form_of_the_plan(plan_of: PlanOf, minimal_spec: str) -> None:
    text = (
        minimal_spec + "training: {hub_token: '${env:TOKEN}'}\noutput: {dir: '/${env:TOKEN}/x'}\n"
    )
    plan = plan_of(text, environment={"TOKEN": "hunter2secret"})
    assert plan.training["hub_token"] == "hunter2secret"
    assert plan.to_spec()["training"] == {"hub_token": "${env:TOKEN}"}
    assert plan.to_spec()["output"]["dir"] == "/${env:TOKEN}/x"
    assert "hunter2secret" not in json.dumps(plan.to_json())
    assert "hunter2secret" not in repr(dataclasses.replace(plan, training={}, output_dir=Path()))


def test_word_that_a_variable_holds_too_stays_where_the_spec_writes_it(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    text = minimal_spec + "output: {dir: '${env:OUT}'}\nname: wikitext\n"
    plan = plan_of(text, environment={"OUT": "wikitext"})
    written = plan.to_spec()
    assert written["name"] == "wikitext"
    assert written["output"]["dir"].endswith("/${env:OUT}")
    assert plan_of(dump(written), environment={"OUT": "wikitext"}).digest() == plan.digest()


def test_message_with_one_variable_of_a_longer_value_is_masked(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    text = minimal_spec + "output: {dir: '/${env:TOKEN}/x'}\n"
    plan = plan_of(text, environment={"TOKEN": "hunter2secret"})
    assert plan.mask("no folder hunter2secret") == "no folder ${env:TOKEN}"


def test_mask_replaces_every_secret_in_a_text(plan_of: PlanOf, minimal_spec: str) -> None:
    text = minimal_spec + "training: {hub_token: '${env:TOKEN}'}\n"
    plan = plan_of(text, environment={"TOKEN": "hunter2secret"})
    assert plan.mask("401 for hunter2secret at hub") == "401 for ${env:TOKEN} at hub"
    assert plan.mask("nothing here") == "nothing here"


@pytest.mark.parametrize("secret", ["hunter2secret", "a${b}cdef", "$${env:PLACE}", "x: 'y' #"])
def test_spec_with_a_secret_resolves_and_reads_back(
    secret: str, plan_of: PlanOf, minimal_spec: str
) -> None:
    text = minimal_spec + "description: '$${literal} $${env:PLACE}'\n"
    text = text.replace(
        "checkpoint: acme/bert", "checkpoint: '${env:PLACE}', revision: 'v${env:PLACE}'"
    )
    plan = plan_of(text, environment={"PLACE": secret})
    written = dump(plan.to_spec())
    assert secret not in written.replace("$${literal} $${env:PLACE}", "")
    again = plan_of(written, environment={"PLACE": secret})
    assert again.description == "${literal} ${env:PLACE}"
    assert again.model.revision == f"v{secret}"
    assert again.model.checkpoint == secret
    assert again.digest() == plan.digest()


def test_digest_does_not_depend_on_the_value_of_a_secret(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    text = minimal_spec + "training: {hub_token: '${env:TOKEN}'}\n"
    digests = {plan_of(text, environment={"TOKEN": value}).digest() for value in ("abcde", "fghij")}
    assert len(digests) == 1


def test_path_from_the_environment_means_the_same_from_any_folder(
    plan_of: PlanOf, minimal_spec: str, tmp_path: Path
) -> None:
    for folder in ("specs/data", "runs/x"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "specs/data/rows.json").write_text("{}")
    text = minimal_spec.replace(
        "type: hub, path: acme/reviews", "type: json, files: '${env:D}/rows.json'"
    )
    environment = {"D": "data"}
    plan = plan_of(text, path=tmp_path / "specs" / "x.yaml", environment=environment)
    written = plan.to_spec()
    assert written["data"]["source"]["files"] == f"{tmp_path}/specs/${{env:D}}/rows.json"
    moved = plan_of(dump(written), path=tmp_path / "runs/x/spec.yaml", environment=environment)
    assert moved.source.config == plan.source.config
    assert moved.digest() == plan.digest()


def test_absolute_path_from_the_environment_stays_a_reference(
    plan_of: PlanOf, minimal_spec: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.json").write_text("{}")
    text = minimal_spec.replace(
        "type: hub, path: acme/reviews", "type: json, files: '${env:D}/rows.json'"
    )
    plan = plan_of(text, environment={"D": str(tmp_path)})
    assert plan.to_spec()["data"]["source"]["files"] == "${env:D}/rows.json"


@pytest.mark.parametrize(
    "value",
    ["./secret-data", "secret-data/", "x/../secret-data", "%s//secret-data", "%s/x/../secret-data"],
)
def test_path_from_the_environment_is_masked_as_it_is_found(
    value: str, plan_of: PlanOf, minimal_spec: str, tmp_path: Path
) -> None:
    """A pattern finds absolute paths, which equal neither the value nor the pattern."""
    folder = tmp_path / "secret-data"
    folder.mkdir()
    (folder / "rows.jsonl").write_text("{}")
    text = minimal_spec.replace(
        "type: hub, path: acme/reviews", "type: json, files: '${env:DATA}/*.jsonl'"
    )
    environment = {"DATA": value.replace("%s", str(tmp_path))}
    plan = plan_of(text, path=tmp_path / "spec.yaml", environment=environment)
    assert "secret-data" not in plan.mask(f'no rows in "{folder}/rows.jsonl"')
    assert "secret-data" not in json.dumps(plan.mask_all({"files": {f"{folder}/rows.jsonl": "1"}}))
    assert "secret-data" not in json.dumps(plan.to_spec())


def test_keys_that_are_words_are_never_masked(plan_of: PlanOf, minimal_spec: str) -> None:
    text = minimal_spec + "output: {dir: '/${env:OUT}/x'}\n"
    plan = plan_of(text, environment={"OUT": "splits"})
    masked = plan.mask_all({"splits": {"train": 1}, "files": {"/splits/a": "b"}})
    assert masked == {"splits": {"train": 1}, "files": {"/${env:OUT}/a": "b"}}


def test_plan_is_frozen(examine: Examine, minimal_spec: str) -> None:
    plan = examine(minimal_spec).plan
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.seed = 3  # type: ignore[misc, union-attr]
