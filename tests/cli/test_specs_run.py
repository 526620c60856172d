"""Every spec of the repository runs unchanged, and its model predicts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.cli.command import SPECS, Done, assert_no_traceback
from tests.cli.conftest import SmokeRun, SmokeRuns, Start, selected
from tests.cli.warm import Warm
from tests.hub.client import run as run_program
from tests.hub.prose import TEXT, bangla_pairs
from tests.hub.server import HubServer

pytestmark = pytest.mark.slow

NAMES = sorted(path.stem for path in SPECS.glob("*.yaml"))
TOPICS = {"animal", "artifact", "body", "food", "person", "plant"}
SECTIONS = {"World", "Sports", "Business", "Sci/Tech"}
STARS = {"1 star", "2 star", "3 stars", "4 stars", "5 stars"}
LABELS = {"agnews_bert": SECTIONS, "quickstart": TOPICS, "yelp_bert": STARS}

CLASSES = {"loss", "accuracy", "f1"}
SUMMARIES = {"loss", "rouge1", "rouge2", "rougeL", "rougeLsum"}
TOKENS = {"loss", "perplexity"}
TRANSLATIONS = {"loss", "bleu", "chrf"}
METRICS: dict[str, dict[str, set[str]]] = {
    "agnews_bert": {"validation": CLASSES, "test": CLASSES},
    "cnn_t5": {"validation": SUMMARIES, "test": SUMMARIES},
    "own_corpus_gpt2": {"validation": TOKENS},
    "quickstart": {"validation": CLASSES, "test": CLASSES},
    "translation_t5": {"validation": TRANSLATIONS, "test": TRANSLATIONS},
    "wikitext_gpt2": {"validation": TOKENS, "test": TOKENS},
    "xlsum_bangla_mt5": {"validation": SUMMARIES, "test": SUMMARIES},
    "yelp_bert": {"validation": CLASSES, "test": CLASSES},
}
AUTO_MODELS = {
    "text-classification": "AutoModelForSequenceClassification",
    "summarization": "AutoModelForSeq2SeqLM",
    "translation": "AutoModelForSeq2SeqLM",
    "text-generation": "AutoModelForCausalLM",
}
SENTENCE = "The dog that barks at night, and the boat on the river."

LOAD_MODELS = """
import json, torch, transformers

facts = {}
for name, (folder, auto_model) in json.loads(FOLDERS).items():
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model, loading = getattr(transformers, auto_model).from_pretrained(
        folder, output_loading_info=True
    )
    facts[name] = {
        "missing": sorted(loading["missing_keys"]),
        "dtype": str(model.dtype),
        "finite": all(bool(torch.isfinite(weight).all()) for weight in model.parameters()),
        "labels": list(model.config.id2label.values()),
        "ids": len(tokenizer("A word or two.").input_ids),
    }
print(json.dumps(facts))
"""

READ_BANGLA = """
import json
from transformers import AutoTokenizer
from ftspec.spec.template import parse_template

