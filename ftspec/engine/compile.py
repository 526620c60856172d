"""Plan to compiled run: data prepared, model loaded, Trainer built, nothing trained yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import datasets
from datasets.fingerprint import Hasher
from transformers import (
    PretrainedConfig,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    set_seed,
)

from ftspec import __version__
from ftspec.components import (
    CallbackContext,
    Context,
    Task,
    TaskComponent,
    TaskContext,
    TokenizerConfig,
    TokenizerContext,
)
from ftspec.document.paths import SpecPath
from ftspec.engine import checkpoint as checkpoints
from ftspec.engine.arguments import build_arguments
from ftspec.engine.checkpoint import Checkpoint
from ftspec.engine.factories import build
from ftspec.engine.fields import render_fields
from ftspec.engine.lengths import Lengths, resolve_lengths
from ftspec.engine.measuring import Metrics
from ftspec.engine.precision import Precision, resolve_precision
from ftspec.engine.progress import Note, RunLog
from ftspec.engine.reporting import Interruption, Reporter, TensorBoard
from ftspec.engine.splits import Rows, load_splits
from ftspec.engine.trainer import trainer_class_for
from ftspec.errors import RunError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.rundir import RunDirectory


@dataclass(frozen=True, kw_only=True)
class PreparedData:
    """The rows of a run, ready for the model.

    Attributes:
        encoded: model inputs of each split.
        fields: the rendered fields they were encoded from.
        source: what the source records of its rows.
    """

    encoded: Mapping[str, Rows]
    fields: Mapping[str, Rows]
    source: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class CompiledRun:
    """Everything a run needs."""

    plan: Plan
    trainer: Trainer
    task: Task
    data: PreparedData
    checkpoint: Checkpoint | None
    precision: Precision
    interruption: Interruption


def compile_run(plan: Plan, run_dir: RunDirectory, log: RunLog) -> CompiledRun:
    """Build the run of a plan.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    builder = _Builder(plan, log)
    set_seed(plan.seed)
    checkpoint = locate_checkpoint(plan)
    log.phase("preparing data")
    rows, source = builder.load_rows()
    fields = builder.render(rows)
    tokenizer = builder.tokenizer(checkpoint, fields["train"])
    config = checkpoints.load_config(plan.model, checkpoint, {})
    lengths = lengths_of(plan, tokenizer, config, log.note)
    task = build_task(plan, tokenizer, lengths, log.note)
    task.fit(fields["train"], fields["train"].features)
    encoded = {
        split: builder.encode(part, split, task, tokenizer, lengths)
        for split, part in fields.items()
    }
    data = PreparedData(encoded=encoded, fields=fields, source=source)

    log.phase("loading model")
    config = checkpoints.load_config(plan.model, checkpoint, task.model_settings())
    checkpoints.fit_to_tokenizer(plan.model, config, tokenizer)
    assert isinstance(plan.task.component, TaskComponent)
    set_seed(plan.seed)  # new weights do not depend on how the data was prepared
    model = checkpoints.load_model(
        plan.model, checkpoint, config, plan.task.component.auto_model, log
    )
    checkpoints.grow_embeddings(model, tokenizer, log)

    precision, why = resolve_precision(
        plan.performance.precision, bool(plan.training.get("use_cpu", False))
    )
    log.note(f"computing in {precision}: {why}")
    modules = [build(metric, builder.context) for metric in plan.metrics]
    metrics = Metrics(plan.metrics, modules, task)
    arguments = build_arguments(
        plan, task, run_dir, precision, needs_predictions=metrics.needs_predictions
    )
    interruption = Interruption(log)
    make_context = partial(builder.callback_context, run_dir, tokenizer, task, fields)
    callbacks = [build(callback, make_context) for callback in plan.callbacks]
    trainer = trainer_class_for(task.trainer_class)(
        model=model,
        args=arguments,
        data_collator=task.collator(model),
        train_dataset=encoded["train"],
        eval_dataset=encoded.get("validation"),
        processing_class=tokenizer,
        compute_metrics=metrics.score_predictions if metrics.needs_predictions else None,
        preprocess_logits_for_metrics=task.reduce_logits,
        callbacks=[
            TensorBoard(run_dir),
            Reporter(log, run_dir),
            interruption,
            *callbacks,
        ],
        task=task,
        loss_metrics=metrics.score_loss,
    )
    trainer.remove_callback(PrinterCallback)
    return CompiledRun(
        plan=plan,
        trainer=trainer,
        task=task,
        data=data,
        checkpoint=checkpoint,
        precision=precision,
        interruption=interruption,
    )


def locate_checkpoint(plan: Plan) -> Checkpoint | None:
    """Where the model's files are; ``None`` for a model without a checkpoint."""
    if plan.model.checkpoint is None:
        return None
    return checkpoints.locate(plan.model.checkpoint, plan.model.revision)


def build_tokenizer(
    plan: Plan,
    checkpoint: Checkpoint | None,
    texts: Callable[[], Iterator[list[str]]],
    note: Note,
) -> PreTrainedTokenizerBase:
    """The tokenizer of a plan, with a padding token."""

    def context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> TokenizerContext:
        return TokenizerContext(
            section=planned.at,
            seed=plan.seed,
            note=note,
            children=children,
            checkpoint=checkpoint.name if checkpoint is not None else None,
            revision=checkpoint.revision if checkpoint is not None else None,
            trust_remote_code=plan.model.trust_remote_code,
            texts=texts,
        )

    planned = plan.tokenizer
    own = getattr(planned.config, "checkpoint", None)
    if own is not None:
        located = checkpoints.locate(
            own, getattr(planned.config, "revision", None), (*planned.at, "checkpoint")
        )
        planned = replace(
            planned, config=planned.config.model_copy(update={"checkpoint": located.name})
        )
    tokenizer = cast(PreTrainedTokenizerBase, build(planned, context))
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise RunError(
                "the tokenizer has neither a padding nor an end-of-text token",
                slug="no-pad-token",
                at=planned.at,
            )
        tokenizer.pad_token = tokenizer.eos_token
        note(
            f'the tokenizer has no padding token: the end-of-text token "{tokenizer.eos_token}" '
            "pads, and is not learned there"
        )
    return tokenizer


