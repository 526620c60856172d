"""Sections to components: types, nested sections, paths, and the settings that callbacks imply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from ftspec.components import SourceComponent
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.spec.base import ComponentConfig, LocalPath, SpecModel
from tests.unit.conftest import Diagnose, Examine, PlanOf, placed


def with_source(minimal_spec: str, source: str) -> str:
    return minimal_spec.replace("{type: hub, path: acme/reviews}", source)


# Types


@pytest.mark.parametrize(
    ("before", "after", "place", "headline", "help_"),
    [
        ("type: hub", "type: hbu", "3:18", 'no source "hbu" is installed', 'did you mean "hub"?'),
        (
            "task: text-classification",
            "task: text_classificaton",
            "10:7",
            'no task "text_classificaton" is installed',
            'did you mean "text-classification"?',
        ),
        (
            "task: text-classification",
            "task: {type: zzzz}",
            "10:14",
            'no task "zzzz" is installed',
            'expected one of "summarization", "text-classification", "text-generation", '
            '"translation"',
        ),
    ],
)
def test_unknown_type_suggests_what_is_installed(
    before: str,
    after: str,
    place: str,
    headline: str,
    help_: str,
    examine: Examine,
    minimal_spec: str,
) -> None:
    (finding,) = examine(minimal_spec.replace(before, after)).diagnostics
    assert placed(finding) == f"{place} unknown-type"
    assert finding.headline == headline
    assert finding.helps[0] == help_


def test_unknown_type_from_the_environment_stays_secret(
    examine: Examine, minimal_spec: str
) -> None:
    text = minimal_spec.replace("task: text-classification", "task: ${env:TASK}")
    (finding,) = examine(text, environment={"TASK": "hunter2secret"}).diagnostics
    assert finding.headline == '"${env:TASK}" is a secret, and task is learned or saved in files'


def test_former_name_of_a_component_works(plan_of: PlanOf, minimal_spec: str) -> None:
    plan = plan_of(
        minimal_spec.replace("text-classification", "translation").replace(
            'text: "{text}", label: "{stars}"', 'source: "{a}", target: "{b}"'
        )
        + "metrics: [bleu]\n"
    )
    assert plan.metrics[0].type == "sacrebleu"
    assert plan.to_spec()["metrics"][0]["type"] == "sacrebleu"


def test_metrics_are_those_of_the_task_where_the_spec_names_none(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    assert [metric.type for metric in plan_of(minimal_spec).metrics] == ["accuracy", "f1"]
    multi = minimal_spec.replace(
        "task: text-classification", "task: {type: text-classification, problem: multi-label}"
    )
    assert [metric.type for metric in plan_of(multi).metrics] == ["f1"]
    assert plan_of(minimal_spec + "metrics: []\n").metrics == ()


def test_component_knows_its_place_and_its_plugin(plan_of: PlanOf, minimal_spec: str) -> None:
    plan = plan_of(minimal_spec + "callbacks: [generated-samples]\n")
    callback, of_every_run = plan.callbacks
    assert of_every_run.to_spec() == {"type": "divergence", "patience": 3}
    own = plan_of(minimal_spec + "callbacks: [{type: divergence, patience: null}]\n")
    assert [one.to_spec() for one in own.callbacks] == [{"type": "divergence", "patience": None}]
    assert (callback.at, callback.plugin) == (("callbacks", 0), "ftspec.builtin.plugin")


# Nested sections

MIXTURE = """\
ftspec: 1
data:
  source:
    type: mixture
    sources:
      - source: {type: hub, path: a/b}
      - source:
          type: mixture
          sources:
            - {source: {type: hub, path: c/d}}
            - {source: {type: hub, path: e/f}}
        weight: 2
preprocess:
  template: {text: "{text}", label: "{stars}"}
model: {checkpoint: acme/bert}
task: text-classification
"""


def test_nested_sections_are_resolved_by_their_place(plan_of: PlanOf) -> None:
    source = plan_of(MIXTURE).source
    assert list(source.children) == [("sources", 0, "source"), ("sources", 1, "source")]
    inner = source.children["sources", 1, "source"]
    assert inner.at == ("data", "source", "sources", 1, "source")
    deepest = inner.children["sources", 1, "source"]
    assert deepest.config.model_dump()["path"] == "e/f"


def test_every_fault_of_nested_sections_is_reported_where_it_is(diagnose: Diagnose) -> None:
    text = MIXTURE.replace("path: a/b", "paht: a/b")
    text = text.replace("type: hub, path: c/d", "type: hbu").replace("path: e/f", "path: 3")
    assert diagnose(text) == [
        "6:17 missing-key",
        "6:29 unknown-key",
        "10:31 unknown-type",
        "11:42 wrong-type",
    ]


def test_mixture_of_one_is_refused(diagnose: Diagnose, minimal_spec: str) -> None:
    text = with_source(minimal_spec, "{type: mixture, sources: [{source: {type: hub, path: a/b}}]}")
    assert diagnose(text) == ["3:36 bad-value"]


# Paths


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders with one ``rows.json`` each; the current one is ``here``."""
    for name in ("here", "specs", "bases"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.json").write_text("{}")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_path_starts_from_the_folder_of_its_spec(
    plan_of: PlanOf, minimal_spec: str, folders: Path
) -> None:
    text = with_source(minimal_spec, "{type: json, files: ./rows.json}")
    plan = plan_of(text, path=folders / "specs" / "x.yaml")
    assert plan.source.config.model_dump()["files"] == str(folders / "specs" / "rows.json")


