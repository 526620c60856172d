"""The ``model`` section."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ftspec.spec.base import AdapterSection, FromEnvironment, LocalPath, SpecModel

# the rules of the validator below as JSON Schema, for editors
_HAS_CHECKPOINT = {"required": ["checkpoint"], "properties": {"checkpoint": {"type": "string"}}}
_HAS_ARCHITECTURE = {
    "required": ["architecture"],
    "properties": {"architecture": {"type": "string"}},
}
_RULES: dict[str, Any] = {
    "if": {"properties": {"init": {"const": "pretrained"}}},
    "then": _HAS_CHECKPOINT,
    "else": {"if": _HAS_CHECKPOINT, "else": _HAS_ARCHITECTURE},
    "allOf": [
        {"if": _HAS_CHECKPOINT, "then": {"properties": {"architecture": {"type": "null"}}}},
    ],
}


class ModelSection(SpecModel):
    """The weights to start from."""

    model_config = ConfigDict(json_schema_extra=_RULES)

    checkpoint: Annotated[str | None, LocalPath(must_exist=True, or_hub_name=True)] = Field(
        default=None,
        description='a name on the Hub, a local folder ("./…" or "/…"), or "package:NAME/path"',
    )
    revision: Annotated[str | None, FromEnvironment()] = Field(
        default=None, description="branch, tag or commit of the Hub repository"
    )
    init: Literal["pretrained", "random"] = Field(
        default="pretrained",
        description="start from the checkpoint's weights, or from random weights",
    )
    architecture: str | None = Field(
        default=None,
        description='for "init: random" without a checkpoint: a model type such as "gpt2"',
    )
    dtype: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        default="auto",
        description="how weights are stored: trained weights in fp32, and frozen weights below an "
        "adapter as in the checkpoint; or all in one of these",
    )
    config: dict[str, Any] = Field(
        default={}, description="fields of the model's configuration to override"
    )
    adapter: AdapterSection | None = Field(
        default=None,
        description="train a few new weights instead of all weights, as LoRA does; from a plugin",
    )
    trust_remote_code: bool = Field(
        default=False, description="whether code from the checkpoint's repository may run"
    )

    @model_validator(mode="after")
    def _names_a_model(self) -> ModelSection:
        if self.checkpoint is None and self.architecture is None:
            raise PydanticCustomError(
                "missing-key",
                'a model needs a "checkpoint", or an "architecture" with "init: random"',
            )
        if self.checkpoint is not None and self.architecture is not None:
            raise PydanticCustomError(
                "bad-value",
                '"architecture" is for a model without a checkpoint; remove one of the two',
            )
        if self.checkpoint is None and self.init != "random":
            raise PydanticCustomError(
                "bad-value",
                'without a checkpoint there are no pretrained weights: write "init: random"',
            )
        if self.adapter is not None and self.init == "random":
            raise PydanticCustomError(
                "bad-value",
                "an adapter is trained on top of pretrained weights, and "
                '"init: random" has none; remove one of the two',
            )
        return self
