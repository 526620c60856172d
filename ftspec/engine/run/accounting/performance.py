"""The account of a run: ``performance.json``, and the few lines of it that a terminal shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import datasets

from ftspec.engine.batching.row_lengths import lengths_in
from ftspec.engine.callbacks.stopwatch import Stopwatch
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.precision import resolve_precision
from ftspec.engine.run.accounting.advice import ATTENTION_DROPOUTS, Advice, Facts, advise
from ftspec.engine.run.accounting.arithmetic import FORMULA, flop_of, measure_matmul
from ftspec.engine.run.accounting.peak_memory import device_memory, peak_device_memory, peak_memory
from ftspec.engine.run.compile import CompiledRun
from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.quantities import shown_amount

FILE = "performance.json"
_ROWS = 100_000  # whose lengths are looked at


@dataclass(frozen=True, kw_only=True)
class Performance:
    """What a run cost. Tokens, rows and speeds are those of one process.

    Attributes:
        real: tokens trained on; ``padded`` with padding.
        tokens_per_second: real ones, in the steps after the first (in the first where it was the
            only one), waiting for data included.
        flop_per_second: in the same steps.
        matmul_flop_per_second: of a matrix product in the same precision, measured at the end.
        peak_memory: bytes of main memory.
        peak_device_memory: bytes of the CUDA device.
        seconds: by what they were spent on.
        batching: how rows were batched.
    """

    steps: int
    rows: int
    real: int
    padded: int
    batches: int
    rows_per_second: float
    tokens_per_second: float
    flop_per_second: float
    matmul_flop_per_second: float
    precision: str
    peak_memory: int | None
    peak_device_memory: int | None
    seconds: Mapping[str, float]
    batching: Mapping[str, Any]
    advice: tuple[Advice, ...] = ()

    @property
    def waste(self) -> float:
        """The share of computed tokens that is padding."""
        return 1 - self.real / self.padded if self.padded else 0.0

    @property
    def share_of_matmul(self) -> float:
        """How near training came to a matrix product."""
        return self.flop_per_second / self.matmul_flop_per_second

    def to_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "steps": self.steps,
            "rows": self.rows,
            "micro_batches": self.batches,
            "batching": dict(self.batching),
            "tokens": {
                "real": self.real,
                "padded": self.padded,
                "waste_percent": round(100 * self.waste, 2),
            },
            "speed": {
                "rows_per_second": self.rows_per_second,
                "tokens_per_second": self.tokens_per_second,
                "flop_per_second": self.flop_per_second,
                "matmul_flop_per_second": self.matmul_flop_per_second,
                "share_of_matmul": self.share_of_matmul,
                "precision": self.precision,
                "flop_formula": FORMULA,
            },
            "memory": {
                "peak_bytes": self.peak_memory,
                "peak_device_bytes": self.peak_device_memory,
            },
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "advice": [one._asdict() for one in self.advice],
        }

    def lines(self) -> list[str]:
        """The most important lines, for people."""
        memory = [
            f"{size / 1e9:.1f} GB {where}"
            for size, where in (
                (self.peak_memory, "of memory"),
                (self.peak_device_memory, "of the device's"),
            )
            if size is not None
        ]
        where = ", ".join(
            f"{name} {value:.1f} s" for name, value in self.seconds.items() if value >= 0.05
        )
        return [
            f"{self.tokens_per_second:,.0f} tokens/s; {self.waste:.1%} of the computed tokens are "
            f"padding",
            f"{shown_amount(self.flop_per_second, 'FLOP/s')}, {self.share_of_matmul:.1%} of a "
            f"matrix product in {self.precision} here" + "".join(f"; {one}" for one in memory),
            f"time: {where}",
            *(f"advice: {one}" for one in self.advice),
        ]


def account(
    run: CompiledRun, stopwatch: Stopwatch, phases: Mapping[str, float]
) -> Performance | None:
    """The account of a run that has trained; ``None`` where it made no step.

    Args:
        run: as it was compiled.
        stopwatch: that of its Trainer.
        phases: seconds of each phase of the run.
    """
    trainer = stopwatch.trainer
    counts, first = trainer.token_counts, stopwatch.counts_at_first
    if stopwatch.steps == 0 or counts.padded == 0:
        return None
    timed = stopwatch.seconds.steps or stopwatch.seconds.first_step
    flop = flop_of(run.model, counts)
    rows, real = counts.rows, counts.real
    if stopwatch.seconds.steps:
        flop -= flop_of(run.model, first)
        rows, real = rows - first.rows, real - first.real
    seconds = _seconds(stopwatch, phases)
    performance = Performance(
        steps=stopwatch.steps,
        rows=counts.rows,
        real=counts.real,
        padded=counts.padded,
        batches=counts.batches,
        rows_per_second=rows / timed,
        tokens_per_second=real / timed,
        flop_per_second=flop / timed,
        matmul_flop_per_second=measure_matmul(run.precision, trainer.args.device),
        precision=run.precision,
        peak_memory=peak_memory(),
        peak_device_memory=peak_device_memory(),
        seconds=seconds,
        batching=_batching_of(trainer),
    )
    advice = advise(_facts(performance, run, stopwatch))
    return replace(performance, advice=tuple(advice))


def _batching_of(trainer: StepTrainer) -> dict[str, Any]:
    """How rows were batched, and how far the trial of split steps was from padded batches."""
    difference = trainer.padding_difference
    return {
        "way": trainer.batching,
        "form": trainer.micro_batching.form if trainer.micro_batching is not None else "padded",
        "difference_from_padded": None if difference is None else difference._asdict(),
    }


def _seconds(stopwatch: Stopwatch, phases: Mapping[str, float]) -> dict[str, float]:
    within = stopwatch.seconds
    return {
        "prepare": phases.get("preparing data", 0.0),
        "load": phases.get("loading model", 0.0),
        "first step": within.first_step,
        "train": within.steps,
        "evaluate": within.evaluate + phases.get("evaluating", 0.0),
        "save": within.save + phases.get("saving", 0.0),
        "other": max(0.0, phases.get("training", 0.0) - within.total),
    }


def _facts(performance: Performance, run: CompiledRun, stopwatch: Stopwatch) -> Facts:
    arguments = stopwatch.trainer.args
    total = sum(performance.seconds.values())
    capacity, used = device_memory(), performance.peak_device_memory
    dropouts = (name for name in ATTENTION_DROPOUTS if getattr(run.config, name, 0))
    return Facts(
        device=arguments.device.type,
        precision=run.precision,
        has_bf16=resolve_precision("auto", arguments.use_cpu)[0] == "bf16",
        batching=run.plan.performance.batching,
        accumulation=arguments.gradient_accumulation_steps,
        sets_global_batch=run.trainer.global_batch is not None,
        waste=performance.waste,
        tokens_per_batch=performance.padded / performance.batches,
        share_of_matmul=performance.share_of_matmul,
        lengths=_lengths(run, stopwatch),
        max_length=run.data.lengths.inputs,
        shares_of_time={name: value / total for name, value in performance.seconds.items()},
        attention=attention_of(run.model) or "",
        dropout_key=next(dropouts, ""),
        memory_share=used / capacity if used is not None and capacity else None,
        is_checkpointing=bool(arguments.gradient_checkpointing),
        rows_are_independent=run.data.task.rows_are_independent,
    )


def _lengths(run: CompiledRun, stopwatch: Stopwatch) -> list[int]:
    """The input tokens of training rows, sorted; none of packed blocks, which are all alike."""
    rows = run.data.encoded["train"]
    column = stopwatch.trainer.task.length_columns[:1]
    if not isinstance(rows, datasets.Dataset) or not set(column) <= set(rows.column_names):
        return []
    if len(rows) != len(run.data.fields["train"]):
        return []
    some = rows.select(range(min(len(rows), _ROWS)))
    return sorted(lengths_in(some, column)[:, 0].tolist())
