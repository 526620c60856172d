"""The base classes of the spec language: strict, closed, frozen, cheap to import."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from ftspec.spec.template import TemplateError, parse_template
from ftspec.spec.training_shapes import is_json_text


class SpecModel(BaseModel):
    """A mapping of the spec language: unknown keys are errors, values keep the type that they are
    written with, and nothing changes after validation."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        # only the models that a spec uses are built, which keeps lint fast
        defer_build=True,
        protected_namespaces=(),
        # a ValidationError would show the start and the end of a secret
        hide_input_in_errors=True,
    )


class ComponentConfig(SpecModel):
    """The keys of one component, except ``type``. Must import without torch."""

    def needed_packages(self) -> Mapping[str, tuple[str, str]]:
        """For each key whose value needs a package that the component does not require: the import
        name of the package, and the command that installs it."""
        return {}


class ComponentSection(BaseModel):
    """A section whose meaning belongs to a component: ``type`` and keys not yet validated.

    A bare string is shorthand for ``{type: …}``.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, defer_build=True)

    kind: ClassVar[str]
    type: str

    @model_validator(mode="before")
    @classmethod
    def _expand_shorthand(cls, value: Any) -> Any:
        return {"type": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """The keys except ``type``, as written."""
        return dict(self.model_extra or {})


class SourceSection(ComponentSection):
    """Where rows come from."""

    kind: ClassVar[str] = "source"


class TransformSection(ComponentSection):
    """A change to rows before the template."""

    kind: ClassVar[str] = "transform"


class TokenizerSection(ComponentSection):
    """How text becomes token ids."""

    kind: ClassVar[str] = "tokenizer"
    type: str = "auto"


class AdapterSection(ComponentSection):
    """New weights that are trained instead of all weights."""

    kind: ClassVar[str] = "adapter"


class TaskSection(ComponentSection):
    """What the model learns."""

    kind: ClassVar[str] = "task"


class MetricSection(ComponentSection):
    """What is measured."""

    kind: ClassVar[str] = "metric"


class CallbackSection(ComponentSection):
    """An action during training."""

    kind: ClassVar[str] = "callback"


class LauncherSection(ComponentSection):
    """How the processes of the run are started."""

    kind: ClassVar[str] = "launcher"


def is_local(checkpoint: str) -> bool:
    """Whether a checkpoint is a folder: it starts with ``.``, ``/`` or ``~``, or has more parts
    than a name on the Hub, as ``runs/reviews/20260101T120000Z-1a2b3c4d``."""
    if checkpoint.startswith((".", "/", "~")):
        return True
    return ":" not in checkpoint and checkpoint.rstrip("/").count("/") > 1


@dataclass(frozen=True)
class LocalPath:
    """Marks a field whose strings are paths, relative to the file that they are written in.

    Use it as ``Annotated[str, LocalPath()]``. Strings inside lists and mappings count too. With
    ``must_exist``, lint reports a path (or pattern) that matches nothing. With ``or_hub_name``, a
    string is a path only if it starts with ``.``, ``/`` or ``~``, or has more than one slash;
    otherwise it is a name on the Hub.
    """

    must_exist: bool = False
    or_hub_name: bool = False

    def applies_to(self, written: str) -> bool:
        """Whether this string is a path and not a name on the Hub."""
        return not self.or_hub_name or is_local(written)


@dataclass(frozen=True)
class JsonFile(LocalPath):
    """Marks a field that is a mapping, or the path of a JSON file with one, or JSON in a string.
    The strings of a mapping are no paths."""

    must_exist: bool = True

    def applies_to(self, written: str) -> bool:
        """Whether this string is a path."""
        return not is_json_text(written)


@dataclass(frozen=True)
class FromEnvironment:
    """Marks whether a field may contain ``${env:NAME}``.

    Such a value is a secret, which must not be learned or saved as data. By default only paths
    (:class:`LocalPath`) and the keys of sources may contain it. Write
    ``Annotated[str, FromEnvironment()]`` for another field that needs it, such as the key of a
    service that a callback calls. ftspec removes the value from everything that it writes; the
    component must do the same, with ``mask`` of its context. Write
    ``FromEnvironment(allowed=False)`` for a key of a source whose value ends up in the rows, such
    as the name of a column.
    """

    allowed: bool = True


def local_path_mark(field: FieldInfo) -> LocalPath | None:
    """The mark of a field, also from one branch of a union such as ``… | None``."""
    return next((mark for mark in _marks(field) if isinstance(mark, LocalPath)), None)


def allows_environment(field: FieldInfo) -> bool | None:
    """Whether a field may contain a value from the environment; ``None`` if it has no mark."""
    marks = list(_marks(field))
    for mark in marks:
        if isinstance(mark, FromEnvironment):
            return mark.allowed
    return True if any(isinstance(mark, LocalPath) for mark in marks) else None


def _marks(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    for branch in typing.get_args(field.annotation):
        yield from getattr(branch, "__metadata__", ())


def _check_template(text: str) -> str:
    try:
        parse_template(text)
    except TemplateError as error:
        raise PydanticCustomError("template-syntax", "{problem}", {"problem": str(error)}) from None
    return text


TemplateText = Annotated[
    str,
    AfterValidator(_check_template),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(?:[^{}]|\{\{|\}\}|\{[^{}\s](?:[^{}]*[^{}\s])?\}"
            r"|\{\?[^{}\"']+:\s*(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')\s*\})*$",
            "patternErrorMessage": "write {column} for a placeholder, {{ and }} for literal braces",
        }
    ),
]
"""A string with ``{column}`` placeholders, checked for its syntax."""
