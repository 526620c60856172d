"""The ``data`` and ``preprocess`` sections."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ftspec.spec.base import SourceSection, SpecModel, TemplateText, TransformSection

SplitName = Literal["train", "validation", "test"]

# one part of a slice in the syntax of datasets; "+" joins parts
_PART = re.compile(
    r"\w+(?:\.\w+)*(?:\[(?:-?[\d_]+%?)?:(?:-?[\d_]+%?)?\])?(?:\((?:closest|pct1_dropremainder)\))?"
)

# the rules of the validators below as JSON Schema, for editors
_SLICE: dict[str, Any] = {
    "pattern": rf"^(?:{_PART.pattern})(?:\s*\+\s*(?:{_PART.pattern}))*$",
    "patternErrorMessage": 'write a slice of a split, such as "train[:1000]" or "train[:10%]"',
}
_SPLIT_RULES: dict[str, Any] = {
    "type": ["string", "object"],
    **_SLICE,
    "if": {"required": ["slice"], "properties": {"slice": {"type": "string"}}},
    "then": {
        "properties": dict.fromkeys(("from", "fraction", "stratify_by", "group_by", "seed"), False)
    },
    "else": {
        "required": ["from", "fraction"],
        "properties": {"from": {"type": "string"}, "fraction": {"type": "number"}},
        "if": {"required": ["stratify_by"], "properties": {"stratify_by": {"type": "string"}}},
        "then": {"properties": {"group_by": {"type": "null"}}},
    },
}


def _checked_slice(written: str | None) -> str | None:
    parts = re.split(r"\s*\+\s*", written) if written is not None else []
    if not all(_PART.fullmatch(part) for part in parts):
        raise PydanticCustomError(
            "bad-slice",
            '"{written}" is not a slice of a split; write, for example, "train[:1000]" or '
            '"train[:10%]"',
            {"written": written},
        )
    return written


_Slice = Annotated[str | None, AfterValidator(_checked_slice)]


class Split(SpecModel):
    """The rows of one split: a slice of the source, or a part held out of another split.

    A bare string is shorthand for ``{slice: …}``.
    """

    model_config = ConfigDict(json_schema_extra=_SPLIT_RULES)

    slice: _Slice = Field(
        default=None,
        description='rows of the source, in the slice syntax of datasets: "train[:10%]"',
        json_schema_extra=_SLICE,
    )
    from_: SplitName | None = Field(
        default=None, alias="from", description="the split to hold rows out of"
    )
    fraction: float | None = Field(
        default=None, gt=0, lt=1, description="the fraction of its rows to hold out"
    )
    stratify_by: str | None = Field(
        default=None, description="a column whose values have the same proportions in both parts"
    )
    group_by: str | None = Field(
        default=None, description="a column; rows with the same value are in the same part"
    )
    seed: int | None = Field(
        default=None, description="random seed of the split; the spec's seed by default"
    )

    @model_validator(mode="before")
    @classmethod
    def _expand_shorthand(cls, value: object) -> object:
        return {"slice": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Split:
        held_out = self.model_fields_set - {"slice"}
        if self.slice is not None and held_out:
            raise PydanticCustomError(
                "bad-split", 'a split is a slice of the source or held out "from" a slice, not both'
            )
        if self.slice is None and (self.from_ is None or self.fraction is None):
            raise PydanticCustomError(
                "bad-split", 'a split needs a slice such as "train[:90%]", or "from" and "fraction"'
            )
        if self.stratify_by is not None and self.group_by is not None:
            raise PydanticCustomError(
                "bad-split", '"stratify_by" and "group_by" cannot be combined'
            )
        return self


def _whole_train() -> Split:
    return Split(slice="train")


class Splits(SpecModel):
    """The rows for training, for validation during training, and for the final test."""

    train: Split = Field(default_factory=_whole_train, description="rows to train on")
    validation: Split | None = Field(default=None, description="rows to evaluate on")
    test: Split | None = Field(default=None, description="rows for the final test")

    @model_validator(mode="after")
    def _train_is_a_slice(self) -> Splits:
        for name, split in self.named().items():
            if split.from_ == name:
                raise PydanticCustomError(
                    "bad-split",
                    f'the {name} split cannot be held out of itself: "from: {name}"',
                    {"at": (name, "from")},
                )
            parent = self.named().get(split.from_) if split.from_ else None
            if split.from_ and (parent is None or parent.slice is None):
                raise PydanticCustomError(
                    "bad-split",
                    f'the {name} split is held out of "{split.from_}", which must be a slice',
                    {"at": (name, "from")},
                )
        return self

    def named(self) -> dict[str, Split]:
        """All splits, by name."""
        all_three = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in all_three.items() if split is not None}


EVALUATION_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""The name of a set is a folder, and a part of the names of metrics."""

