"""The ``performance`` and ``output`` sections."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ftspec.spec.base import LocalPath, SpecModel


class PerformanceSection(SpecModel):
    """How fast, never what is learned."""

    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        default="auto", description="auto takes bf16 where the hardware computes in it"
    )
    batching: Literal["exact", "grouped", "padded"] = Field(
        default="exact",
        description="the rows of a step as the shuffle drew them, cut into micro-batches of like "
        "length; or steps of rows of like length; or each batch padded to its longest row",
    )
    micro_batch_overhead_tokens: int | None = Field(
        default=None,
        ge=0,
        description="what a micro-batch of exact batching costs beside its tokens, in tokens; "
        "measured when a run starts by default",
    )
    max_tokens_per_device: int | None = Field(
        default=None,
        ge=1,
        description="tokens of a micro-batch of exact batching at most, padding counted",
    )
    compile: bool = Field(
        default=False,
        description="torch.compile for the model; the first steps take minutes, later ones less",
    )


class OutputSection(SpecModel):
    """Where run directories go."""

    dir: Annotated[str, LocalPath()] = Field(
        default="runs", description="the folder that holds a folder for each spec name"
    )