def test_path_of_a_base_starts_from_the_folder_of_the_base(
    plan_of: PlanOf, minimal_spec: str, folders: Path
) -> None:
    base = "data: {source: {type: json, files: {train: rows.json, test: [rows.json]}}}\n"
    (folders / "bases" / "base.yaml").write_text(base)
    text = "extends: ../bases/base.yaml\n" + minimal_spec.replace(
        "  source: {type: hub, path: acme/reviews}\n", ""
    )
    plan = plan_of(text, path=folders / "specs" / "x.yaml")
    rows = str(folders / "bases" / "rows.json")
    assert plan.source.config.model_dump()["files"] == {"train": rows, "test": [rows]}


def test_path_from_the_command_line_starts_from_the_current_folder(
    plan_of: PlanOf, minimal_spec: str, folders: Path
) -> None:
    text = with_source(minimal_spec, "{type: json, files: rows.json}")
    plan = plan_of(
        text, path=folders / "specs" / "x.yaml", overrides=["data.source.files=rows.json"]
    )
    assert plan.source.config.model_dump()["files"] == str(folders / "here" / "rows.json")


def test_paths_of_a_list_may_come_from_different_files(
    plan_of: PlanOf, minimal_spec: str, folders: Path
) -> None:
    text = with_source(minimal_spec, "{type: json, files: [rows.json, rows.json]}")
    plan = plan_of(
        text, path=folders / "specs" / "x.yaml", overrides=["data.source.files[1]=rows.json"]
    )
    assert plan.source.config.model_dump()["files"] == [
        str(folders / "specs" / "rows.json"),
        str(folders / "here" / "rows.json"),
    ]


def test_path_inside_a_nested_section_is_anchored(
    plan_of: PlanOf, minimal_spec: str, folders: Path
) -> None:
    part = "{source: {type: json, files: rows.json}}"
    text = with_source(minimal_spec, f"{{type: mixture, sources: [{part}, {part}]}}")
    plan = plan_of(text, path=folders / "specs" / "x.yaml")
    files = [child.config.model_dump()["files"] for child in plan.source.children.values()]
    assert files == [str(folders / "specs" / "rows.json")] * 2


def test_output_is_anchored_where_written_and_current_by_default(
    plan_of: PlanOf, minimal_spec: str, folders: Path
) -> None:
    spec = folders / "specs" / "x.yaml"
    assert plan_of(minimal_spec, path=spec).output_dir == folders / "here" / "runs"
    written = f"{minimal_spec}output: {{dir: ../out}}\n"
    assert plan_of(written, path=spec).output_dir == folders / "out"
    given = plan_of(written, path=spec, output_dir=Path("given"))
    assert given.output_dir == folders / "here" / "given"


@pytest.mark.parametrize("section", ["model: {checkpoint: %s}", "tokenizer: {checkpoint: %s}"])
def test_checkpoint_is_a_path_only_where_it_looks_like_one(
    section: str, plan_of: PlanOf, minimal_spec: str, folders: Path
) -> None:
    def checkpoint(written: str) -> Any:
        lines = [line for line in minimal_spec.splitlines() if not line.startswith(section[:5])]
        plan = plan_of("\n".join([*lines, section % written]), path=folders / "specs" / "x.yaml")
        return plan.to_spec()[section.partition(":")[0]]["checkpoint"]

    assert checkpoint("../bases") == str(folders / "bases")
    assert checkpoint(str(folders)) == str(folders)
    assert checkpoint("acme/bert") == "acme/bert"
    assert checkpoint("package:bases/model") == "package:bases/model"


class Part(SpecModel):
    file: Annotated[str, LocalPath()]


class PartsConfig(ComponentConfig):
    parts: list[Part] = Field(default=[])
    by_name: dict[str, Part] = Field(default={})
    optional: Annotated[str, LocalPath()] | None = None
    plain: str = "x"


