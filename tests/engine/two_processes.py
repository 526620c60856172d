"""Trains tiny models with the Trainer of the engine, in one process or in several.

What two processes log and the gradients of exact batching are written to files; the test trains the
same in its own process. The processes are forked from one that has imported this module: to import
takes longer than to train.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import torch
import transformers
from torch.distributed.elastic.utils.distributed import get_free_port
from torch.multiprocessing import start_processes
from transformers import AutoConfig, AutoTokenizer, Trainer, TrainingArguments, set_seed

from ftspec.api import ComponentConfig, TaskContext
from ftspec.builtin.tasks.config import (
    Seq2SeqConfig,
    TextClassificationConfig,
    TextGenerationConfig,
)
from ftspec.builtin.tasks.seq2seq import Seq2Seq
from ftspec.builtin.tasks.text_classification import TextClassification
from ftspec.builtin.tasks.text_generation import TextGeneration
from ftspec.engine.batching.micro_batches import Form
from ftspec.engine.trainer.global_batch import GlobalBatch
from ftspec.engine.trainer.packing import prepare_for
from ftspec.engine.trainer.trainer import Batching, trainer_class_for
from tests.engine.gradients import Gradients, gradients_of, train_in_double

PROCESSES = 2
SECONDS = 1800  # they took 180 where two other runs of all tests shared two cores
ROWS_OF_A_STEP = 8
STEPS = 6
ROWS_OF_EXACT_STEPS = ROWS_OF_A_STEP * (STEPS - 1) + 1
"""The last step has fewer rows than there are processes."""

LITTLE_MEMORY = ("gpt2", "bert")
"""It runs out on the way back, and on the way there in a model with buffers, which processes share
before they begin a step."""

ROOM = 60
"""Tokens: one row of the longest has room, two have not."""

UNLOGGED = "no step is logged"
STREAM = "t5 of a stream"

UNEVEN = "t5 in steps of seven rows"
UNEVEN_STREAM = "t5 of a stream in steps of seven rows"
SEVEN = 7
"""Rows of a step that two processes cannot share evenly."""

IN_PARTS = "t5 in two parts"
IN_PARTS_OF_LITTLE_MEMORY = "gpt2 in two parts, in little memory"

EVALUATED = 11
"""Not a multiple of the rows that two processes evaluate at once."""

TASKS: dict[type[ComponentConfig], Any] = {
    TextClassificationConfig: TextClassification,
    TextGenerationConfig: TextGeneration,
    Seq2SeqConfig: Seq2Seq,
}

CASES: dict[str, tuple[str, str, ComponentConfig, dict[str, str], dict[str, float]]] = {
    "bert": (
        "glosses.jsonl",
        "AutoModelForSequenceClassification",
        TextClassificationConfig(),
        {"text": "text", "label": "topic"},
        {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    ),
    "gpt2": (
        "paragraphs.jsonl",
        "AutoModelForCausalLM",
        TextGenerationConfig(packing=False),
        {"text": "text"},
        {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    ),
    "t5": (
        "summaries.jsonl",
        "AutoModelForSeq2SeqLM",
        Seq2SeqConfig(predict_with_generate=False),
        {"source": "document", "target": "summary"},
        {"dropout_rate": 0.0},
    ),
}
"""For each model its rows, auto class, task, columns of its fields, and dropout."""


def train_all(folder: Path, processes: int) -> dict[str, list[dict[str, Any]]]:
    """What is logged for each model, with the rows of a step in one batch for each process and,
    where there are several processes, also in two."""
    logs = {}
    for name in CASES:
        for accumulation in (1, 2) if processes > 1 else (1,):
            logs[f"{name} x {accumulation}"] = train(folder, name, processes, accumulation)
    logs[STREAM] = train(folder, "t5", processes, streams=True)
    logs[UNLOGGED] = train(folder, "bert", processes, logging_steps=STEPS + 1)
    return logs


def train(
    folder: Path,
    name: str,
    processes: int,
    accumulation: int = 1,
    *,
    streams: bool = False,
    logging_steps: int = 1,
) -> list[dict[str, Any]]:
    """What is logged for one model."""
    rows = ROWS_OF_A_STEP * STEPS
    trainer: Any = build(folder, name, processes, accumulation, rows, streams=streams)
    trainer.args.logging_steps = logging_steps
    trainer.restore_losses({})  # as a run does when it begins
    train_in_double(trainer)
    trainer.evaluate()
    logs: list[dict[str, Any]] = trainer.state.log_history
    return logs


def train_exactly(
    folder: Path,
    name: str,
    processes: int,
    *,
    accumulation: int = 1,
    equal_counts: bool = False,
    micro_batch_overhead_tokens: int = 10,
    max_tokens: int | None = None,
    form: Form = "padded",
    room: int | None = None,
    streams: bool = False,
    rows_of_step: int | None = None,
) -> tuple[list[Gradients], list[int], float, list[int]]:
    """The gradients of each step of exact batching, in how many batches each process computed
    them, the loss of an evaluation by length, and the passes that each process made for it. With
    ``equal_counts`` as for an engine that shards weights; ``packed`` as under flash attention, or
    so that layers get text alone; with ``room`` the first process has memory for so many
    tokens only."""
    trainer: Any = build(
        folder,
        name,
        processes,
        accumulation,
        ROWS_OF_EXACT_STEPS,
        "exact",
        streams=streams,
        rows_of_step=rows_of_step,
        overhead_tokens=micro_batch_overhead_tokens,
        max_tokens=max_tokens,
    )
    trainer.micro_batching.passes_must_match = equal_counts
    trainer.evaluation.passes_must_match = equal_counts
    trainer.micro_batching.form = form
    if form == "packed_layers":
        prepare_for(trainer.model, form)
    failed: list[int] | None = None
    if room is not None and trainer.args.process_index == 0:
        failed = run_out_above(trainer, room, in_backward=name == "gpt2")
    gradients = gradients_of(trainer)
    assert failed is None or failed, "memory never ran out"
    batches = trainer.accelerator.gather(torch.tensor([trainer.token_counts.batches]))
    passes = []
    trainer.model.register_forward_hook(lambda *_: passes.append(1))
    loss = trainer.evaluate()["eval_loss"]
    made = trainer.accelerator.gather(torch.tensor([len(passes)]))
    return gradients, batches.tolist(), loss, made.tolist()


def run_out_above(trainer: Any, tokens: int, *, in_backward: bool) -> list[int]:
    """Memory for so many tokens: with more a pass breaks off before it begins or half way back, and
    an evaluation before it begins. The sizes for which it ran out."""
    sizes: list[int] = []
    failed: list[int] = []

    def allocate_too_much(*arguments: Any) -> None:
        if sizes[-1] > tokens:
            failed.append(sizes[-1])
            torch.empty(1 << 50)

    def note_size(module: Any, arguments: Any, inputs: dict[str, Any]) -> None:
        sizes.append(inputs["input_ids"].numel())
        if not (in_backward and torch.is_grad_enabled()):
            allocate_too_much()

    trainer.model.register_forward_pre_hook(note_size, with_kwargs=True)
    parameters = list(trainer.model.parameters())
    parameters[len(parameters) // 2].register_hook(allocate_too_much)
    return failed


def build(
    folder: Path,
    name: str,
    processes: int,
    accumulation: int,
    trained: int,
    batching: Batching = "padded",
    *,
    streams: bool = False,
    rows_of_step: int | None = None,
    **options: Any,
) -> Trainer:
    """The Trainer of one model. ``rows_of_step`` are those of all processes together."""
    file, auto_class, config, columns, dropout = CASES[name]
    tokenizer = AutoTokenizer.from_pretrained(folder / name)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    context = TaskContext(
        section=("task",),
        seed=1,
        note=lambda text: None,
        children={},
        tokenizer=tokenizer,
        max_length=40,
        max_target_length=24,
    )
    task: Any = TASKS[type(config)](config, context)
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    fields = {field: [row[column] for row in rows] for field, column in columns.items()}
    task.fit(datasets.Dataset.from_dict(fields), None)
    encoded = datasets.Dataset.from_dict(dict(task.encode(fields)))
    splits: list[Any] = [
        encoded.select(range(trained)),
        encoded.select(range(trained, trained + EVALUATED)),
    ]
    if streams:
        splits = [split.to_iterable_dataset() for split in splits]
    batch = None if rows_of_step is None else GlobalBatch(rows=rows_of_step, processes=processes)
    of_each = {
        "per_device_train_batch_size": ROWS_OF_A_STEP // processes // accumulation,
        "gradient_accumulation_steps": accumulation,
    }
    set_seed(1)
    model_config = AutoConfig.from_pretrained(folder / name)
    model_config.update({**task.model_settings(), **dropout})
    model = getattr(transformers, auto_class).from_pretrained(folder / name, config=model_config)
    return trainer_class_for(task.trainer_class or Trainer)(
        model=model,
        args=(task.arguments_class or TrainingArguments)(
            output_dir=str(folder / "output"),
            **(of_each if batch is None else batch.arguments),
            per_device_eval_batch_size=2,
            max_steps=STEPS,
            logging_steps=1,
            learning_rate=1e-3,
            eval_strategy="no",
            save_strategy="no",
            prediction_loss_only=True,
            remove_unused_columns=False,
            report_to=[],
            disable_tqdm=True,
            include_num_input_tokens_seen="all",  # which all processes count together
            use_cpu=True,
            ddp_backend="gloo" if processes > 1 else None,
            seed=1,
        ),
        data_collator=task.collator(model),
        train_dataset=splits[0],
        eval_dataset=splits[1],
        task=task,
        loss_metrics=lambda loss: {},
        prediction_metrics=None,
        warn=print,
        batching=batching,
        global_batch=batch,
        **options,
    )


def launch(train: Callable[[Path], None], folder: Path) -> None:
    """Train in two processes, to their end.

    Raises:
        ProcessRaisedException: with the traceback of the process that failed first.
    """
    multiprocessing.set_forkserver_preload([__name__])
    began = time.monotonic()
    processes = start_processes(
        _join,
        (train, folder, get_free_port()),
        nprocs=PROCESSES,
        join=False,
        daemon=True,  # those that wait for ever end with the tests
        start_method="forkserver",
    )
    while not processes.join(timeout=1):
        assert time.monotonic() < began + SECONDS, "a process waits for ever"


def _join(rank: int, train: Callable[[Path], None], folder: Path, port: int) -> None:
    """Train in this process, as a launcher would start it with others."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(PROCESSES)}
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.set_num_threads(1)
    train(folder)
    torch.distributed.destroy_process_group()