tokenizer = AutoTokenizer.from_pretrained(FOLDER)
template = parse_template(TEMPLATE)
rows = [{"text": json.loads(line)["bn"]} for line in open(ROWS, encoding="utf-8")]
rendered = [template.render(row) for row in rows]
encoded = tokenizer(rendered).input_ids
decoded = tokenizer.batch_decode(encoded, skip_special_tokens=True)
print(json.dumps({
    "rows": len(rows),
    "changed": [text for row, text in zip(rows, decoded, strict=True) if row["text"] != text],
    "unknown": sum(ids.count(tokenizer.unk_token_id) for ids in encoded),
}))
"""

Finish = Callable[[str], SmokeRun]
Predict = Callable[[str], Done]


@pytest.fixture(scope="module")
def finished(request: pytest.FixtureRequest, smoke_runs: SmokeRuns) -> Finish:
    """The run of a spec by its name. All runs that the selected tests need start together."""
    for test in (
        test_spec_runs_to_the_end,
        test_evaluation_gives_the_metrics_of_the_run,
        test_model_predicts,
    ):
        for name in selected(request, test.__name__, "name"):
            smoke_runs(name)
    return lambda name: smoke_runs(name).result()


@pytest.fixture(scope="module")
def predicted(
    request: pytest.FixtureRequest,
    start: Start,
    warm: Warm,
    finished: Finish,
    local: dict[str, str],
) -> Predict:
    """The result of `ftspec predict` for two texts, by the name of a spec.

    The environment has no Hub: prediction only needs the run directory.
    """

    def predict(name: str) -> Done:
        run_dir = finished(name).run_dir
        texts = (SENTENCE, "কলকাতায় আজ বৃষ্টি হচ্ছে।")
        return warm.ftspec("predict", run_dir, *texts, "--format", "json", env=local)

    # the runs have started already, so no prediction waits for a run that starts later
    names = selected(request, test_model_predicts.__name__, "name")
    started = {name: start(predict, name) for name in names}
    return lambda name: started[name].result()


@pytest.fixture(scope="module")
def evaluated(
    request: pytest.FixtureRequest, start: Start, warm: Warm, finished: Finish
) -> Predict:
    """The result of `ftspec evaluate`, by the name of a spec."""

    def evaluate(name: str) -> Done:
        fixture = "local" if name == "quickstart" else "online"
        env = request.getfixturevalue(fixture)
        run_dir = finished(name).run_dir
        return warm.ftspec("evaluate", run_dir, "--format", "json", env=env)

    names = selected(request, test_evaluation_gives_the_metrics_of_the_run.__name__, "name")
    for name in names:
        request.getfixturevalue("local" if name == "quickstart" else "online")
    started = {name: start(evaluate, name) for name in names}
    return lambda name: started[name].result()


def test_every_spec_has_its_expectations() -> None:
    assert sorted(METRICS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_spec_runs_to_the_end(name: str, finished: Finish) -> None:
    run = finished(name)
    assert run.done.code == 0
    assert_no_traceback(run.done)
    assert run.read_json("status.json")["status"] == "finished"
    for line in ("model ", "report ", "tensorboard ", "predict "):
        assert f"\n{line}" in run.done.out
    assert (run.run_dir / "report.html").stat().st_size > 1000
    assert (run.run_dir / "spec.yaml").read_text(encoding="utf-8") == (
        SPECS / f"{name}.yaml"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_metrics_of_every_split(name: str, finished: Finish) -> None:
    run = finished(name)
    metrics = run.read_json("metrics.json")
    assert metrics.keys() == {"train", *METRICS[name]}
    assert metrics["train"].keys() == {"loss"}
    for split, expected in METRICS[name].items():
        assert metrics[split].keys() == expected
        for result, value in metrics[split].items():
            assert value >= 0
            # the command also prints it
            assert f"{result} " in run.done.out
            assert f"  {value:.4f}\n" in run.done.out


@pytest.mark.parametrize("name", NAMES)
def test_curves_in_tensorboard(name: str, finished: Finish) -> None:
    events = EventAccumulator(str(finished(name).run_dir / "tensorboard")).Reload()
    assert {"train/loss", "eval/loss"} <= set(events.Tags()["scalars"])
    steps = [scalar.step for scalar in events.Scalars("train/loss")]
    assert steps == [1, 2]


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_gives_the_metrics_of_the_run(
    name: str, finished: Finish, evaluated: Predict
) -> None:
    done = evaluated(name)
    assert done.code == 0, done.said
    facts = json.loads(done.out)
    logged = finished(name).read_json("metrics.json")
    split = "test" if "test" in logged else "validation"
    assert facts["split"] == split
    found = {metric: facts["metrics"][metric] for metric in logged[split]}
    values = {metric: one["value"] for metric, one in found.items()}
    assert values == pytest.approx(logged[split], rel=1e-4, abs=1e-6)
    rows = parquet.read_table(Path(facts["folder"]) / "rows.parquet")
    assert rows.num_rows == facts["rows"] > 0
    if METRICS[name][split] == TOKENS:
        assert {"row", "loss", "tokens", "perplexity"} <= set(rows.column_names)
    else:
        assert {"row", "reference", "prediction"} <= set(rows.column_names)
        for one in found.values():
            assert one.get("low", one["value"]) <= one["value"] <= one.get("high", one["value"])
        assert all("low" in found[metric] for metric in METRICS[name][split] - {"loss"})


@pytest.mark.parametrize("name", NAMES)
def test_model_predicts(name: str, finished: Finish, predicted: Predict) -> None:
    done = predicted(name)
    assert (done.code, done.err) == (0, ""), done.said
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert len(answers) == 2
    task = finished(name).read_json("plan.json")["spec"]["task"]["type"]
    for answer in answers:
        if task == "text-classification":
            assert answer.keys() == {"label", "score", "scores"}
            assert answer["scores"].keys() == LABELS[name]
            assert sum(answer["scores"].values()) == pytest.approx(1, abs=1e-5)
            assert answer["scores"][answer["label"]] == answer["score"]
            assert answer["score"] == max(answer["scores"].values())
        else:
            assert isinstance(answer["text"], str)
    if task == "text-generation":
        assert answers[0]["prompt"] == SENTENCE
        assert answers[0]["text"]


def test_models_load_without_ftspec(finished: Finish, online: dict[str, str]) -> None:
    folders = {}
    for name in NAMES:
        run = finished(name)
        task = run.read_json("plan.json")["spec"]["task"]["type"]
        folders[name] = (str(run.run_dir / "model"), AUTO_MODELS[task])
    program = f"FOLDERS = {json.dumps(folders)!r}\n{LOAD_MODELS}"
    facts = run_program(program, online | {"HF_HUB_OFFLINE": "1"})
    for name in NAMES:
        assert facts[name]["missing"] == []
        assert facts[name]["dtype"] == "torch.float32"
        assert facts[name]["finite"]
        assert facts[name]["ids"] > 1
        if name in LABELS:
            assert set(facts[name]["labels"]) == LABELS[name]


def test_pickled_weights_are_reported(finished: Finish, hub: HubServer) -> None:
    done = finished("xlsum_bangla_mt5").done
    assert '"google/mt5-small" has no safetensors: its pickled weights are loaded' in done.err
    assert "weights-only, so that no code in them can run" in done.err
    assert hub.requested("/google/mt5-small/resolve/")
    # transformers asks a service of the Hub to convert such a repository
    others = [path for method, path in hub.requests if method == "CONNECT"]
    assert [path for path in others if "safetensors" in path or "huggingface" in path] == []
    assert hub.requested("/api/models/google/mt5-small/discussions") == []


def test_safetensors_give_no_note(finished: Finish) -> None:
    assert "pickled" not in finished("cnn_t5").done.err


def test_only_the_hub_is_contacted(finished: Finish, hub: HubServer) -> None:
    for name in NAMES:
        finished(name)
    asked = {path for method, path in hub.requests if not path.startswith("/")}
    # datasets also asks datasets-server about each dataset; nothing depends on the answer
    assert {path for path in asked if "datasets-server" not in path} <= {"huggingface.co:443"}


def test_commits_are_in_the_lock(finished: Finish, hub: HubServer) -> None:
    lock = finished("xlsum_bangla_mt5").read_json("lock.json")
    model = hub.repository("models", "google/mt5-small").branch().sha
    data = hub.repository("datasets", "csebuetnlp/xlsum").branch("refs/convert/parquet").sha
    assert lock["model"]["revision"] == model
    assert lock["source"]["revision"] == data


def test_bangla_goes_through_template_and_tokenizer_and_back(
    finished: Finish, online: dict[str, str]
) -> None:
    run = finished("xlsum_bangla_mt5")
    template = run.read_json("plan.json")["spec"]["preprocess"]["template"]["source"]
    given = {
        "FOLDER": str(run.run_dir / "model"),
        "TEMPLATE": template,
        "ROWS": str(TEXT / "bangla.jsonl"),
    }
    program = "".join(f"{name} = {value!r}\n" for name, value in given.items()) + READ_BANGLA
    facts = run_program(program, online)
    assert facts == {"rows": 300, "changed": [], "unknown": 0}


def test_bangla_goes_through_predict_and_back(
    finished: Finish, warm: Warm, local: dict[str, str], tmp_path: Path
) -> None:
    texts = [pair["bn"] for pair in bangla_pairs()[:8]]
    rows = tmp_path / "rows.jsonl"
    written = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts]
    rows.write_text("".join(written), encoding="utf-8")
    output = tmp_path / "answers.jsonl"
    run_dir = finished("own_corpus_gpt2").run_dir
    done = warm.ftspec("predict", run_dir, "--file", rows, "--output", output, env=local)
    assert (done.code, done.out, done.err) == (0, "", ""), done.said
    content = output.read_text(encoding="utf-8")
    assert [json.loads(line)["prompt"] for line in content.splitlines()] == texts
    for text in texts:  # the letters themselves, not escape sequences
        assert json.dumps(text, ensure_ascii=False)[1:-1] in content


def test_rouge_of_bangla() -> None:
    from ftspec.api import Context
    from ftspec.builtin.metrics.config import RougeConfig
    from ftspec.builtin.metrics.text import rouge

    def score(**options: Any) -> dict[str, float]:
        context = Context(section=("metrics", 0), seed=0, note=print)
        # without numbers and English names, which the English tokenizer would find
        texts = [re.sub("[A-Za-z0-9]", "", pair["bn"]) for pair in bangla_pairs()[:50]]
        metric = rouge(RougeConfig(**options), context)
        result: dict[str, float] = metric.compute(predictions=texts, references=texts)
        return result

    assert score() == pytest.approx(dict.fromkeys(SUMMARIES - {"loss"}, 100))
    assert score(tokenizer="english") == dict.fromkeys(SUMMARIES - {"loss"}, 0)
