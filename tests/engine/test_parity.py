"""A spec compiles to exactly the Trainer you would write: for each family of the seed specs, a
hand-written script with plain transformers logs the same numbers at every step. Exact batching
draws the masks of dropout for other shapes, so that there dropout is off."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    DataCollatorWithPadding,
    EvalPrediction,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    Trainer,
    TrainingArguments,
    set_seed,
)

from tests.engine.gradients import train_in_double
from tests.engine.running import Engine, Logs, steps_in

pytestmark = [pytest.mark.kernels, pytest.mark.slow]

SEED = 7
SETTINGS: dict[str, Any] = {
    "num_train_epochs": 2,
    "per_device_train_batch_size": 6,
    # all of validation: of several batches the plain Trainer's mean is not one over tokens
    "per_device_eval_batch_size": 32,
    "learning_rate": 1e-3,
    "lr_scheduler_type": "cosine",
    "warmup_steps": 3,
    "weight_decay": 0.05,
    "max_grad_norm": 0.5,
    "logging_steps": 1,
    "eval_strategy": "epoch",
    "save_strategy": "no",
}
"""As in any real script; two epochs of nine steps, the last of each with fewer rows."""

SPEC = f"""\
ftspec: 1
name: parity
seed: {SEED}
data:
  source: {{type: json, files: "%(rows)s"}}
  splits: {{train: "train[:50]", validation: "train[50:70]"}}
preprocess: {{template: {{%(template)s}}}}
tokenizer: {{max_length: 32, max_target_length: 16}}
model: {{checkpoint: "%(model)s", config: %(config)s}}
task: %(task)s
training: {json.dumps(SETTINGS)}
performance: {{precision: fp32, batching: %(batching)s}}
metrics: [%(metrics)s]
"""


DROPOUTS = (
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "dropout_rate",
    "resid_pdrop",
    "embd_pdrop",
    "attn_pdrop",
)


@pytest.fixture(params=["exact", "padded"])
def batching(request: pytest.FixtureRequest) -> str:
    """Each way that takes the rows of a step as the shuffle drew them."""
    way: str = request.param
    return way


def settings_of(model: Path, batching: str) -> dict[str, Any]:
    """What differs from the checkpoint's configuration."""
    known = json.loads((model / "config.json").read_text(encoding="utf-8"))
    return {name: 0.0 for name in DROPOUTS if batching == "exact" and name in known}


def options_of(model: Path, rows: Path, batching: str) -> dict[str, Any]:
    """What every spec is filled with."""
    config = json.dumps(settings_of(model, batching))
    return {"rows": rows, "model": model, "config": config, "batching": batching}


def plain_arguments(folder: Path) -> dict[str, Any]:
    """The same settings for ``TrainingArguments``."""
    return {
        **SETTINGS,
        "output_dir": str(folder),
        "seed": SEED,
        "use_cpu": True,
        "report_to": [],
        "disable_tqdm": True,
    }