def train_each(folder: Path) -> None:
    """Everything; the first process writes it to ``folder``."""
    logs = train_all(folder, PROCESSES)
    exact = {name: train_exactly(folder, name, PROCESSES) for name in CASES}
    exact["equal counts"] = train_exactly(folder, "t5", PROCESSES, equal_counts=True)
    exact[STREAM] = train_exactly(folder, "t5", PROCESSES, streams=True)
    exact[UNEVEN] = train_exactly(folder, "t5", PROCESSES, rows_of_step=SEVEN)
    exact[UNEVEN_STREAM] = train_exactly(folder, "t5", PROCESSES, rows_of_step=SEVEN, streams=True)
    exact["no padding"] = train_exactly(folder, "gpt2", PROCESSES, form="packed", max_tokens=80)
    exact["layers of text"] = train_exactly(
        folder, "bert", PROCESSES, form="packed_layers", max_tokens=80
    )
    exact[IN_PARTS] = train_exactly(folder, "t5", PROCESSES, accumulation=2)
    exact[IN_PARTS_OF_LITTLE_MEMORY] = train_exactly(
        folder,
        "gpt2",
        PROCESSES,
        accumulation=2,
        micro_batch_overhead_tokens=10**6,
        room=ROOM,
    )
    for name in LITTLE_MEMORY:
        exact[f"{name} in little memory"] = train_exactly(
            folder, name, PROCESSES, micro_batch_overhead_tokens=10**6, room=ROOM
        )
    if os.environ["RANK"] == "0":
        torch.save(exact, folder / "exact.pt")
        (folder / "logs.json").write_text(json.dumps(logs), encoding="utf-8")


def train_without_memory(folder: Path) -> None:
    """As under an engine that shards weights, with memory that runs out."""
    train_exactly(folder, "gpt2", PROCESSES, equal_counts=True, room=10)
