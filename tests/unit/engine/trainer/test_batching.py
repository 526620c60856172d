"""``batching: grouped`` puts rows of like length together; ``padded`` leaves them as drawn."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import torch
from accelerate import skip_first_batches
from accelerate.data_loader import prepare_data_loader
from torch.utils.data import DataLoader

from ftspec.engine.batching.sampler import GroupingSampler
from tests.engine.running import Engine
from tests.unit import tiny

SPEC = """\
ftspec: 1
name: batches
data:
  source: {{type: json, files: "{rows}"}}
  splits: {{train: "train[:400]"}}
preprocess: {{template: {{text: "{{text}}", label: "{{label}}"}}}}
tokenizer: {{max_length: 64}}
model: {{checkpoint: "{model}"}}
task: text-classification
training: {{per_device_train_batch_size: 8}}
performance: {{precision: fp32, batching: {batching}}}
metrics: []
"""


def test_grouped_batches_hold_less_padding(tmp_path: Path) -> None:
    tokenizer = tiny.tokenizer("wordpiece")
    tokenizer.save_pretrained(tmp_path / "bert")
    tiny.bert(len(tokenizer)).save_pretrained(tmp_path / "bert")
    share: dict[str, float] = {}
    seen: dict[str, list[int]] = {}
    for batching in ("padded", "grouped"):
        spec = SPEC.format(
            rows=tiny.WORDNET / "train.jsonl", model=tmp_path / "bert", batching=batching
        )
        batches = list(Engine(tmp_path / batching).compile(spec).trainer.get_train_dataloader())
        masks = [batch["attention_mask"].float().mean().item() for batch in batches]
        share[batching] = 1 - statistics.mean(masks)
        seen[batching] = sorted(int(batch["input_ids"].sum()) for batch in batches)
        assert len(batches) == 50
    assert share["grouped"] < 0.5 * share["padded"]
    # the same rows either way: none is left out to fill a batch
    assert sum(seen["grouped"]) == sum(seen["padded"])


def test_processes_and_resumed_runs_group_alike() -> None:
    """Whatever else has drawn random numbers in between."""
    lengths = torch.randint(1, 100, (300,)).tolist()
    one, other = (GroupingSampler(lengths, 8, seed=3) for _ in range(2))
    epochs = []
    for epoch in range(2):
        one.set_epoch(epoch)
        epochs.append(list(one))
        torch.rand(epoch + 1)
    other.set_epoch(1)

    assert list(other) == epochs[1] != epochs[0]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(300))


def test_processes_that_resume_draw_the_rows_of_the_epoch() -> None:
    """The epoch is set before batches are skipped: the loader that skips hides the sampler."""
    lengths = torch.randint(1, 100, (64,)).tolist()

    def load() -> Any:
        sampler = GroupingSampler(lengths, 8, seed=3)
        rows = DataLoader(range(64), batch_size=4, sampler=sampler)  # type: ignore[arg-type, var-annotated]
        return prepare_data_loader(rows, num_processes=2, process_index=1, put_on_device=False)

    whole, resumed = load(), load()
    for loader in (whole, resumed):
        loader.set_epoch(1)
    batches = [batch.tolist() for batch in whole]

    assert [batch.tolist() for batch in skip_first_batches(resumed, 3)] == batches[3:]


def test_evaluation_keeps_the_order_of_the_rows(tmp_path: Path) -> None:
    """Metrics are told of rows by their place."""
    tokenizer = tiny.tokenizer("wordpiece")
    tokenizer.save_pretrained(tmp_path / "bert")
    tiny.bert(len(tokenizer)).save_pretrained(tmp_path / "bert")
    spec = SPEC.format(
        rows=tiny.WORDNET / "train.jsonl", model=tmp_path / "bert", batching="grouped"
    )
    trainer = Engine(tmp_path).compile(spec, "metrics=[accuracy]").trainer
    trainer.compute_metrics = None
    rows = trainer.train_dataset

    given = trainer.evaluation_loop(trainer.get_eval_dataloader(rows), "rows").label_ids

    assert given.tolist() == rows["labels"]
