"""What makes a run cheaper: one function for each rule, each with the key to change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ftspec.engine.model.precision import Precision
from ftspec.engine.model.variable_length_attention import VARIABLE_LENGTH

_FUSED = ("sdpa", VARIABLE_LENGTH)
"""Attention that torch computes in one kernel, unless there is dropout."""

_WASTE = 0.15
_LONG_TAIL = 0.10  # the share of all tokens that is worth truncating
_TRUNCATED_ROWS = 0.02
_SHARE_OF_TIME = 0.30
_FEW_TOKENS = {"cpu": 512, "cuda": 8192}
_SLOW = 0.5  # of a matrix product
_EMPTY = 0.5  # of the device's memory

ATTENTION_DROPOUTS = (
    "attention_probs_dropout_prob",
    "attention_dropout",
    "attn_pdrop",
    "attn_dropout",
)
"""The names of attention dropout in the configurations of models."""


class Advice(NamedTuple):
    """A key of the spec and what to do with it."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts that rules decide by.

    Attributes:
        lengths: tokens of training rows, sorted; empty where rows are blocks of one length.
        max_length: tokens to which longer rows were truncated.
        waste: the share of computed tokens that is padding.
        tokens_per_batch: computed at once, on average.
        share_of_matmul: of the speed of a matrix product on the same machine.
        shares_of_time: of the whole run, by what it was spent on.
        dropout_key: the model's setting of the dropout of attention; empty where it is 0.
        memory_share: of the device's memory that was used; ``None`` without a device.
        rows_are_independent: whether a step learns the same however it is split.
        sets_global_batch: whether the spec sets the rows of a step for all processes together.
    """

    device: str
    precision: Precision
    has_bf16: bool
    batching: str
    accumulation: int
    waste: float
    tokens_per_batch: float
    share_of_matmul: float
    lengths: Sequence[int] = field(default=(), repr=False)
    max_length: int = 0
    shares_of_time: dict[str, float] = field(default_factory=dict)
    attention: str = ""
    dropout_key: str = ""
    memory_share: float | None = None
    is_checkpointing: bool = False
    rows_are_independent: bool = True
    sets_global_batch: bool = False


def advise(facts: Facts) -> list[Advice]:
    """All advice that applies, the most certain first."""
    return [found for rule in RULES if (found := rule(facts)) is not None]


def use_bf16(facts: Facts) -> Advice | None:
    """The hardware computes in bf16, and the run did not."""
    if facts.precision != "fp32" or not facts.has_bf16:
        return None
    return Advice("performance.precision", 'this machine computes in bf16: write "auto" or "bf16"')


def split_batches(facts: Facts) -> Advice | None:
    """Many tokens are padding, and batches are computed as they were drawn."""
    if facts.batching != "padded" or facts.waste <= _WASTE or not facts.rows_are_independent:
        return None
    return Advice(
        "performance.batching",
        f'{facts.waste:.0%} of what is computed is padding: "exact" computes rows of like length '
        "together and learns the same",
    )


def shorten_rows(facts: Facts) -> Advice | None:
    """A few very long rows take a large part of all tokens."""
    if not facts.lengths:
        return None
    limit = facts.lengths[int(0.99 * (len(facts.lengths) - 1))]
    total = sum(facts.lengths)
    saved = sum(length - limit for length in facts.lengths if length > limit) / total
    if saved <= _LONG_TAIL:
        return None
    return Advice(
        "tokenizer.max_length",
        f"the longest 1 % of rows is expensive: {limit} computes {saved:.0%} fewer tokens, and "
        "truncates those rows",
    )


def lengthen_rows(facts: Facts) -> Advice | None:
    """Many rows are as long as the longest allowed, so they were truncated."""
    truncated = sum(length >= facts.max_length for length in facts.lengths)
    if not facts.lengths or truncated / len(facts.lengths) <= _TRUNCATED_ROWS:
        return None
    return Advice(
        "tokenizer.max_length",
        f"{truncated / len(facts.lengths):.0%} of the rows have {facts.max_length} tokens or more "
        "and were truncated: a larger value trains on all their tokens, and takes longer",
    )


def drop_attention_dropout(facts: Facts) -> Advice | None:
    """On a CPU, torch has no fast path for attention with dropout."""
    if facts.device != "cpu" or facts.attention not in _FUSED or not facts.dropout_key:
        return None
    return Advice(
        f"model.config.{facts.dropout_key}",
        "0 lets the CPU use its fast attention (1.1 times as fast where it was measured); it also "
        "regularises less",
    )


def fill_batches(facts: Facts) -> Advice | None:
    """Batches are too small to keep the machine busy."""
    few = facts.tokens_per_batch < _FEW_TOKENS.get(facts.device, _FEW_TOKENS["cuda"])
    is_full = facts.memory_share is not None and facts.memory_share > _EMPTY
    if not few or is_full or facts.share_of_matmul >= _SLOW:
        return None
    if facts.accumulation > 1 and facts.batching != "exact" and facts.rows_are_independent:
        if facts.sets_global_batch:
            return Advice(
                "training.per_device_train_batch_size",
                f"{facts.tokens_per_batch:,.0f} tokens are computed at once: a limit "
                f"{facts.accumulation} times as large learns the same",
            )
        return Advice(
            "training.gradient_accumulation_steps",
            f"{facts.tokens_per_batch:,.0f} tokens are computed at once: 1, with a "
            f"per_device_train_batch_size {facts.accumulation} times as large, learns the same",
        )
    return Advice(
        f"training.{'global' if facts.sets_global_batch else 'per_device_train'}_batch_size",
        f"{facts.tokens_per_batch:,.0f} tokens are computed at once, too few to keep the machine "
        "busy; a larger one needs another learning rate",
    )


def evaluate_less(facts: Facts) -> Advice | None:
    """Evaluation takes a large part of the time."""
    share = facts.shares_of_time.get("evaluate", 0.0)
    if share <= _SHARE_OF_TIME:
        return None
    return Advice(
        "training.eval_strategy",
        f"evaluation took {share:.0%} of the time: evaluate less often, or on fewer rows "
        "(data.splits.validation)",
    )


def save_less(facts: Facts) -> Advice | None:
    """Checkpoints take a large part of the time."""
    share = facts.shares_of_time.get("save", 0.0)
    if share <= _SHARE_OF_TIME:
        return None
    return Advice("training.save_strategy", f"saving took {share:.0%} of the time: save less often")


def keep_activations(facts: Facts) -> Advice | None:
    """Activations are computed twice though there is room for them."""
    if not facts.is_checkpointing or facts.memory_share is None or facts.memory_share > _EMPTY:
        return None
    return Advice(
        "training.gradient_checkpointing",
        f"{facts.memory_share:.0%} of the device's memory was used: without it every step is about "
        "a quarter shorter",
    )


RULES: tuple[Callable[[Facts], Advice | None], ...] = (
    use_bf16,
    split_batches,
    drop_attention_dropout,
    fill_batches,
    shorten_rows,
    lengthen_rows,
    keep_activations,
    evaluate_less,
    save_less,
)
"""Every rule, in the order of the advice."""
