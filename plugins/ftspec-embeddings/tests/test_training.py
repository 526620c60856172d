"""Training matches sentence-transformers: the same losses, and models that the library loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from pairs import PAIR, PAIRS, SCORED, TRIPLET
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer import losses

from ftspec.api import RunError
from ftspec.testing.runs import CompiledRun, logged

Write = Callable[..., str]
Compiled = Callable[[str], CompiledRun]


def saved(run: CompiledRun, folder: Path) -> SentenceTransformer:
    """The model as it is now, read back by the library."""
    run.trainer.save_model(str(folder))
    return SentenceTransformer(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("template", "task", "library_loss"),
    [
        (PAIR, "", losses.MultipleNegativesRankingLoss),
        (TRIPLET, "", losses.MultipleNegativesRankingLoss),
        (TRIPLET, "loss: triplet", losses.TripletLoss),
        (SCORED, "", losses.CoSENTLoss),
        (SCORED, "loss: cosine-similarity", losses.CosineSimilarityLoss),
        (SCORED, "loss: contrastive", losses.ContrastiveLoss),
    ],
)
def test_losses_are_those_of_the_librarys_trainer(
    template: str,
    task: str,
    library_loss: type,
    write: Write,
    compiled: Compiled,
    tmp_path: Path,
    rows: Path,
) -> None:
    run = compiled(write(template, task, "logging_steps: 1"))
    model = saved(run, tmp_path / "start")
    data = [json.loads(line) for line in rows.read_text().splitlines()]
    columns = {"anchor": [row["word"] for row in data], "positive": [row["gloss"] for row in data]}
    if template == TRIPLET:
        columns["negative"] = [row["other"] for row in data]
    if template == SCORED:
        columns["score"] = [float(row["score"]) for row in data]
    theirs = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(tmp_path / "theirs"),
            num_train_epochs=3,
            per_device_train_batch_size=8,
            learning_rate=1e-3,
            logging_steps=1,
            report_to=[],
            use_cpu=True,
        ),
        train_dataset=Dataset.from_dict(columns),
        loss=library_loss(model),
    )
    theirs.train()
    run.trainer.train()
    expected = logged(theirs)
    assert len(expected) == 3
    assert logged(run.trainer) == pytest.approx(expected, abs=2e-5)


def test_accumulated_batches_keep_their_negatives_and_their_weight(
    write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    """8 rows as batches of 3, 3 and 2: the mean of their losses, each weighted by its rows."""
    text = write(training="gradient_accumulation_steps: 3, logging_steps: 1, max_steps: 1")
    run = compiled(text.replace("train_batch_size: 8", "train_batch_size: 3"))
    model = saved(run, tmp_path / "start")
    loss = losses.MultipleNegativesRankingLoss(model)
    total = 0.0
    for batch in run.trainer.get_train_dataloader():
        features = [
            {name: batch[f"{field}_{name}"] for name in ("input_ids", "attention_mask")}
            for field in ("anchor", "positive")
        ]
        with torch.no_grad():
            total += float(loss(features, None)) * len(features[0]["input_ids"])
    run.trainer.train()
    assert logged(run.trainer) == pytest.approx([total / 8], abs=2e-5)


@pytest.mark.parametrize(
    ("task", "is_split"),
    [("", False), ("loss: triplet", True), ("loss: triplet, margin: 1.0", True)],
)
def test_a_batch_with_in_batch_negatives_is_never_split(
    task: str, is_split: bool, write: Write, compiled: Compiled
) -> None:
    run = compiled(write(TRIPLET, task))
    assert run.data.task.rows_are_independent is is_split
    said = any("batches are padded, not split by length" in note for note in run.trainer.notes)
    assert said is not is_split


def test_triplets_are_grouped_by_length(write: Write, compiled: Compiled) -> None:
    run = compiled(
        write(TRIPLET, "loss: triplet", "logging_steps: 1").replace(
            "precision: fp32", "precision: fp32, batching: grouped"
        )
    )
    run.trainer.train()
    assert len(logged(run.trainer)) == 3
    assert not any("batches are padded" in note for note in run.trainer.notes)


def test_cached_negatives_are_the_same_loss(write: Write, compiled: Compiled) -> None:
    steps = "logging_steps: 1"
    plain = compiled(write(training=steps))
    task = "loss: cached-multiple-negatives-ranking, mini_batch_size: 3"
    cached = compiled(write(task=task, training=steps))
    plain.trainer.train()
    cached.trainer.train()
    assert logged(cached.trainer) == pytest.approx(logged(plain.trainer), abs=2e-5)
    assert cached.trainer.evaluate()["eval_loss"] == pytest.approx(
        plain.trainer.evaluate()["eval_loss"], abs=2e-5
    )


@pytest.mark.parametrize(
    ("template", "task", "metrics"),
    [
        (PAIR, "symmetric: true, scale: 10.0", {"eval_mrr@10", "eval_recall@1", "eval_map"}),
        (TRIPLET, "loss: triplet, margin: 0.5", {"eval_ndcg@10", "eval_recall@10"}),
        (SCORED, "loss: angle, pooling: cls, normalize: false", {"eval_spearman"}),
    ],
)
def test_evaluation_measures_what_fits(
    template: str, task: str, metrics: set[str], write: Write, compiled: Compiled
) -> None:
    run = compiled(write(template, task))
    results = run.trainer.evaluate()
    assert metrics <= set(results)
    assert all(np.isfinite(value) for value in results.values())


def test_metrics_are_of_the_vectors_that_the_saved_model_gives(
    write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    run = compiled(write(training="max_steps: 4"))
    run.trainer.train()
    model = saved(run, tmp_path / "trained")
    words, glosses = (model.encode([pair[side] for pair in PAIRS]) for side in (0, 1))
    similarities = words @ glosses.T
    ranks = 1 + (similarities > np.diag(similarities)[:, None]).sum(axis=1)
    results = run.trainer.evaluate()
    assert results["eval_recall@1"] == pytest.approx(np.mean(ranks == 1))
    assert results["eval_mrr@10"] == pytest.approx(np.mean(1 / ranks))


def test_rows_with_the_same_anchor_have_all_its_positives_as_answers(
    write: Write, compiled: Compiled, rows: Path
) -> None:
    data = [json.loads(line) for line in rows.read_text().splitlines()]
    twice = {**data[0], "gloss": "one of two bones that form the sides of the pelvis"}
    rows.write_text("".join(json.dumps(row) + "\n" for row in [*data, twice]))
    run = compiled(write())
    assert any(
        "1 of 9 training rows have the anchor of another row" in n for n in run.trainer.notes
    )
    vectors = np.random.default_rng(0).normal(size=(9, 2, 4))
    vectors[8, 0] = vectors[0, 0]
    vectors[:, 1] = vectors[:, 0]
    outputs = type("Outputs", (), {"predictions": vectors, "label_ids": np.zeros(9)})()
    ranks, best = run.data.task.decode(outputs, run.data.encoded["validation"])
    assert len(ranks) == 8
    assert best == [[1, 2]] + [[1]] * 7
    assert ranks == best


def test_the_best_checkpoint_is_loaded(write: Write, compiled: Compiled) -> None:
    run = compiled(
        write(training='eval_strategy: epoch, save_strategy: epoch, metric_for_best_model: "map"')
        + 'callbacks: [{type: best-model, metric: "map"}]\n'
    )
    run.trainer.train()
    folder = run.trainer.state.best_model_checkpoint
    assert folder is not None
    best = SentenceTransformer(folder, device="cpu").state_dict()
    now = run.model.state_dict()
    assert best.keys() == now.keys()
    for name, value in best.items():
        assert torch.equal(value, now[name].cpu()), name
    before = {name: value.clone() for name, value in now.items()}
    with torch.no_grad():
        next(run.model.parameters()).zero_()
    run.trainer._load_from_checkpoint(folder)
    for name, value in run.model.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize(
    ("score", "task", "headline"),
    [
        ("4", "loss: cosine-similarity", 'a score must be a number from -1 to 1, found "4"'),
        ("-1", "loss: contrastive", 'a score must be a number from 0 to 1, found "-1"'),
        ('"much"', "", 'a score must be a number, found "much"'),
    ],
)
def test_scores_must_be_what_the_loss_takes(
    score: str, task: str, headline: str, write: Write, compiled: Compiled, rows: Path
) -> None:
    rows.write_text(rows.read_text().replace('"score": 1', f'"score": {score}', 4))
    rows.write_text(rows.read_text().replace('"score": 0', f'"score": {score}', 4))
    with pytest.raises(RunError) as caught:
        compiled(write(SCORED, task))
    assert caught.value.headline.startswith(headline)
    if score == "4":
        run = compiled(write(SCORED, f"{task}, max_score: 5.0"))
        assert run.data.encoded["train"][0]["score"] == pytest.approx(0.8)
