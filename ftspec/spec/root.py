"""The spec as a whole."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticKnownError

from ftspec.spec.base import (
    CallbackSection,
    LauncherSection,
    MetricSection,
    SpecModel,
    TaskSection,
    TokenizerSection,
)
from ftspec.spec.data import DataSection, PreprocessSection
from ftspec.spec.model import ModelSection
from ftspec.spec.output import OutputSection, PerformanceSection
from ftspec.spec.training import TrainingSection

LONGEST_RUN_NAME = 200
"""Characters. The name of a run is a folder, and part of other names."""


class Spec(SpecModel):
    """One fine-tuning run, declared."""

    ftspec: Literal[1] = Field(description="version of the spec language")
    name: (
        Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=LONGEST_RUN_NAME)]
        | None
    ) = Field(
        default=None,
        description="name of the runs; the name of the file by default",
        json_schema_extra={"patternErrorMessage": 'write letters, digits, ".", "_" and "-"'},
    )
    description: str | None = Field(default=None, description="what the run is for")
    seed: int = Field(default=42, ge=0, lt=2**32, description="random seed of the whole run")
    data: DataSection = Field(description="the rows")
    preprocess: PreprocessSection = Field(description="from rows to the fields of the task")
    tokenizer: TokenizerSection = Field(
        default_factory=TokenizerSection, description="how text becomes token ids"
    )
    model: ModelSection = Field(description="the weights to start from")
    task: TaskSection = Field(description="what the model learns")
    training: TrainingSection = Field(  # type: ignore[valid-type]
        default_factory=TrainingSection, description="fields of TrainingArguments"
    )
    performance: PerformanceSection = Field(
        default_factory=PerformanceSection,
        description="settings that change speed and memory, not what the model learns",
    )
    metrics: list[MetricSection] | None = Field(
        default=None, description="what is measured; the task's own metrics by default"
    )
    callbacks: list[CallbackSection] = Field(default=[], description="actions during training")
    launcher: LauncherSection | None = Field(
        default=None,
        description="how the processes of the run are started; one process by default",
    )
    output: OutputSection = Field(
        default_factory=OutputSection, description="where run directories go"
    )

    @field_validator("ftspec", mode="before")
    @classmethod
    def _is_a_number(cls, value: object) -> object:
        if isinstance(value, bool):  # true equals 1
            raise PydanticKnownError("int_type")
        return value
