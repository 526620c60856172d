"""`ftspec plan`: what a spec resolves to, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import specs
from tests.cli.command import SPECS, assert_no_traceback, own_environment
from tests.cli.light import ftspec
from tests.cli.warm import Warm

pytestmark = pytest.mark.place


def plan(spec: Path | str, *arguments: str) -> dict[str, object]:
    done = ftspec("plan", spec, *arguments, "--format", "json")
    assert done.code == 0, done.said
    document = json.loads(done.out)
    assert isinstance(document, dict)
    return document


def test_text_shows_sections_and_components() -> None:
    done = ftspec("plan", SPECS / "cnn_t5.yaml")
    assert done.code == 0, done.said
    assert done.err == ""
    lines = done.out.splitlines()
    assert lines[0].startswith("plan ")
    assert lines[0].endswith(" of cnn-t5")
    assert '    path: "abisee/cnn_dailymail"' in lines
    assert '    source: "summarize: {article}"' in lines
    # from the file that the spec extends
    assert "  global_batch_size: 16" in lines
    assert "  task summarization: ftspec.builtin.plugin" in lines
    assert "  callback generated-samples: ftspec.builtin.plugin" in lines


def test_json_is_the_spec_with_every_default() -> None:
    document = plan(SPECS / "agnews_bert.yaml")
    spec = document["spec"]
    assert isinstance(spec, dict)
    assert spec["seed"] == 42
    assert spec["training"]["learning_rate"] == 2e-5
    assert spec["training"]["load_best_model_at_end"] is True
    assert spec["task"]["problem"] == "single-label"
    assert {"kind": "source", "type": "hub", "plugin": "ftspec.builtin.plugin"}.items() <= (
        document["components"][0].items()  # type: ignore[index]
    )


def test_profile_and_overrides_apply_in_that_order() -> None:
    def steps(*arguments: str) -> object:
        spec = plan(SPECS / "quickstart.yaml", *arguments)["spec"]
        assert isinstance(spec, dict)
        return spec["training"].get("max_steps")

    assert steps() is None
    assert steps("--profile", "smoke") == 2
    assert steps("--profile", "smoke", "--set", "training.max_steps=7") == 7


def test_profile_of_a_spec_wins_over_that_of_its_base() -> None:
    spec = plan(SPECS / "translation_t5.yaml", "--profile", "smoke")["spec"]
    assert isinstance(spec, dict)
    assert spec["data"]["splits"]["validation"] == {"from": "train", "fraction": 0.2}
    assert spec["data"]["splits"]["train"] == {"slice": "train[:40]"}
    assert spec["tokenizer"]["max_length"] == 64


def test_standard_input(small_spec: Path) -> None:
    text = small_spec.read_text(encoding="utf-8")
    from_file = ftspec("plan", small_spec.name, cwd=small_spec.parent)
    from_input = ftspec("plan", "-", cwd=small_spec.parent, stdin=text)
    assert from_input.code == 0, from_input.said
    assert from_input.out == from_file.out


def test_plan_is_of_what_is_learned_not_of_where_it_goes(small_spec: Path) -> None:
    first = ftspec("plan", small_spec).out.splitlines()[0]
    elsewhere = ftspec("plan", small_spec, "--set", "output.dir=/elsewhere").out.splitlines()[0]
    longer = ftspec("plan", small_spec, "--set", "training.max_steps=2").out.splitlines()[0]
    assert first == elsewhere
    assert first != longer


def test_secrets_are_shown_as_written(small_spec: Path) -> None:
    secret = "hf_sesame_open"
    small_spec.write_text(
        specs.changed(
            specs.CLASSIFIER,
            [
                ("name: small", 'name: small\noutput: {dir: "for ${env:TEAM_TOKEN}/runs"}'),
                ("max_steps: 1", 'max_steps: 1, hub_token: "${env:TEAM_TOKEN}"'),
            ],
        ),
        encoding="utf-8",
    )
    env = own_environment(TEAM_TOKEN=secret)
    for format_name in ("text", "json"):
        done = ftspec("plan", small_spec, "--format", format_name, env=env)
        assert done.code == 0, done.said
        assert secret not in done.out + done.err
        assert "${env:TEAM_TOKEN}" in done.out


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_unsound_spec_has_no_plan(small_spec: Path, format_name: str) -> None:
    done = ftspec("plan", small_spec, "--set", "task=guessing", "--format", format_name)
    assert (done.code, done.out) == (1, ""), done.said
    assert_no_traceback(done)
    assert 'error[unknown-type]: no task "guessing" is installed' in done.err
    assert done.err.endswith("1 error in 1 spec\n")


def test_measure_makes_real_steps_and_keeps_no_run(
    small_spec: Path, warm: Warm, local: dict[str, str]
) -> None:
    """Even if the spec evaluates before the first step, and its schedule depends on evaluations."""
    evaluating = {
        "eval_on_start": "true",
        "eval_strategy": "epoch",
        "lr_scheduler_type": "reduce_lr_on_plateau",
    }
    done = warm.ftspec(
        "plan",
        "small.yaml",
        "--measure",
        *(f"--set=training.{name}={value}" for name, value in evaluating.items()),
        "--format",
        "json",
        cwd=small_spec.parent,
        env=local | {"FTSPEC_CACHE": str(small_spec.parent / "cache")},
    )
    assert done.code == 0, done.said
    document = json.loads(done.out)
    assert document["whole_run"]["steps"] == 1
    assert document["measured"]["steps"] == 1
    assert document["measured"]["rows"] == 8
    assert not (small_spec.parent / "runs").exists()
