"""The keys of the built-in metrics."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from ftspec.api import ComponentConfig, Field, FromEnvironment


class NoOptions(ComponentConfig):
    """A metric without keys."""


class AveragedConfig(ComponentConfig):
    """A metric per class, averaged."""

    average: Literal["macro", "micro", "weighted", "binary"] = Field(
        default="macro",
        description="mean over classes, over all predictions, by class size, or only class 1",
    )


class RougeConfig(ComponentConfig):
    """ROUGE by the rouge-score library."""

    tokenizer: Literal["unicode", "english"] = Field(
        default="unicode",
        description="words of any script, or those of rouge-score: ASCII only, stemmed",
    )


class SacrebleuConfig(ComponentConfig):
    """BLEU by the sacrebleu library."""

    tokenize: Literal["13a", "intl", "char", "zh", "none"] = Field(
        default="13a", description="how sacrebleu splits words"
    )
    lowercase: bool = Field(default=False, description="ignore case")


class ChrfConfig(ComponentConfig):
    """chrF by the sacrebleu library."""

    word_order: int = Field(default=0, ge=0, description="2 makes it chrF++")


class HubMetricConfig(ComponentConfig):
    """A metric on the Hub. Its code is downloaded and runs."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "required": ["trust_remote_code"],
                    "properties": {"trust_remote_code": {"const": True}},
                }
            ]
        }
    )

    path: str = Field(description='name of the metric, such as "evaluate-metric/bleurt"')
    revision: Annotated[str | None, FromEnvironment()] = Field(
        default=None, description="branch, tag or commit"
    )
    trust_remote_code: bool = Field(
        default=False, description="must be true: a metric on the Hub is code"
    )

    @model_validator(mode="after")
    def _is_trusted(self) -> HubMetricConfig:
        if not self.trust_remote_code:
            raise PydanticCustomError(
                "remote-code",
                'a metric on the Hub runs its own code; write "trust_remote_code: true" '
                "after reading it",
            )
        return self
