"""Whether a run computes padding."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from datasets import Dataset
from torch.utils.hooks import RemovableHandle
from transformers import Trainer

from ftspec.engine.batching.micro_batches import Form
from ftspec.engine.batching.packed_sequence import PADDED
from ftspec.engine.batching.row_lengths import first_rows, lengths_in
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.unpadding import find_layers, unpad
from ftspec.engine.model.variable_length_attention import BY_ROWS, register_row_attention
from ftspec.engine.processes.agreement import of_first_process
from ftspec.engine.trainer.equivalence import reason_layers_differ, reason_rows_mix
from ftspec.engine.trainer.exact_batching import ExactBatching
from ftspec.engine.trainer.recurring_sizes import computes_in_16_bits, line_multiple, settle_width

_CAUSAL = "AutoModelForCausalLM"
_COMPUTES_PADDING_IN_HEAD = "AutoModelForMaskedLM"

_ROWS_LOOKED_AT = 1000


class Decision(NamedTuple):
    """The form of micro-batches, the attention to compute with, and what to say of it."""

    form: Form
    attention: str | None
    said: str | None = None


def settle_padding(
    trainer: Trainer, auto_model: str, *, is_compiled: bool, keeps_attention: bool
) -> str | None:
    """Leave padding out of what a Trainer computes that cuts its steps, where that is faster and
    learns the same; in words, where somebody might expect it.

    ``auto_model`` is the auto class of transformers that the model was loaded with. Unless
    ``keeps_attention`` a model that computes with ``sdpa`` is switched to attention by rows.
    """
    if not isinstance(trainer, ExactBatching):
        return None
    if _lengths_differ(trainer):
        settle_width(trainer)
    # processes share the rows of a step by what they cost, so all must do the same
    trainer.form, attention, said = of_first_process(
        trainer, _decide(trainer, auto_model, is_compiled, keeps_attention)
    )
    leave_padding_out(trainer.model, trainer.form, attention, line_multiple(trainer))
    return said


def leave_padding_out(
    model: Any, form: Form, attention: str | None = BY_ROWS, multiple: int = 1
) -> list[RemovableHandle]:
    """Make a model for micro-batches of a form, with an attention that takes rows of any length;
    removing what this gives lets its layers compute padding again. Those get a multiple of so many
    tokens."""
    _switch(model, attention)
    if form != "layers":
        return []
    layers = find_layers(model)
    assert layers is not None  # else the form would be another
    return unpad(layers, multiple)


def _decide(
    trainer: ExactBatching, auto_model: str, is_compiled: bool, keeps_attention: bool
) -> Decision:
    """The model is afterwards as it was."""
    model: Any = trainer.model
    attention = attention_of(model)
    device, in_16_bits = trainer.args.device.type, computes_in_16_bits(trainer)
    switches = (
        not keeps_attention
        and may_attend_by_rows(model, device, in_16_bits=in_16_bits)
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
        said = None if switches else f"micro-batches are padded: {why}"
        return Decision("padded", attention, said)
    taken = BY_ROWS if switches else attention
    form: Form = "line" if auto_model == _CAUSAL else "layers"
    why = _reason_to_keep_padding(trainer, form, taken)
    if why is not None:
        return Decision("padded", attention, f"micro-batches are padded: {why}")
    subject = "micro-batches are not padded" if form == "line" else "layers compute no padding"
    name = "attention by rows" if switches else taken
    return Decision(form, taken, f"{subject}: {name} takes rows of any length")


def _reason_to_keep_padding(
    trainer: ExactBatching, form: Form, attention: str | None
) -> str | None:
    """Why a model does not compute the same without padding, if it does not: it is tried."""
    model: Any = trainer.model
    before = attention_of(model)
    handles: list[RemovableHandle] = []

    def leave_out() -> None:
        handles.extend(leave_padding_out(model, form, attention, line_multiple(trainer)))

    try:
        _switch(model, attention)
        if attention_of(model) != attention:  # code of a repository may know no other than its own
            return f'the model does not take the attention "{attention}"'
        _switch(model, before)
        if form == "layers":
            return reason_layers_differ(trainer, leave_out)
        leave_out()
        return reason_rows_mix(trainer)
    finally:
        for handle in handles:
            handle.remove()
        _switch(model, before)


def _switch(model: Any, attention: str | None) -> None:
    """As far as the model takes it."""
    if attention != attention_of(model):
        register_row_attention()
        model.set_attn_implementation(attention)


def takes_any_length(attention: str | None) -> bool:
    """Whether an attention computes rows of different lengths without padding between them: every
    flash attention does, of a package or of a kernel on the Hub. Masks that keep rows of one line
    apart, as ``sdpa`` takes them, cost more than padding."""
    return attention is not None and "flash" in attention and not attention.startswith("paged|")


def may_attend_by_rows(model: Any, device: str, *, in_16_bits: bool) -> bool:
    """Whether a model that computes with ``sdpa`` may be tried with attention by rows: where it
    hands on what any attention of variable length must know. The kernel takes 16 bits."""
    return (
        attention_of(model) == "sdpa"
        and bool(getattr(model, "_supports_flash_attn", False))
        and getattr(model.config, "attention_chunk_size", None) is None
        and (device == "cpu" or (device == "cuda" and in_16_bits))
    )


def _lengths_differ(trainer: ExactBatching) -> bool:
    """Whether there is padding to leave out: packed blocks have none."""
    rows, columns = trainer.train_dataset, trainer.task.length_columns
    if not isinstance(rows, Dataset) or not set(columns) <= set(rows.column_names):
        return True
    blocks = max(1, len(rows) - 1)  # the last one may be shorter
    some = range(0, blocks, max(1, blocks // _ROWS_LOOKED_AT))
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
            return "the task computes the loss its own way"
        if set(names) != PADDED:
            return "the batches of this task are more than tokens and labels"
    elif not has_layers:
        return "the rows of this task are more than a line of tokens"
    elif auto_model == _COMPUTES_PADDING_IN_HEAD:
        return "the head of this model computes as much as its layers"
    if is_compiled:
        return "a compiled model takes lengths of few sizes"
    if is_sharded:
        return "an engine that shards weights has the model"
    if devices > 1:
        return "one process divides its rows among several devices"
    return None


def _names_in_batch(trainer: Trainer) -> Collection[str]:
    return dict(trainer.data_collator(first_rows(trainer.train_dataset, 2))).keys()