def read_split(file: Path) -> tuple[Dataset, Dataset]:
    """The rows as plain ``datasets`` reads them."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return Dataset.from_list(rows[:50]), Dataset.from_list(rows[50:70])


def test_text_classification(
    engine: Engine, bert: Path, glosses: Path, tmp_path: Path, batching: str
) -> None:
    template = 'text: "{text}", label: "{topic}"'
    options = {"template": template, "metrics": "accuracy", "task": "text-classification"}
    compiled = train_in_double(
        engine.compile(SPEC % {**options_of(bert, glosses, batching), **options}).trainer
    )

    set_seed(SEED)
    train, validation = read_split(glosses)
    names = sorted(set(train["topic"]))
    tokenizer = AutoTokenizer.from_pretrained(bert)

    def encode(row: dict[str, Any]) -> dict[str, Any]:
        encoded = tokenizer(row["text"], truncation=True, max_length=32)
        return {**encoded, "labels": names.index(row["topic"])}

    def measure(outputs: EvalPrediction) -> dict[str, float]:
        right = np.asarray(outputs.predictions).argmax(-1) == outputs.label_ids
        return {"accuracy": float(right.mean())}

    model = AutoModelForSequenceClassification.from_pretrained(
        bert, num_labels=len(names), **settings_of(bert, batching)
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(**plain_arguments(tmp_path)),
        data_collator=DataCollatorWithPadding(tokenizer),
        train_dataset=train.map(encode, remove_columns=train.column_names),
        eval_dataset=validation.map(encode, remove_columns=train.column_names),
        processing_class=tokenizer,
        compute_metrics=measure,
    )
    train_in_double(trainer)

    assert_same(compiled, trainer.state.log_history)
    assert_same(compiled, trainer.state.log_history, ("eval_accuracy",))


def test_summarization(
    engine: Engine, t5: Path, summaries: Path, tmp_path: Path, batching: str
) -> None:
    template = 'source: "summarize: {document}", target: "{summary}"'
    options = {"template": template, "metrics": "rouge", "task": "summarization"}
    compiled = train_in_double(
        engine.compile(SPEC % {**options_of(t5, summaries, batching), **options}).trainer
    )

    set_seed(SEED)
    train, validation = read_split(summaries)
    tokenizer = AutoTokenizer.from_pretrained(t5)

    def encode(row: dict[str, Any]) -> dict[str, Any]:
        source = f"summarize: {row['document']}"
        encoded = tokenizer(source, truncation=True, max_length=32)
        target = tokenizer(text_target=row["summary"], truncation=True, max_length=16)
        return {**encoded, "labels": target["input_ids"]}

    model = AutoModelForSeq2SeqLM.from_pretrained(t5, **settings_of(t5, batching))
    trainer = Seq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(**plain_arguments(tmp_path)),
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
        train_dataset=train.map(encode, remove_columns=train.column_names),
        eval_dataset=validation.map(encode, remove_columns=train.column_names),
        processing_class=tokenizer,
    )
    train_in_double(trainer)

    assert_same(compiled, trainer.state.log_history)


@pytest.mark.parametrize("packing", [True, False])
def test_text_generation(
    engine: Engine, gpt2: Path, paragraphs: Path, tmp_path: Path, batching: str, packing: bool
) -> None:
    spec = text_generation_spec(gpt2, paragraphs, batching, packing)
    compiled = train_in_double(engine.compile(spec).trainer)

    trainer = plain_text_generation(
        gpt2, paragraphs, tmp_path, batching, packing, counts_predictions=True
    )
    train_in_double(trainer)

    # packed validation is several batches
    numbers = ("loss", "grad_norm", "learning_rate") if packing else EVERY_NUMBER
    assert_same(compiled, trainer.state.log_history, numbers)
    for logs in compiled:
        if "eval_loss" in logs:
            assert logs["eval_perplexity"] == pytest.approx(math.exp(logs["eval_loss"]))


def test_plain_trainer_takes_gpt2_for_a_model_that_predicts_first_tokens(
    engine: Engine, gpt2: Path, paragraphs: Path, tmp_path: Path
) -> None:
    """Why the script above names GPT-2's loss: without, 32 tokens share the loss of 31."""
    spec = text_generation_spec(gpt2, paragraphs, "padded", packing=True)
    compiled = steps_in(train_in_double(engine.compile(spec, "training.max_steps=1").trainer))
    trainer = plain_text_generation(
        gpt2, paragraphs, tmp_path, "padded", packing=True, counts_predictions=False
    )
    trainer.args.max_steps = 1
    train_in_double(trainer)

    plain = steps_in(trainer.state.log_history)
    assert plain[0]["loss"] == pytest.approx(compiled[0]["loss"] * 31 / 32, abs=1e-5)


def text_generation_spec(model: Path, rows: Path, batching: str, packing: bool) -> str:
    """The spec of a causal language model."""
    options = {
        **options_of(model, rows, batching),
        "template": 'text: "{text}"',
        "task": f"{{type: text-generation, packing: {json.dumps(packing)}}}",
        "metrics": "perplexity",
    }
    return SPEC % options


def plain_text_generation(
    folder: Path,
    rows: Path,
    output: Path,
    batching: str,
    packing: bool,
    *,
    counts_predictions: bool,
) -> Trainer:
    """The hand-written script of a causal language model.

    transformers 5.23 counts the tokens a model predicts, all but the first of a row, only for
    models whose class is named "…ForCausalLM". ``counts_predictions`` tells it that GPT-2 is one.
    """
    set_seed(SEED)
    train, validation = read_split(rows)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token

    def encode(texts: list[str]) -> Dataset:
        if packing:
            documents = [tokenizer(text + tokenizer.eos_token)["input_ids"] for text in texts]
            tokens = [token for document in documents for token in document]
            blocks = [tokens[start : start + 32] for start in range(0, len(tokens), 32)]
        else:
            cut = [tokenizer(text, truncation=True, max_length=31)["input_ids"] for text in texts]
            blocks = [[*ids, tokenizer.eos_token_id] for ids in cut]
        return Dataset.from_list([{"input_ids": ids, "labels": ids} for ids in blocks])

    model = AutoModelForCausalLM.from_pretrained(folder, **settings_of(folder, batching))
    if counts_predictions:
        model.loss_type = "ForCausalLM"
    return Trainer(
        model=model,
        args=TrainingArguments(**plain_arguments(output)),
        # not the collator for language modeling: it takes the end-of-text token, with which GPT-2
        # must pad, out of every label
        data_collator=DataCollatorForSeq2Seq(tokenizer),
        train_dataset=encode(train["text"]),
        eval_dataset=encode(validation["text"]),
        processing_class=tokenizer,
    )


EVERY_NUMBER = ("loss", "grad_norm", "learning_rate", "eval_loss")


def assert_same(compiled: Logs, plain: Logs, numbers: tuple[str, ...] = EVERY_NUMBER) -> None:
    """Both logged the same numbers at the same steps."""
    assert len(steps_in(plain)) >= 18
    for name in numbers:
        ours, theirs = curve(compiled, name), curve(plain, name)
        assert ours.keys() == theirs.keys()
        assert ours
        assert ours == pytest.approx(theirs, abs=1e-5), name


def curve(logs: Logs, name: str) -> dict[int, float]:
    """A logged number by step."""
    return {record["step"]: record[name] for record in logs if name in record}
