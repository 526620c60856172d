"""The ``performance`` and ``output`` sections."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ftspec.spec.base import LocalPath, SpecModel


class PerformanceSection(SpecModel):
    """Settings that change speed and memory, not what the model learns."""

    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        default="auto", description="auto uses bf16 if the hardware supports it"
    )
    batching: Literal["exact", "grouped", "padded"] = Field(
        default="exact",
        description="exact: the shuffled rows of a step, split into micro-batches of similar "
        "length; grouped: steps of rows with similar lengths; padded: each batch padded to its "
        "longest row",
    )
    micro_batch_overhead_tokens: int | None = Field(
        default=None,
        ge=0,
        description="fixed cost of a micro-batch of exact batching, in tokens; measured when a run "
        "starts by default",
    )
    max_tokens_per_device: int | None = Field(
        default=None,
        ge=1,
        description="maximum number of tokens in a micro-batch of exact batching, including "
        "padding",
    )
    compile: bool = Field(
        default=False,
        description="compile the model with torch.compile; the first steps take minutes, later "
        "steps are faster",
    )


class OutputSection(SpecModel):
    """Where run directories go."""

    dir: Annotated[str, LocalPath()] = Field(
        default="runs", description="parent folder, with one folder for each spec name"
    )
    keep_optimizer: bool = Field(
        default=False,
        description="keep the state of the optimizer in the checkpoints of a finished run; an "
        "unfinished run always keeps it",
    )
