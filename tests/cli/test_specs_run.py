"""Every spec of the repository runs, unmodified and under its hub names, and can be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import SPECS, ftspec
from tests.cli.conftest import SmokeRun, SmokeRuns
from tests.hub.prose import bangla_pairs
from tests.hub.server import HubServer

pytestmark = pytest.mark.slow

NAMES = sorted(path.stem for path in SPECS.glob("*.yaml"))
RESULTS = {
    "agnews_bert": {"loss", "accuracy", "f1"},
    "cnn_t5": {"loss", "rouge1", "rouge2", "rougeL", "rougeLsum"},
    "own_corpus_gpt2": {"loss", "perplexity"},
    "quickstart": {"loss", "accuracy", "f1"},
    "translation_t5": {"loss", "bleu", "chrf"},
    "wikitext_gpt2": {"loss", "perplexity"},
    "xlsum_bangla_mt5": {"loss", "rouge1", "rouge2", "rougeL", "rougeLsum"},
    "yelp_bert": {"loss", "accuracy", "f1"},
}
COMMIT_LENGTH = 40


@pytest.fixture(params=NAMES)
def smoke(request: pytest.FixtureRequest, smoke_runs: SmokeRuns) -> tuple[str, SmokeRun]:
    for name in NAMES:
        smoke_runs(name)  # two at a time, while this one is looked at
    return request.param, smoke_runs(request.param).result()


def test_spec_runs_to_its_end(smoke: tuple[str, SmokeRun]) -> None:
    name, run = smoke
    splits = {"validation"} if name == "own_corpus_gpt2" else {"validation", "test"}
    metrics = run.read_json("metrics.json")

    assert run.read_json("status.json")["status"] == "finished"
    assert set(metrics) == splits | {"train"}
    for split in splits:
        assert set(metrics[split]) == RESULTS[name]
    assert (run.run_dir / "spec.yaml").read_bytes() == (SPECS / f"{name}.yaml").read_bytes()
    assert list((run.run_dir / "tensorboard").glob("events.*"))
    assert list((run.run_dir / "checkpoints").glob("checkpoint-*"))
    assert (run.run_dir / "model" / "model.safetensors").is_file()


def test_lock_has_commits_of_what_is_on_the_hub(smoke: tuple[str, SmokeRun]) -> None:
    name, run = smoke
    lock = run.read_json("lock.json")
    identities = [] if name == "quickstart" else [lock["model"]]
    if name not in ("quickstart", "own_corpus_gpt2"):
        identities.append(lock["source"])

    assert all(len(identity["revision"]) == COMMIT_LENGTH for identity in identities)
    assert all(len(split["sha256"]) == 64 for split in lock["splits"].values())


def test_model_predicts(smoke: tuple[str, SmokeRun], local: dict[str, str]) -> None:
    name, run = smoke
    text = bangla_pairs()[0]["bn"] if "bangla" in name else "a large wild cat"
    done = ftspec("predict", run.run_dir, text, "--json", env=local)
    answer = json.loads(done.out)

    assert done.code == 0, done.said
    if RESULTS[name] >= {"accuracy"}:
        assert answer["label"] in answer["scores"]
        assert sum(answer["scores"].values()) == pytest.approx(1, abs=1e-4)
    else:
        assert isinstance(answer["text"], str)


def test_pickled_weights_are_said_aloud_and_nobody_is_asked_to_convert_them(
    smoke_runs: SmokeRuns, hub: HubServer
) -> None:
    run = smoke_runs("xlsum_bangla_mt5").result()

    assert '"google/mt5-small" has no safetensors' in run.done.err
    assert not hub.requested("safetensors-convert")


def test_bangla_goes_in_and_comes_back_whole(
    smoke_runs: SmokeRuns, local: dict[str, str], tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    run = smoke_runs("xlsum_bangla_mt5").result()
    tokenizer = AutoTokenizer.from_pretrained(run.run_dir / "model")
    texts = [pair["bn"] for pair in bangla_pairs()[:20]]
    for text in texts:
        assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text

    rows = tmp_path / "rows.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    rows.write_text("\n".join(lines), encoding="utf-8")
    output = tmp_path / "answers.jsonl"
    done = ftspec("predict", run.run_dir, "--file", rows, "--output", output, env=local)

    assert done.code == 0, done.said
    assert len(output.read_text(encoding="utf-8").splitlines()) == len(texts)
