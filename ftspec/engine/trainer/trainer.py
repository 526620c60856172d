"""The Trainer of every run: what happens when, and in which order.

An optimizer step, in the order of the calls:

1. ``get_batch_samples`` reads the parts of the step from the data loader, as many as
   ``gradient_accumulation_steps``, and counts the items of the whole step on all processes.
2. ``training_step`` is called with each part. A part is a list of micro-batches: a single padded
   batch, or, where steps are split by length, all micro-batches of the step in the last part and
   none in those before it. Parts exist because transformers counts, resumes and synchronises by
   them.
3. ``MicroBatching.compute_step`` computes them one after the other, and again with smaller ones if
   memory runs out.
4. ``compute_loss`` gives the mean loss of a micro-batch its weight
   (``MeanLoss.share_of_step``), and transformers adds its gradient to those of the others.
5. transformers clips the gradient, makes the step, logs, evaluates and saves.

An evaluation: ``get_eval_dataloader`` puts rows of similar length together, ``prediction_step``
computes a batch, in parts if memory runs out (``SplitEvaluation.predict``), and
``evaluation_loop`` puts rows back in order and adds the mean loss (``SplitEvaluation.run``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import EvalPrediction, Trainer, TrainingArguments
from transformers.trainer_utils import EvalLoopOutput, TrainOutput

from ftspec.engine.batching.evaluation_order import flat
from ftspec.engine.batching.micro_batches import MicroBatches
from ftspec.engine.batching.out_of_memory import is_out_of_memory, too_large_to_train
from ftspec.engine.batching.packed_sequence import Batch
from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.patches.pickled_arguments import no_pickled_arguments
from ftspec.engine.trainer.difference import Difference
from ftspec.engine.trainer.evaluation import LossMetrics, PredictionMetrics, SplitEvaluation
from ftspec.engine.trainer.global_batch import GlobalBatch
from ftspec.engine.trainer.loaders import RowLoaders
from ftspec.engine.trainer.logged_metrics import as_logged, bare_metrics
from ftspec.engine.trainer.mean_loss import Count, MeanLoss
from ftspec.engine.trainer.micro_batching import MicroBatching
from ftspec.engine.trainer.saving import complete_checkpoint
from ftspec.engine.trainer.step_checks import StepChecks
from ftspec.engine.trainer.without_randomness import own_randomness
from ftspec.protocols import Task

Batching = Literal["padded", "grouped", "exact"]
"""Batches as they were drawn, of similar length, or whole steps split by length."""


class StepTrainer(Trainer):
    """Computes the mean loss of every step and split. Mixed in before the Trainer of a task.

    Attributes:
        task: of the run.
        token_counts: of all that this process has trained on so far.
        loaders: which rows are loaded, and how.
        mean_loss: how a step's loss is put together.
        micro_batching: how a step is split, where steps are split by length.
        evaluation: how splits are evaluated.
        batching: how training rows are batched.
        global_batch: the rows of a step, where the spec sets them for all processes.
        checks: whether the losses and gradients of steps are numbers.
        evaluates_by_length: whether rows of similar length are evaluated together.
        sets: the encoded rows of the sets that are evaluated whenever the run evaluates.
        sliced: the sets of whose last evaluation the outputs are kept.
        outputs: these outputs.
    """

    # the loss of a micro-batch is already its share of the step's mean
    loss_is_scaled_for_ga = True
    micro_batching: MicroBatching | None = None

    def __init__(
        self,
        *arguments: Any,
        task: Task,
        loss_metrics: LossMetrics,
        prediction_metrics: PredictionMetrics | None,
        warn: Callable[[str], None],
        batching: Batching = "padded",
        overhead_tokens: int = 0,
        max_tokens: int | None = None,
        checks: StepChecks | None = None,
        global_batch: GlobalBatch | None = None,
        **options: Any,
    ) -> None:
        self.task = task
        self.global_batch = global_batch
        self.sets: Mapping[str, Any] = {}
        self.sliced: Collection[str] = ()
        self.outputs: dict[str, EvalPrediction] = {}
        self._of_sets: dict[str, float] = {}
        self._is_unheard = False
        self.checks = checks or StepChecks()
        self.token_counts = TokenCounts()
        super().__init__(*arguments, **options)
        if global_batch is not None:  # devices may have different numbers of rows
            self._train_batch_size = global_batch.rows_of_batch
        # transformers looks for them in the signature of the model, which may not have them
        self.label_names = self.label_names or ["labels"]
        # transformers would divide by the accumulation steps again
        self.model_accepts_loss_kwargs = True
        self.loaders = RowLoaders(self, task, global_batch)
        self.mean_loss = MeanLoss(task.count_loss_items)
        self.batching: Batching = batching
        self.evaluates_by_length = batching != "padded"
        self.padding_difference: Difference | None = None
        if batching == "exact":
            self.micro_batching = MicroBatching(
                self,
                task.length_columns,
                overhead_tokens=overhead_tokens,
                max_tokens=max_tokens,
                warn=warn,
            )
        self.evaluation = SplitEvaluation(
            self,
            task,
            loss_metrics=loss_metrics,
            prediction_metrics=prediction_metrics,
            reduce_logits=self.preprocess_logits_for_metrics,
            warn=warn,
        )
        self.preprocess_logits_for_metrics = None
        if prediction_metrics is not None:
            self.compute_metrics = self.evaluation.compute_metrics
        self._flop_of_token: float | None = None
        self._filters_losses = False
        self._knows_all_losses = False
        self._train_loss: float | None = None

    @property
    def pads(self) -> bool:
        """Whether padding is computed."""
        return self.micro_batching is None or self.micro_batching.pads

    def stop_splitting(self) -> None:
        """Compute the batches of the plain Trainer: a step is no longer split by length, and rows
        are evaluated in their order."""
        if self.micro_batching is not None:
            self.micro_batching, self.batching = None, "padded"
        self.evaluates_by_length = False

    # training

    def get_total_train_batch_size(self, args: TrainingArguments) -> int:
        """Rows of a step on all processes. As the Trainer, but for shares that are not even."""
        if self.global_batch is not None:
            return self.global_batch.rows
        rows: int = super().get_total_train_batch_size(args)
        return rows

    def train(self, *arguments: Any, **options: Any) -> TrainOutput:
        """As the Trainer.

        Raises:
            RunError: memory ran out, and nothing smaller can be tried.
        """
        self.checks.begin()
        try:
            with self._filtering_losses():
                return super().train(*arguments, **options)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            smaller = self.micro_batching.smaller if self.micro_batching is not None else None
            raise too_large_to_train(smaller) from error
        finally:
            self.loaders.end_workers()

    @contextmanager
    def _filtering_losses(self) -> Iterator[None]:
        """Filter losses that are not numbers on the device. The Trainer does it for
        ``logging_nan_inf_filter`` too, but waits for the device in each step."""
        self._filters_losses = self.args.logging_nan_inf_filter
        try:
            with self._with_arguments(logging_nan_inf_filter=False):
                yield
        finally:
            self._filters_losses = False

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The parts of steps, the batches of similar length, or the batches of the Trainer."""
        if self.micro_batching is not None:
            return self.loaders.load_in_steps(self.micro_batching)
        if self.batching == "grouped":
            return self.loaders.load_grouped()
        shared = self.loaders.load_shared_stream()
        return super().get_train_dataloader() if shared is None else shared

    def _run_epoch(self, *arguments: Any, **options: Any) -> None:
        """As the Trainer. When a run that has made all its steps is resumed, the Trainer would make
        one more, and of a stream begin epoch after epoch."""
        if self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
        # before batches are skipped: the sampler of a loader that skips is out of reach
        loader: Any = options.get("train_dataloader")
        if hasattr(loader, "set_epoch"):
            loader.set_epoch(options["epoch"])
        if not self.control.should_training_stop:
            super()._run_epoch(*arguments, **options)  # type: ignore[no-untyped-call]

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[MicroBatches], torch.Tensor | None]:
        """The parts of a step and the number of items in all of them, on all processes."""
        read, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        if not read:
            return [], None
        if self.micro_batching is None:
            parts = [MicroBatches([batch]) for batch in read]
        else:
            # the last part has them all, so that the step can be computed again as a whole
            whole = MicroBatches([batch for part in read for batch in part])
            parts = [*(MicroBatches() for _ in read[1:]), whole]
        items = self.mean_loss.count_all((batch for part in parts for batch in part), device)
        if self.accelerator.num_processes > 1:
            items = self.accelerator.gather(items).sum()
        return parts, items

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> None:
        """Never counted by transformers: the model gives its own mean, and the task counts."""

    def training_step(
        self,
        model: nn.Module,
        inputs: Any,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """The loss of a part of a step, its gradient accumulated. ``inputs`` are its micro-batches.

        If the spec asks for ``logging_nan_inf_filter`` the loss is a number: where it is not, the
        mean of the losses since the last log.
        """
        loss = self._compute_part(model, inputs, num_items_in_batch)
        self.checks.add_loss(loss)
        if not self._filters_losses:
            return loss
        mean = self._tr_loss / (1 + self.state.global_step - self._globalstep_last_logged)
        return torch.where(loss.isfinite(), loss, mean)

    def _get_grad_norm(self, model: nn.Module, grad_norm: Any = None) -> Any:
        """As the Trainer. The step is complete but for its update."""
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)  # type: ignore[no-untyped-call]
        self.checks.end_step(self.state.global_step + 1, norm, self._may_overflow())
        return norm

    def _may_overflow(self) -> torch.Tensor | bool:
        """Whether a gradient that is no number is a step that a scaler skips, to try again with
        half its scale. A scale below one has helped as much as it can."""
        if self.is_deepspeed_enabled:
            return bool(self.args.fp16)
        scale = getattr(self.accelerator.scaler, "_scale", None)
        return scale >= 1 if isinstance(scale, torch.Tensor) else False

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """As the Trainer, which takes the sum of losses from itself to begin again. Of a sum that
        is no number nothing else would come any more."""
        if self._is_unheard:
            return
        is_step = "loss" in logs
        if "train_loss" in logs and self._knows_all_losses:
            # the Trainer divides by the steps since the run was resumed, and of the steps since
            # the last log it adds the losses of this process only
            if self.accelerator.num_processes > 1:
                total = torch.tensor([self._total_loss_scalar], device=self.args.device)
                self._total_loss_scalar = float(self.accelerator.gather(total).mean())
            self._train_loss = self._total_loss_scalar / max(self.state.global_step, 1)
            logs["train_loss"] = self._train_loss
        super().log(logs, start_time)
        if is_step and self.is_in_train:
            self._tr_loss.zero_()

    @property
    def loss_since_log(self) -> torch.Tensor:
        """The sum of the losses since the last log, on the device."""
        return self._tr_loss

    def loss_sums(self) -> dict[str, float]:
        """What :meth:`restore_losses` takes; nothing before training."""
        if not hasattr(self, "_tr_loss"):
            return {}
        return {
            "since_log": float(self._tr_loss),
            "logged_at": self._globalstep_last_logged,
            "total": self._total_loss_scalar,
        }

    def mean_training_loss(self) -> float | None:
        """The mean over the steps of the whole run, at its end; ``None`` if it is not known."""
        return self._train_loss if self._knows_all_losses else None

    def restore_losses(self, saved: Mapping[str, float]) -> None:
        """Go on from the sums that a checkpoint has. Without them only later steps are known."""
        self._knows_all_losses = bool(saved) or self.state.global_step == 0
        if saved:
            self._tr_loss.fill_(saved["since_log"])
            self._globalstep_last_logged = int(saved["logged_at"])
            self._total_loss_scalar = saved["total"]

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        """As the Trainer. A model without a loss is never the best, however well it guesses."""
        best = (self.args.metric_for_best_model or "loss").removeprefix("eval_")
        values = (metrics.get(f"eval_{name}", 0.0) for name in ("loss", best))
        return all(map(math.isfinite, values)) and super()._determine_best_metric(metrics, trial)

    def _compute_part(
        self, model: nn.Module, batches: MicroBatches, items: torch.Tensor | int | None
    ) -> torch.Tensor:
        learn = super().training_step
        if self.micro_batching is None:
            computed = list(batches)
            loss = learn(model, computed[0], items)
        elif self._completes_step():
            loss, computed = self.micro_batching.compute_step(
                model, batches, items, partial(learn, model)
            )
        else:
            return torch.zeros((), device=self.args.device)
        for batch in computed:
            self.token_counts.add(batch, self.task.length_columns, pads=self.pads)
        return loss

    def _completes_step(self) -> bool:
        """Whether this part is the last of its step, after which transformers synchronises
        gradients. ``MicroBatching`` sets the flag for each pass, and leaves it as it was."""
        return bool(self.accelerator.gradient_state.sync_gradients)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The mean loss of a micro-batch, or its share of the step when the step's items are
        given."""
        counts: list[Count] = []
        if num_items_in_batch is not None or self.args.n_gpu > 1:
            # before the Trainer takes the labels out of the inputs to smooth them
            counts = self.mean_loss.count_by_device(inputs, self.args.n_gpu)
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True)
        loss = self.mean_loss.over_devices(loss, counts)
        if num_items_in_batch is not None:
            loss = self.mean_loss.share_of_step(
                loss, sum(counts), num_items_in_batch, self.accelerator.num_processes
            )
        return (loss, outputs) if return_outputs else loss

    def floating_point_ops(self, inputs: Any) -> int:
        """As the Trainer, for all micro-batches of a part. The Trainer counts all parameters again
        for each batch."""
        return sum(map(self._flop_of, inputs))

    def _flop_of(self, batch: Batch) -> int:
        name = getattr(self.model, "main_input_name", "input_ids")
        tokens = batch[name].numel() if name in batch else 0
        if self._flop_of_token is None and tokens:
            self._flop_of_token = super().floating_point_ops(batch) / tokens
        return round((self._flop_of_token or 0) * tokens)

    def _track_num_input_tokens(self, inputs: Any) -> None:
        """As the Trainer, once for all micro-batches of a part: processes that have unequal numbers
        of micro-batches would wait for ever."""
        if self.args.include_num_input_tokens_seen == "no":
            return
        batches = list(inputs)
        if self.micro_batching is not None:
            if not self._completes_step():
                return
            batches = [self._join_inputs(batches)]
        super()._track_num_input_tokens(*batches)  # type: ignore[no-untyped-call]

    def _join_inputs(self, batches: list[Batch]) -> Batch:
        """The tokens and masks of all batches. Without batches they are empty: a process without
        rows takes part in the count too."""
        nothing = torch.zeros(0, dtype=torch.long, device=self.args.device)
        names = {getattr(self.model, "main_input_name", "input_ids"), "attention_mask"}
        found = {
            name: [batch[name].flatten() for batch in batches if name in batch] for name in names
        }
        return {name: torch.cat(parts or [nothing]) for name, parts in found.items()}

    # evaluation

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        """Batches of all rows, whatever training drops. Unless batches are padded, those of similar
        length are computed together.

        Workers end with an evaluation. Where they persist, the Trainer would give the loader of the
        rows that it evaluated first, whatever rows it is asked for.
        """
        rows = self.loaders.rows_to_evaluate(eval_dataset)
        batches = self.loaders.evaluation_batches(rows) if self.evaluates_by_length else None
        if batches is not None:
            self.evaluation.order = flat(batches)
            if self.accelerator.num_processes == 1:
                return self.loaders.load_batches(rows, batches)
            # several processes take batches of one size, of rows sorted
            rows = rows.select(self.evaluation.order)
        with self._with_arguments(dataloader_persistent_workers=False, dataloader_drop_last=False):
            loader: DataLoader[Any] = super().get_eval_dataloader(rows)
        return loader

    def evaluate(
        self,
        eval_dataset: Any = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """As the Trainer, and metrics see the rows that were evaluated. With the validation split
        the sets are evaluated too: all of it is one line in the log, and one evaluation to
        callbacks."""
        if eval_dataset is None:
            of_sets: dict[str, float] = {}
            for name, rows in self.sets.items():
                of_sets |= self.evaluate_set(name, rows, ignore_keys)
            self._of_sets = of_sets
        self.evaluation.rows = self.eval_dataset if eval_dataset is None else eval_dataset
        return super().evaluate(eval_dataset, ignore_keys, metric_key_prefix)

    def evaluate_set(
        self, name: str, rows: Any, ignore_keys: list[str] | None = None
    ) -> dict[str, float]:
        """The metrics of a set, as they are logged. Nothing is logged yet, and the random numbers
        of training are as before: what a run is evaluated on does not change what it learns."""
        prefix = f"eval_{name}"
        self.evaluation.rows = rows
        with own_randomness(self.args.device), self._unheard(), self._keeping(name):
            metrics = super().evaluate(rows, ignore_keys, prefix)
        return as_logged(bare_metrics(metrics, prefix), name)

    @contextmanager
    def _keeping(self, name: str) -> Iterator[None]:
        """Keep the outputs of what is evaluated inside, if the set is sliced."""
        if name not in self.sliced:
            yield
            return
        with self.evaluation.keeping_outputs() as kept:
            yield
        self.outputs[name] = kept[-1]

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Neither callbacks nor the log hear of what happens inside."""
        handler = self.callback_handler
        callbacks, handler.callbacks = handler.callbacks, []
        self._is_unheard = True
        try:
            yield
        finally:
            handler.callbacks, self._is_unheard = callbacks, False

    def evaluation_loop(
        self,
        dataloader: DataLoader[Any],
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """As the Trainer, with the mean loss over the items of the split.

        Raises:
            RunError: memory ran out, and smaller batches cannot be tried.
        """
        loop = super().evaluation_loop
        output = self.evaluation.run(
            lambda: loop(
                dataloader, description, prediction_loss_only, ignore_keys, metric_key_prefix
            ),
            metric_key_prefix,
        )
        if not self._is_unheard and output.metrics is not None:
            output.metrics.update(self._of_sets)
            self._of_sets = {}
        return output

    def prediction_step(self, model: nn.Module, inputs: Batch, *rest: Any, **options: Any) -> Any:
        """As the Trainer, in parts if memory runs out.

        Raises:
            RunError: memory is too small for a single row.
        """
        predict = super().prediction_step

        def mean_loss(batch: Batch) -> torch.Tensor:
            with torch.no_grad(), self.compute_loss_context_manager():
                loss: torch.Tensor = self.compute_loss(model, self._prepare_inputs(batch))
            return loss

        return self.evaluation.predict(
            inputs, lambda batch: predict(model, batch, *rest, **options), mean_loss
        )

    # files

    def _save_checkpoint(self, *arguments: Any, **options: Any) -> None:
        """As the Trainer. The checkpoint before is removed when this one is whole on the disk."""
        limit = self.args.save_total_limit
        with self._with_arguments(save_total_limit=None):
            super()._save_checkpoint(*arguments, **options)
        complete_checkpoint(self, limit)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """As the Trainer, without its pickle of every argument."""
        with no_pickled_arguments():
            super()._save(output_dir, state_dict)

    def create_model_card(self, *arguments: Any, **options: Any) -> None:
        """Never written by transformers: ftspec writes a card of its own."""

    @contextmanager
    def _with_arguments(self, **values: Any) -> Iterator[None]:
        """Other values of arguments for a while."""
        before = {name: getattr(self.args, name) for name in values}
        vars(self.args).update(values)
        try:
            yield
        finally:
            vars(self.args).update(before)


def trainer_class_for(base: type[Trainer]) -> type[StepTrainer]:
    """The class of a run: what a task asks for, with the mean loss of every step."""

    class TaskTrainer(StepTrainer, base):  # type: ignore[misc, valid-type]
        """The Trainer of the task, with the steps of ``StepTrainer``."""

    TaskTrainer.__name__ = TaskTrainer.__qualname__ = f"Step{base.__name__}"
    return TaskTrainer
