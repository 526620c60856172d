"""Whether a run computes padding, and whether its steps are split at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import transformers
from datasets import Dataset
from torch.utils.hooks import RemovableHandle

from ftspec import __version__
from ftspec.engine.batching.micro_batches import Form
from ftspec.engine.batching.out_of_memory import free_memory, is_out_of_memory
from ftspec.engine.batching.row_lengths import first_rows, lengths_in
from ftspec.engine.data.code_hashes import hash_of_source
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.unpadding import find_layers
from ftspec.engine.model.variable_length_attention import VARIABLE_LENGTH
from ftspec.engine.processes.agreement import of_first_process
from ftspec.engine.trainer.difference import Difference
from ftspec.engine.trainer.equivalence import (
    computes_in_16_bits,
    reason_layers_differ,
    reason_rows_mix,
)
from ftspec.engine.trainer.measurements import describe, recall, remember
from ftspec.engine.trainer.packing import (
    CAUSAL,
    may_switch,
    prepare_for,
    reason_to_pad,
    switch_attention,
    takes_any_length,
)
from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.engine.trainer.trial import Trial
from ftspec.engine.trainer.without_randomness import own_randomness
from ftspec.errors import in_one_line

_TRIAL: Final = "batching-trial"

_MEASURED_ROWS = 1000


class Decision(NamedTuple):
    """How a run computes its rows.

    Attributes:
        form: of micro-batches.
        attention: to compute with.
        note: what users might not expect.
        depends_on_padding: whether a row gives something else where it is padded further, so that
            steps are not split.
        difference: of split steps from padded batches, if they were tried.
    """

    form: Form
    attention: str | None
    note: str | None = None
    depends_on_padding: bool = False
    difference: Difference | None = None


def settle_padding(
    trainer: StepTrainer,
    auto_model: str,
    *,
    is_compiled: bool,
    keeps_attention: bool,
    has_random_weights: bool = False,
) -> str | None:
    """Let a Trainer that splits steps compute no padding, if that is faster and equivalent; and let
    it split no steps, if the model gives something else then. Returns a note, if users might
    expect something else.

    ``auto_model`` is the auto class of transformers that the model was loaded with. Unless
    ``keeps_attention``, a model with ``sdpa`` is switched to variable-length attention.
    """
    if not trainer.evaluates_by_length:
        return None
    situation = Situation(trainer, auto_model, is_compiled, keeps_attention, has_random_weights)
    with own_randomness(trainer.args.device):  # a collator may draw random numbers
        decided = situation.recall() or situation.decide()
    # processes share the rows of a step by cost, so all must decide alike
    decision = of_first_process(trainer, decided)
    trainer.padding_difference = decision.difference
    if decision.depends_on_padding:
        trainer.stop_splitting()
    elif trainer.micro_batching is not None:
        trainer.micro_batching.form = decision.form
        prepare_for(trainer.model, decision.form, decision.attention)
    return decision.note


@dataclass(frozen=True)
class Situation:
    """What a decision depends on. The model is as before once it is made."""

    trainer: StepTrainer
    auto_model: str
    is_compiled: bool
    keeps_attention: bool
    has_random_weights: bool

    def recall(self) -> Decision | None:
        """The decision that was made before for such a model and such rows."""
        found = recall(_TRIAL, self._about())
        if not isinstance(found, dict):
            return None
        difference = found.pop("difference")
        return Decision(**found, difference=None if difference is None else Difference(*difference))

    def decide(self) -> Decision:
        """Try which way is fast, and equivalent to padded batches. Kept for later runs."""
        about = self._about()
        decision = self._decide()
        remember(_TRIAL, about, decision._asdict())
        return decision

    def _about(self) -> dict[str, Any]:
        trainer, task = self.trainer, self.trainer.task
        lengths = trainer.loaders.longest_rows
        return {
            **describe(trainer),
            "attention": attention_of(trainer.model),
            "compiled": self.is_compiled,
            "transformers": transformers.__version__,
            "ftspec": __version__,
            "task": hash_of_source(type(task).__module__.partition(".")[0]),
            "trainer": type(trainer).__name__,
            "head": self.auto_model,
            "columns": sorted(self._names_in_batch()),
            "lengths": [length.bit_length() for length in lengths],
            "lengths differ": self._lengths_differ(),
            "batching": trainer.batching,
            "smoothing": trainer.args.label_smoothing_factor,
            "keeps attention": self.keeps_attention,
            "devices": trainer.args.n_gpu,
            "sharded": self._is_sharded,
            "random": self.has_random_weights,
        }

    def _decide(self) -> Decision:
        decision = self.choose_form()
        if self._is_sharded:  # the weights of one process are not the model
            return decision
        if decision.form == "padded":
            return self._try_padding(decision)
        return decision

    def choose_form(self) -> Decision:
        """Padded or packed."""
        trainer, auto_model = self.trainer, self.auto_model
        attention = attention_of(trainer.model)
        if trainer.micro_batching is None:
            return Decision("padded", attention)
        switches = self._may_switch()
        if not switches and not takes_any_length(attention):
            return Decision("padded", attention)
        why = reason_to_pad(
            auto_model=auto_model,
            has_layers=auto_model != CAUSAL and find_layers(trainer.model) is not None,  # type: ignore[arg-type]
            has_own_trainer=trainer.task.trainer_class is not None,
            is_compiled=self.is_compiled,
            is_sharded=self._is_sharded,
            devices=trainer.args.n_gpu,
            names=self._names_in_batch(),
        )
        if why is not None:
            return Decision(
                "padded", attention, None if switches else f"micro-batches are padded: {why}"
            )
        chosen = VARIABLE_LENGTH if switches else attention
        form: Form = "packed" if auto_model == CAUSAL else "packed_layers"
        found = self._try_packing(form, chosen)
        if isinstance(found, str):
            return Decision("padded", attention, f"micro-batches are padded: {found}")
        subject = "micro-batches are packed" if form == "packed" else "layers compute no padding"
        name = "variable-length attention" if switches else chosen
        note = f"{subject}: {name} takes rows of any length"
        return Decision(form, chosen, note, difference=found)

    def _may_switch(self) -> bool:
        trainer = self.trainer
        in_16_bits = computes_in_16_bits(trainer.args)
        return (
            not self.keeps_attention
            and may_switch(trainer.model, trainer.args.device.type, in_16_bits=in_16_bits)
            and self._lengths_differ()
        )

    def _try_packing(self, form: Form, attention: str | None) -> Difference | str:
        """How little packed micro-batches differ from padded ones, or why they cannot replace
        them."""
        trainer = self.trainer
        model: Any = trainer.model
        with self._prepared("padded", attention):
            if attention_of(model) != attention:  # code of a repository may know only its own
                return f'the model does not take the attention "{attention}"'
        why = self._reason_packing_differs(form, attention)
        if why is not None:
            return why
        trial = Trial(trainer, has_random_weights=self.has_random_weights)
        try:
            difference = trial.compare(form, lambda: self._prepared(form, attention))
        except Exception as error:  # of any kind: the model or the task refuses the batch
            return f"packed rows cannot be computed here: {in_one_line(error, 200)}"
        if trial.is_same(difference, form):
            return difference
        return f"without padding the {difference.largest_of} changes by {difference.percent}"

    def _reason_packing_differs(self, form: Form, attention: str | None) -> str | None:
        if form == "packed":
            with self._prepared(form, attention):
                return reason_rows_mix(self.trainer)
        handles: list[RemovableHandle] = []
        with self._prepared("padded", attention_of(self.trainer.model)):
            try:
                return reason_layers_differ(
                    self.trainer,
                    lambda: handles.extend(prepare_for(self.trainer.model, form, attention)),
                )
            finally:
                for handle in handles:
                    handle.remove()

    def _try_padding(self, decision: Decision) -> Decision:
        """The decision, unless rows give something else where they are padded less."""
        trial = Trial(self.trainer, has_random_weights=self.has_random_weights)
        attention = decision.attention
        try:
            difference = trial.compare("padded", lambda: self._prepared("padded", attention))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            free_memory()
            return decision
        if trial.is_same(difference, "padded"):
            return decision._replace(difference=difference)
        done = (
            "batches are padded, not split by length"
            if self.trainer.micro_batching is not None
            else "rows are evaluated in their order, not by length"
        )
        return Decision(
            "padded",
            attention,
            f"{done}: the results of a row depend on how far it is padded (the "
            f"{difference.largest_of} of a few rows changes by {difference.percent})",
            depends_on_padding=True,
            difference=difference,
        )

    @contextmanager
    def _prepared(self, form: Form, attention: str | None) -> Iterator[None]:
        """The model is prepared for a form within this context."""
        model = self.trainer.model
        before = attention_of(model)
        handles = prepare_for(model, form, attention)
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            switch_attention(model, before)

    @property
    def _is_sharded(self) -> bool:
        return bool(self.trainer.is_fsdp_enabled or self.trainer.is_deepspeed_enabled)

    def _names_in_batch(self) -> Collection[str]:
        trainer = self.trainer
        return dict(trainer.data_collator(first_rows(trainer.train_dataset, 2))).keys()

    def _lengths_differ(self) -> bool:
        """Whether there is padding to avoid. Packed blocks of text have none."""
        rows, columns = self.trainer.train_dataset, self.trainer.task.length_columns
        if not isinstance(rows, Dataset) or not set(columns) <= set(rows.column_names):
            return True
        blocks = max(1, len(rows) - 1)  # the last one may be shorter
        some = range(0, blocks, max(1, blocks // _MEASURED_ROWS))
        lengths = lengths_in(rows.select(some), columns)
        return bool((lengths != lengths[0]).any())