RESERVED_NAMES = ("train", "validation", "test", "eval")

_SET_RULES: dict[str, Any] = {"type": ["string", "object"], **_SLICE}


class EvaluationSet(SpecModel):
    """Further rows to evaluate on. What is left out is that of the spec.

    A bare string is shorthand for ``{slice: …}``.
    """

    model_config = ConfigDict(json_schema_extra=_SET_RULES)

    slice: _Slice = Field(
        default=None,
        description="rows of the source, in the slice syntax of datasets; all rows of a source "
        "of its own that has one split by default",
        json_schema_extra=_SLICE,
    )
    source: SourceSection | None = Field(
        default=None, description="where its rows come from; the spec's source by default"
    )
    transforms: list[TransformSection] | None = Field(
        default=None, description="changes to its rows; those of the spec by default"
    )
    template: dict[str, TemplateText] | None = Field(
        default=None,
        description="for each field of the task, a template over its columns; that of the spec "
        "by default",
    )
    by: list[str] = Field(
        default=[], description="columns; each of their values is measured apart, too"
    )
    during_training: bool = Field(
        default=False, description="evaluate it whenever the run evaluates, not only at the end"
    )

    @model_validator(mode="before")
    @classmethod
    def _expand_shorthand(cls, value: object) -> object:
        return {"slice": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_which_rows(self) -> EvaluationSet:
        if self.slice is None and self.source is None:
            raise PydanticCustomError(
                "bad-split", 'a set needs a slice such as "test[:1000]", or a source of its own'
            )
        return self


class DataSection(SpecModel):
    """The rows."""

    source: SourceSection = Field(description="where rows come from")
    splits: Splits = Field(
        default_factory=Splits,
        description="rows for training, validation and test; by default, the splits of the source "
        "with these names",
    )
    evaluation: dict[str, EvaluationSet] = Field(
        default={},
        description="further sets to evaluate on, by name, such as rows of another kind; their "
        "metrics are called NAME/METRIC",
        json_schema_extra={
            "propertyNames": {
                "pattern": f"^{EVALUATION_NAME}$",
                "not": {"enum": list(RESERVED_NAMES)},
            }
        },
    )

    @field_validator("evaluation")
    @classmethod
    def _are_names(cls, sets: dict[str, EvaluationSet]) -> dict[str, EvaluationSet]:
        for name in sets:
            if name in RESERVED_NAMES:
                problem, help_ = "is the name of a split", "choose another name for the set"
            elif re.fullmatch(EVALUATION_NAME, name) is None:
                problem = "is no name of a set"
                help_ = 'write letters, digits, ".", "_" and "-"; it is a folder of the run'
            else:
                continue
            raise PydanticCustomError(
                "set-name",
                '"{name}" {problem}',
                {"name": name, "problem": problem, "help": help_, "at": (name,)},
            )
        return sets


class PreprocessSection(SpecModel):
    """From rows to the fields of the task."""

    transforms: list[TransformSection] = Field(
        default=[], description="changes to the rows before the template, in order"
    )
    template: dict[str, TemplateText] = Field(
        description="for each field of the task, a template over the columns of a row"
    )