def test_path_is_anchored_wherever_a_plugin_marks_one(
    plan_of: PlanOf, registry: Registry, minimal_spec: str, folders: Path
) -> None:
    record = SourceComponent(name="parts", summary="", config=PartsConfig, factory="a:b")
    added = {("source", "parts"): Registered(record, Plugin(name="p"))}
    wider = Registry({**registry.components, **added}, registry.plugins)
    source = "{type: parts, parts: [{file: a}], by_name: {k: {file: b}}, optional: c, plain: d}"
    plan = plan_of(
        with_source(minimal_spec, source), path=folders / "specs" / "x.yaml", registry=wider
    )
    config = plan.source.config
    assert isinstance(config, PartsConfig)
    assert config.parts[0].file == str(folders / "specs" / "a")
    assert config.by_name["k"].file == str(folders / "specs" / "b")
    assert config.optional == str(folders / "specs" / "c")
    assert config.plain == "d"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("yelp_bert.yaml", "yelp_bert"),
        ("my spec (1).yaml", "my-spec-1"),
        (".yaml", "yaml"),
        ("日本.yaml", "spec"),
        ("a.b.yml", "a.b"),
    ],
)
def test_name_is_that_of_the_file_as_far_as_it_can_be(
    file: str, name: str, plan_of: PlanOf, minimal_spec: str, tmp_path: Path
) -> None:
    plan = plan_of(minimal_spec, path=tmp_path / file)
    assert plan.name == name
    assert plan_of(f"{minimal_spec}name: '{name}'\n").name == name


# What callbacks and metrics imply


@pytest.mark.parametrize(
    ("training", "callbacks", "complete"),
    [
        (
            "{eval_strategy: epoch}",
            "[early-stopping]",
            {
                "eval_strategy": "epoch",
                "save_strategy": "epoch",
                "load_best_model_at_end": True,
                "metric_for_best_model": "loss",
            },
        ),
        (
            "{eval_strategy: steps, eval_steps: 20}",
            "[{type: early-stopping, metric: f1}]",
            {
                "eval_strategy": "steps",
                "eval_steps": 20.0,
                "save_strategy": "steps",
                "save_steps": 20.0,
                "load_best_model_at_end": True,
                "metric_for_best_model": "f1",
                "greater_is_better": True,
            },
        ),
        (
            "{eval_strategy: epoch}",
            "[{type: best-model, metric: accuracy, keep: 3}]",
            {
                "eval_strategy": "epoch",
                "save_strategy": "epoch",
                "load_best_model_at_end": True,
                "metric_for_best_model": "accuracy",
                "save_total_limit": 3,
                "greater_is_better": True,
            },
        ),
        (  # what the spec sets itself stays
            "{eval_strategy: epoch, save_total_limit: 9, metric_for_best_model: f1}",
            "[{type: best-model, metric: accuracy}]",
            {
                "eval_strategy": "epoch",
                "save_strategy": "epoch",
                "load_best_model_at_end": True,
                "metric_for_best_model": "f1",
                "save_total_limit": 9,
                "greater_is_better": True,
            },
        ),
        ("{eval_strategy: epoch}", "[generated-samples]", {"eval_strategy": "epoch"}),
    ],
)
def test_callback_sets_the_training_fields_it_needs(
    training: str, callbacks: str, complete: dict[str, Any], plan_of: PlanOf, minimal_spec: str
) -> None:
    plan = plan_of(f"{minimal_spec}training: {training}\ncallbacks: {callbacks}\n")
    assert plan.training == complete


@pytest.mark.parametrize(
    ("metric", "written", "greater"),
    [
        ("mse", "mse", False),
        ("mae", "eval_mae", False),
        ("r2", "r2", True),
        ("pearson", "eval_pearson", True),
    ],
)
def test_direction_of_the_best_metric_is_that_of_its_record(
    metric: str, written: str, greater: bool, plan_of: PlanOf, minimal_spec: str
) -> None:
    text = minimal_spec.replace(
        "task: text-classification", "task: {type: text-classification, problem: regression}"
    )
    text += f"metrics: [{metric}]\ntraining: {{metric_for_best_model: {written}}}\n"
    assert plan_of(text).training["greater_is_better"] is greater


def test_direction_that_the_spec_sets_stays(plan_of: PlanOf, minimal_spec: str) -> None:
    training = "training: {metric_for_best_model: f1, greater_is_better: false}\n"
    assert plan_of(minimal_spec + training).training["greater_is_better"] is False


def test_loss_has_no_direction_of_its_own(plan_of: PlanOf, minimal_spec: str) -> None:
    plan = plan_of(minimal_spec + "training: {metric_for_best_model: eval_loss}\n")
    assert "greater_is_better" not in plan.training


def test_plan_holds_only_the_training_fields_that_are_set(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    plan = plan_of(minimal_spec + "training: {num_train_epochs: 3, max_grad_norm: 1}\n")
    assert plan.training == {"num_train_epochs": 3.0, "max_grad_norm": 1.0}
