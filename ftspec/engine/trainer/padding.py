"""Whether a run computes padding."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from datasets import Dataset
from torch.utils.hooks import RemovableHandle

from ftspec.engine.batching.micro_batches import Form
from ftspec.engine.batching.packed_sequence import PACKABLE
from ftspec.engine.batching.row_lengths import first_rows, lengths_in
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.unpadding import find_layers, unpad
from ftspec.engine.model.variable_length_attention import (
    VARIABLE_LENGTH,
    register_variable_length_attention,
)
from ftspec.engine.processes.agreement import of_first_process
from ftspec.engine.trainer.equivalence import (
    computes_in_16_bits,
    reason_layers_differ,
    reason_rows_mix,
)
from ftspec.engine.trainer.trainer import StepTrainer

_CAUSAL = "AutoModelForCausalLM"
_COMPUTES_PADDING_IN_HEAD = "AutoModelForMaskedLM"

_MEASURED_ROWS = 1000


class Decision(NamedTuple):
    """The form of micro-batches, the attention to compute with, and a note about it."""

    form: Form
    attention: str | None
    note: str | None = None


def settle_padding(
    trainer: StepTrainer, auto_model: str, *, is_compiled: bool, keeps_attention: bool
) -> str | None:
    """Let a Trainer that splits steps compute no padding, if that is faster and equivalent. Returns
    a note, if users might expect something else.

    ``auto_model`` is the auto class of transformers that the model was loaded with. Unless
    ``keeps_attention``, a model with ``sdpa`` is switched to variable-length attention.
    """
    if trainer.micro_batching is None:
        return None
    # processes share the rows of a step by cost, so all must decide alike
    form, attention, note = of_first_process(
        trainer, _decide(trainer, auto_model, is_compiled, keeps_attention)
    )
    trainer.micro_batching.form = form
    prepare_for(trainer.model, form, attention)
    return note


def prepare_for(
    model: Any, form: Form, attention: str | None = VARIABLE_LENGTH
) -> list[RemovableHandle]:
    """Prepare a model for micro-batches of a form, with an attention that takes rows of any length.
    Removing the handles lets its layers compute padding again."""
    _switch(model, attention)
    if form != "packed_layers":
        return []
    layers = find_layers(model)
    assert layers is not None  # else the form is another
    return unpad(layers)


def _decide(
    trainer: StepTrainer, auto_model: str, is_compiled: bool, keeps_attention: bool
) -> Decision:
    """Does not change the model."""
    model: Any = trainer.model
    attention = attention_of(model)
    switches = (
        not keeps_attention
        and may_switch(
            model, trainer.args.device.type, in_16_bits=computes_in_16_bits(trainer.args)
        )
        and _lengths_differ(trainer)
    )
    if not switches and not takes_any_length(attention):
        return Decision("padded", attention)
    why = reason_to_pad(
        auto_model=auto_model,
        has_layers=auto_model != _CAUSAL and find_layers(model) is not None,
        has_own_trainer=trainer.task.trainer_class is not None,
        is_compiled=is_compiled,
        is_sharded=trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled,
        devices=trainer.args.n_gpu,
        names=_names_in_batch(trainer),
    )
    if why is not None:
        return Decision(
            "padded", attention, None if switches else f"micro-batches are padded: {why}"
        )
    chosen = VARIABLE_LENGTH if switches else attention
    form: Form = "packed" if auto_model == _CAUSAL else "packed_layers"
    why = _reason_to_keep_padding(trainer, form, chosen)
    if why is not None:
        return Decision("padded", attention, f"micro-batches are padded: {why}")
    subject = "micro-batches are packed" if form == "packed" else "layers compute no padding"
    name = "variable-length attention" if switches else chosen
    return Decision(form, chosen, f"{subject}: {name} takes rows of any length")


def _reason_to_keep_padding(trainer: StepTrainer, form: Form, attention: str | None) -> str | None:
    """Why a model does not compute the same without padding, if it does not: an equivalence check
    finds out."""
    model: Any = trainer.model
    before = attention_of(model)
    handles: list[RemovableHandle] = []
    try:
        _switch(model, attention)
        if attention_of(model) != attention:  # code of a repository may know only its own
            return f'the model does not take the attention "{attention}"'
        _switch(model, before)
        if form == "packed_layers":
            return reason_layers_differ(
                trainer, lambda: handles.extend(prepare_for(model, form, attention))
            )
        prepare_for(model, form, attention)
        return reason_rows_mix(trainer)
    finally:
        for handle in handles:
            handle.remove()
        _switch(model, before)


def _switch(model: Any, attention: str | None) -> None:
    """Ask the model for an attention, which it may refuse."""
    if attention != attention_of(model):
        register_variable_length_attention()
        model.set_attn_implementation(attention)


def takes_any_length(attention: str | None) -> bool:
    """Whether an attention computes rows of different lengths without padding between them. Every
    flash attention does, from a package or from a kernel on the Hub. The masks with which ``sdpa``
    keeps packed rows apart cost more than padding."""
    return attention is not None and "flash" in attention and not attention.startswith("paged|")


def may_switch(model: Any, device: str, *, in_16_bits: bool) -> bool:
    """Whether variable-length attention may replace the ``sdpa`` of a model, subject to an
    equivalence check. The model must pass on the arguments of flash attention. The kernel takes 16
    bits."""
    return (
        attention_of(model) == "sdpa"
        and bool(getattr(model, "_supports_flash_attn", False))
        and getattr(model.config, "attention_chunk_size", None) is None
        and (device == "cpu" or (device == "cuda" and in_16_bits))
    )


def _lengths_differ(trainer: StepTrainer) -> bool:
    """Whether there is padding to avoid. Packed blocks of text have none."""
    rows, columns = trainer.train_dataset, trainer.task.length_columns
    if not isinstance(rows, Dataset) or not set(columns) <= set(rows.column_names):
        return True
    blocks = max(1, len(rows) - 1)  # the last one may be shorter
    some = range(0, blocks, max(1, blocks // _MEASURED_ROWS))
    lengths = lengths_in(rows.select(some), columns)
    return bool((lengths != lengths[0]).any())


def reason_to_pad(
    *,
    auto_model: str,
    has_layers: bool,
    has_own_trainer: bool,
    is_compiled: bool,
    is_sharded: bool,
    devices: int,
    names: Collection[str],
) -> str | None:
    """Why micro-batches are padded though the attention takes rows of any length, if they are."""
    if auto_model == _CAUSAL:
        if has_own_trainer:
            return "the task has a Trainer of its own, which computes the loss"
        if set(names) != PACKABLE:
            return "the batches of this task hold more than tokens and labels"
    elif not has_layers:
        return "the model has no single stack of layers"
    elif auto_model == _COMPUTES_PADDING_IN_HEAD:
        return "the head of this model computes as much as its layers"
    if is_compiled:
        return "a compiled model takes few different lengths"
    if is_sharded:
        return "the weights are sharded"
    if devices > 1:
        return "one process feeds several devices"
    return None


def _names_in_batch(trainer: StepTrainer) -> Collection[str]:
    return dict(trainer.data_collator(first_rows(trainer.train_dataset, 2))).keys()
