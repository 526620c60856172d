"""`ftspec evaluate` of models that write text: what is known of each row and each document."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyarrow import parquet
from rouge_score import rouge_scorer
from sacrebleu import sentence_chrf
from transformers import AutoTokenizer

from ftspec.builtin.metrics.text import UnicodeWords
from tests.cli.command import assert_no_traceback, ftspec
from tests.cli.warm import Warm
from tests.engine import rows, tiny

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: texts
data:
  source: {{type: json, files: rows.jsonl}}
  splits: {{train: "train[:16]", test: "train[16:40]"}}
preprocess: {{template: {template}}}
tokenizer: {{max_length: 48, max_target_length: 12}}
model: {{checkpoint: ./model}}
task: {task}
training: {{max_steps: 2, learning_rate: 1e-3, per_device_eval_batch_size: 4}}
metrics: [{metrics}]
"""
TEXT, SUMMARY = '{text: "{text}"}', '{source: "{document}", target: "{summary}"}'
CASES = {
    "packed": (TEXT, "text-generation", "perplexity"),
    "rows": (TEXT, "{type: text-generation, packing: false}", "perplexity"),
    "summaries": (SUMMARY, "summarization", "rouge, chrf"),
}


class Evaluated(NamedTuple):
    """The metrics of the run, the facts of its evaluation, and its rows."""

    logged: dict[str, float]
    facts: dict[str, Any]
    rows: dict[str, list[Any]]

    def value(self, name: str) -> float:
        value: float = self.facts["metrics"][name]["value"]
        return value


Evaluate = Callable[[str], Evaluated]


@pytest.fixture(scope="module")
def evaluated(
    warm: Warm, local: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Evaluate:
    done: dict[str, Evaluated] = {}

    def evaluate(case: str) -> Evaluated:
        if case not in done:
            folder = tmp_path_factory.mktemp(case)
            template, task, metrics = CASES[case]
            is_summary = case == "summaries"
            data = rows.summaries(40) if is_summary else rows.paragraphs(40)
            for row in data:
                row["source"] = "odd" if len(str(row)) % 2 else "even"
            rows.write_rows(folder / "rows.jsonl", data)
            made = (tiny.build_t5 if is_summary else tiny.build_gpt2)(folder)
            made.rename(folder / "model")
            spec = SPEC.format(template=template, task=task, metrics=metrics)
            (folder / "spec.yaml").write_text(spec, encoding="utf-8")
            ran = warm.ftspec("run", "spec.yaml", cwd=folder, env=local)
            assert ran.code == 0, ran.said
            [run_dir] = folder.glob("runs/*/*")
            options = ("--by", "source", "--format", "json")
            said = warm.ftspec("evaluate", run_dir, *options, cwd=folder, env=local)
            assert said.code == 0, said.said
            logged = json.loads((run_dir / "metrics.json").read_text(encoding="utf-8"))["test"]
            kept = parquet.read_table(run_dir / "evaluations" / "test" / "rows.parquet")
            done[case] = Evaluated(logged, json.loads(said.out), kept.to_pydict())
        return done[case]

    return evaluate


@pytest.mark.parametrize("case", ["packed", "rows"])
def test_losses_of_documents_add_up_to_that_of_the_run(case: str, evaluated: Evaluate) -> None:
    found = evaluated(case)
    kept = found.rows
    assert len(kept["loss"]) == len(kept["text"]) == 24
    tokens = sum(kept["tokens"])
    mean = sum(loss * count for loss, count in zip(kept["loss"], kept["tokens"], strict=True))
    assert mean / tokens == pytest.approx(found.logged["loss"], rel=1e-5)
    assert found.value("loss") == pytest.approx(found.logged["loss"], rel=1e-6)
    assert kept["perplexity"] == pytest.approx(list(map(math.exp, kept["loss"])))
    groups = found.facts["by"]["source"]
    assert sum(group["rows"] for group in groups.values()) == 24
    for group in groups.values():
        assert group["metrics"]["perplexity"] == pytest.approx(math.exp(group["metrics"]["loss"]))


@pytest.mark.parametrize("case", ["packed", "rows"])
def test_documents_are_in_buckets_of_length(case: str, evaluated: Evaluate) -> None:
    found = evaluated(case)
    buckets = found.facts["tables"]["lengths"]
    assert sum(bucket["documents"] for bucket in buckets) == 24
    assert sum(bucket["tokens"] for bucket in buckets) == sum(found.rows["tokens"])
    for bucket in buckets:
        inside = [
            (loss, count)
            for loss, count in zip(found.rows["loss"], found.rows["tokens"], strict=True)
            if bucket["from_tokens"] <= count <= bucket["to_tokens"]
        ]
        loss = sum(loss * count for loss, count in inside) / bucket["tokens"]
        assert bucket["loss"] == pytest.approx(loss)
        assert bucket["perplexity"] == pytest.approx(math.exp(loss))


def test_only_documents_that_are_rows_have_an_interval(
    evaluated: Evaluate,
) -> None:
    one = evaluated("rows").facts["metrics"]
    for name in ("loss", "perplexity"):
        assert one[name]["low"] < one[name]["value"] < one[name]["high"]
    assert set(evaluated("packed").facts["metrics"]["loss"]) == {"value"}


def test_texts_have_the_values_of_the_libraries(evaluated: Evaluate) -> None:
    found = evaluated("summaries")
    kept = found.rows
    pairs = list(zip(kept["prediction"], kept["reference"], strict=True))
    scorer = rouge_scorer.RougeScorer(["rougeL"], tokenizer=UnicodeWords())
    for row, (given, right) in enumerate(pairs):
        assert kept["chrf"][row] == pytest.approx(sentence_chrf(given, [right]).score)
        rouge = scorer.score(right, given)["rougeL"].fmeasure
        assert kept["rougeL"][row] == pytest.approx(100 * rouge)
    assert found.value("rougeL") == pytest.approx(sum(kept["rougeL"]) / 24)
    assert found.value("exact_match") == sum(given == right for given, right in pairs) / 24
    lengths = [sum(kept[f"{side}_length"]) for side in ("prediction", "reference")]
    assert found.value("length_ratio") == pytest.approx(lengths[0] / lengths[1])
    assert found.facts["metrics"]["length_ratio"]["resamples"] == 1000
    worst = found.facts["tables"]["worst"]
    assert [one["chrf"] for one in worst] == sorted(kept["chrf"])[:20]
    assert all(kept["chrf"][one["row"] - 1] == one["chrf"] for one in worst)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("num_beam=2", 'there is no generation setting "num_beam"; did you mean "num_beams"?'),
        ("num_beams", '"num_beams" is no setting; expected, for example, num_beams=4'),
        ("max_length=9", '"max_length" cannot be set here: write max_new_tokens'),
        ("temperature=0.5", "`temperature`: `do_sample` is not set to `True`"),
        ("num_beams=many", "generation does not take these settings: "),
    ],
)
def test_setting_that_does_not_exist_is_said(
    setting: str, said: str, evaluated: Evaluate, warm: Warm, local: dict[str, str]
) -> None:
    run_dir = Path(evaluated("summaries").facts["folder"]).parents[1]
    done = warm.ftspec("predict", run_dir, "a text", "--generate", setting, env=local)
    assert_no_traceback(done)
    assert done.code != 0
    assert said in done.err


