"""The keys of adapters, named as in the ``peft`` library, without importing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ftspec.api import ComponentConfig, Field

ALL_LINEAR = "all-linear"


def _check_targets(targets: str | list[str] | None) -> str | list[str] | None:
    if targets == []:
        raise PydanticCustomError("bad-value", "an adapter needs at least one module")
    if isinstance(targets, str):
        try:
            re.compile(targets)
        except re.error as error:
            raise PydanticCustomError(
                "bad-value",
                '"{text}" is not a regular expression: {problem}; use a list for names',
                {"text": targets, "problem": str(error)},
            ) from None
    return targets


Targets = Annotated[str | list[str] | None, AfterValidator(_check_targets)]


class LoraConfig(ComponentConfig):
    """Low-rank matrices added to linear layers."""

    r: int = Field(default=8, ge=1, description="rank of the new matrices")
    alpha: int = Field(
        default=8,
        ge=1,
        description="scaling: alpha / r is the factor of the update; lora_alpha in peft",
    )
    dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="dropout of the inputs of the matrices; lora_dropout in peft",
    )
    target_modules: Targets = Field(
        default=None,
        description='the layers that get them: "all-linear", ends of module names, or a regular '
        "expression for whole names; by default those that peft knows for the architecture",
    )
    modules_to_save: list[str] | None = Field(
        default=None,
        min_length=1,
        description="further modules, by the ends of their names, that are trained and saved "
        "whole; new ones, such as a head, always are",
    )
    bias: Literal["none", "all", "lora_only"] = Field(
        default="none", description="which biases of the checkpoint are trained, too"
    )
    use_dora: bool = Field(
        default=False, description="whether magnitudes are learned apart from directions (DoRA)"
    )
    use_rslora: bool = Field(
        default=False, description="whether alpha is divided by the root of r instead of r"
    )
    quantization: Literal["nf4", "int8"] | None = Field(
        default=None,
        description="load the checkpoint's linear layers in 4 bits (nf4: QLoRA) or 8; needs "
        "bitsandbytes",
    )

    def needed_packages(self) -> Mapping[str, tuple[str, str]]:
        """Quantized weights need bitsandbytes."""
        if self.quantization is None:
            return {}
        return {"quantization": ("bitsandbytes", "pip install 'ftspec-peft[quantization]'")}