def lengths_of(
    plan: Plan, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig, note: Note
) -> Lengths:
    """How many tokens inputs and targets have at most."""
    wanted = plan.tokenizer.config
    assert isinstance(wanted, TokenizerConfig)
    return resolve_lengths(wanted, plan.tokenizer.at, tokenizer, config, note)


def build_task(
    plan: Plan, tokenizer: PreTrainedTokenizerBase, lengths: Lengths, note: Note
) -> Task:
    """The task of a plan."""

    def context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> TaskContext:
        return TaskContext(
            section=planned.at,
            seed=plan.seed,
            note=note,
            children=children,
            tokenizer=tokenizer,
            max_length=lengths.inputs,
            max_target_length=lengths.targets,
        )

    return cast(Task, build(plan.task, context))


class _Builder:
    """Builds the components of one plan."""

    def __init__(self, plan: Plan, log: RunLog) -> None:
        self._plan = plan
        self._log = log

    def context(self, planned: PlannedComponent, children: dict[SpecPath, Any]) -> Context:
        return Context(
            section=planned.at, seed=self._plan.seed, note=self._log.note, children=children
        )

    def callback_context(
        self,
        run_dir: RunDirectory,
        tokenizer: PreTrainedTokenizerBase,
        task: Task,
        fields: Mapping[str, Any],
        planned: PlannedComponent,
        children: dict[SpecPath, Any],
    ) -> CallbackContext:
        assert isinstance(self._plan.task.component, TaskComponent)
        return CallbackContext(
            section=planned.at,
            seed=self._plan.seed,
            note=self._log.note,
            children=children,
            run_dir=run_dir.path,
            tokenizer=tokenizer,
            task=task,
            inputs=self._plan.task.component.inputs,
            fields=fields.get("validation", fields["train"]),
        )

    def load_rows(self) -> tuple[dict[str, Rows], Mapping[str, Any]]:
        source = build(self._plan.source, self.context)
        transforms = [build(transform, self.context) for transform in self._plan.transforms]

        def transform(rows: Rows, split: str) -> Rows:
            for one in transforms:
                rows = one.apply(rows)
            return rows

        rows = load_splits(source, self._plan.splits, self._plan.seed, transform)
        for split, part in rows.items():
            count = f"{len(part):,} rows" if isinstance(part, datasets.Dataset) else "a stream"
            self._log.note(f"{split}: {count}")
        return rows, source.identity()

    def render(self, rows: Mapping[str, Rows]) -> dict[str, Rows]:
        return {
            split: render_fields(part, self._plan.template, frozenset())
            for split, part in rows.items()
        }

    def tokenizer(self, checkpoint: Checkpoint | None, train: Rows) -> PreTrainedTokenizerBase:
        assert isinstance(self._plan.task.component, TaskComponent)
        text_fields = [
            field.name
            for field in self._plan.task.component.fields
            if field.type == "text" and field.name in self._plan.template
        ]

        def texts() -> Iterator[list[str]]:
            for batch in train.iter(batch_size=1000):
                for name in text_fields:
                    yield [text for text in batch[name] if isinstance(text, str)]

        return build_tokenizer(self._plan, checkpoint, texts, self._log.note)

    def encode(
        self,
        fields: Rows,
        split: str,
        task: Task,
        tokenizer: PreTrainedTokenizerBase,
        lengths: Lengths,
    ) -> Rows:
        try:
            if not isinstance(fields, datasets.Dataset):
                names = fields.column_names or list(self._plan.template)
                encoded = fields.map(task.encode, batched=True, remove_columns=names)
            else:
                encoded = fields.map(
                    task.encode,
                    batched=True,
                    remove_columns=fields.column_names,
                    new_fingerprint=self._fingerprint(fields, task, tokenizer, lengths),
                    desc=f"encoding {split}",
                )
            return task.pack(encoded, split)
        except RunError as error:
            raise RunError(
                f"{error.headline} (in the {split} split)",
                slug=error.slug,
                at=error.at,
                helps=error.helps,
            ) from error

    def _fingerprint(
        self,
        fields: datasets.Dataset,
        task: Task,
        tokenizer: PreTrainedTokenizerBase,
        lengths: Lengths,
    ) -> str:
        """Identity of encoded rows: the fields, the task with what it learned, the tokenizer.

        datasets would hash the task object, which holds open files and never hashes twice the same.
        """
        backend = getattr(tokenizer, "backend_tokenizer", None)
        vocabulary = (
            backend.to_str() if backend is not None else sorted(tokenizer.get_vocab().items())
        )
        return str(
            Hasher.hash(
                [
                    __version__,
                    fields._fingerprint,
                    lengths,
                    self._plan.task.to_spec(),
                    self._plan.tokenizer.to_spec(),
                    sorted(task.model_settings().items(), key=lambda item: item[0]),
                    vocabulary,
                ]
            )
        )