def test_settings_apply_to_a_language_model(
    evaluated: Evaluate, warm: Warm, local: dict[str, str]
) -> None:
    run_dir = Path(evaluated("rows").facts["folder"]).parents[1]
    lengths = []
    tokenizer = AutoTokenizer.from_pretrained(run_dir / "model")
    for count in (2, 5):
        settings = (
            "--generate",
            f"max_new_tokens={count}",
            "--generate",
            f"min_new_tokens={count}",
        )
        done = warm.ftspec("predict", run_dir, "the dog", *settings, "--format", "json", env=local)
        assert_no_traceback(done)
        assert done.code == 0, done.said
        lengths.append(len(tokenizer(json.loads(done.out)["text"])["input_ids"]))
    assert lengths[0] < lengths[1]


def test_settings_apply_to_rows_of_the_standard_input(
    evaluated: Evaluate, local: dict[str, str]
) -> None:
    found = evaluated("summaries")
    run_dir = Path(found.facts["folder"]).parents[1]
    sources = found.rows["source"][:3]
    lines = "".join(json.dumps({"document": source}) + "\n" for source in sources)
    settings = ("--generate", "max_new_tokens=2", "--generate", "num_beams=2")
    done = ftspec("predict", run_dir, "-", *settings, env=local, stdin=lines)
    assert_no_traceback(done)
    texts = [json.loads(line)["text"] for line in done.out.splitlines()]
    assert len(texts) == 3
    tokenizer = AutoTokenizer.from_pretrained(run_dir / "model")
    assert all(len(tokenizer(text)["input_ids"]) <= 4 for text in texts)
