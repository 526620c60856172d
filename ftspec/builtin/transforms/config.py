"""The keys of the built-in transforms."""

from __future__ import annotations

from pydantic import ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from ftspec.api import ComponentConfig, Field

_CONDITIONS = ("not_missing", "min_characters", "max_characters", "min_words", "max_words")


class FilterConfig(ComponentConfig):
    """Keep rows by the length or presence of a column. Every given condition must hold."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [name]} for name in _CONDITIONS]}
    )

    column: str = Field(description="the column to check; dotted for a nested value")
    not_missing: bool = Field(
        default=False, description="drop rows whose value is null, empty or only whitespace"
    )
    min_characters: int | None = Field(
        default=None, ge=1, description="smallest number of characters"
    )
    max_characters: int | None = Field(
        default=None, ge=1, description="largest number of characters"
    )
    min_words: int | None = Field(default=None, ge=1, description="smallest number of words")
    max_words: int | None = Field(default=None, ge=1, description="largest number of words")

    @model_validator(mode="after")
    def _has_a_condition(self) -> FilterConfig:
        if not self.model_fields_set - {"column"}:
            raise PydanticCustomError(
                "bad-value", 'a filter needs a condition, such as "not_missing: true"'
            )
        return self


class DeduplicateConfig(ComponentConfig):
    """Remove rows that equal an earlier row in the given columns."""

    columns: list[str] | None = Field(
        default=None, description="the columns to compare, dotted for nested values; all by default"
    )
    ignore_case: bool = Field(default=False, description="treat upper and lower case as equal")
