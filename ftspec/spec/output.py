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
    batching: Literal["padded", "grouped"] = Field(
        default="padded",
        description="batches as the shuffle drew them, padded to their longest row; "
        "or rows of like length together",
    )


class OutputSection(SpecModel):
    """Where run directories go."""

    dir: Annotated[str, LocalPath()] = Field(
        default="runs", description="the folder that holds a folder for each spec name"
    )
