"""From the values of a column of a file to Arrow: one type for all rows, or an error that names the
first row of another type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

import datasets
import pyarrow as pa

from ftspec.api import ColumnKind, ColumnUse, Row, UnreadableError

SETTLED = 1_000
"""A column that has numbers in so many rows, and then text, is one with a mistake."""

_ARROW_KINDS = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
_KIND_NAMES = {"integer": "whole numbers", "number": "numbers", "boolean": "booleans"}
_TYPE_NAMES = {
    bool: "a boolean",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


class Column(Protocol):
    """A column that learns its type from all rows, and then converts them."""

    def learn(self, values: Sequence[Any], rows: Sequence[Row]) -> None:
        """Take in the values of more rows."""

    @property
    def feature(self) -> Any:
        """The feature of ``datasets``."""

    def array(self, values: Sequence[Any], rows: Sequence[Row]) -> pa.Array:
        """The values of rows as Arrow."""


class UnusedColumn:
    """A column that nothing reads: only its name is kept."""

    feature = datasets.Value("null")

    def learn(self, values: Sequence[Any], rows: Sequence[Row]) -> None:
        """Do nothing."""

    def array(self, values: Sequence[Any], rows: Sequence[Row]) -> pa.Array:
        """No values."""
        return pa.nulls(len(values))


class TextColumn:
    """A column of texts, as they are in the file."""

    feature = datasets.Value("string")

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: ColumnKind | None = None

    @property
    def has_numbers(self) -> bool:
        """Whether the first texts are all numbers."""
        return self._first is not None and self._first.kind in ("integer", "number")

    def learn(self, values: Sequence[Any], rows: Sequence[Row]) -> None:
        """Look at the first rows only: text is text."""
        if self._first is None:
            self._first = ColumnKind()
            for value, row in zip(values, rows, strict=True):
                self._first.learn(value, row.where)

    def array(self, values: Sequence[Any], rows: Sequence[Row]) -> pa.Array:
        """The texts."""
        return _array(values, pa.string(), rows, self._name)


class SeparatedColumn:
    """A column of separated values whose type matters."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kind = ColumnKind()
        self._rows = 0

    def learn(self, values: Sequence[Any], rows: Sequence[Row]) -> None:
        """Learn the kind.

        Raises:
            UnreadableError: the kind changes after many rows.
        """
        for value, row in zip(values, rows, strict=True):
            self._kind.learn(value, row.where)
        self._rows += len(values)
        kind = self._kind
        if kind.changed is None or kind.before is None:
            return
        if self._rows > SETTLED and self._rows - len(values) >= SETTLED:
            value, where = kind.changed
            raise UnreadableError(
                f'the column "{self._name}" has {_KIND_NAMES[kind.before]} up to {where}, '
                f'which has "{value[:50]}"',
                f'repair that value, or write "text_columns: [{self._name}]" if all are text',
            )
        kind.changed = None  # few rows: the column is text

    @property
    def feature(self) -> Any:
        """The feature of the kind."""
        return datasets.Value(str(_ARROW_KINDS.get(self._kind.kind or "", pa.string())))

    def array(self, values: Sequence[Any], rows: Sequence[Row]) -> pa.Array:
        """The values of the kind."""
        converted = [self._kind.convert(value) for value in values]
        kind = _ARROW_KINDS.get(self._kind.kind or "", pa.string())
        return _array(converted, kind, rows, self._name)


class JsonColumn:
    """A column of JSON values."""

    def __init__(self, name: str, use: ColumnUse) -> None:
        self._name = name
        self._use = use
        self._type: pa.DataType = pa.null()
        self._first: type | None = None
        self._is_json = False

    def learn(self, values: Sequence[Any], rows: Sequence[Row]) -> None:
        """Learn the type.

        Raises:
            UnreadableError: a row has another type than the rows before it.
        """
        self._check_types(values, rows)
        if self._is_json:
            return
        try:
            found = pa.array(values).type
            both = [pa.schema({"": one}) for one in (self._type, found)]
            merged = pa.unify_schemas(both, promote_options="permissive").field(0).type
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            self._mix(values, rows)
            return
        is_exact = self._use == "text" or (
            _have_equal_keys(self._type, found)
            and not (pa.types.is_nested(found) and _loses_keys(values, found))
        )
        self._type = merged
        self._is_json = not is_exact and hasattr(datasets, "Json")

    @property
    def feature(self) -> Any:
        """The feature of the type."""
        if self._is_json:
            return datasets.Json()
        return datasets.Features.from_arrow_schema(pa.schema({"": self._type}))[""]

    def array(self, values: Sequence[Any], rows: Sequence[Row]) -> pa.Array:
        """The values of the type."""
        if not self._is_json:
            return _array(values, self._type, rows, self._name)
        texts = [None if one is None else json.dumps(one, ensure_ascii=False) for one in values]
        return _array(texts, pa.string(), rows, self._name).cast(pa.json_())

    def _check_types(self, values: Sequence[Any], rows: Sequence[Row]) -> None:
        for value, row in zip(values, rows, strict=True):
            kind = type(value)
            if value is None or kind is self._first:
                continue
            if self._first is None:
                self._first = kind
            elif {kind, self._first} == {int, float}:
                self._first = float if self._first is int else self._first
            elif {kind, self._first} == {list, dict} and hasattr(datasets, "Json"):
                self._is_json = True  # a conversation may be one message
            else:
                raise UnreadableError(
                    f'the column "{self._name}" has {_TYPE_NAMES[kind]} at {row.where}, and '
                    f"{_TYPE_NAMES[self._first]} before it",
                    "write all values of a column in the same way",
                )

    def _mix(self, values: Sequence[Any], rows: Sequence[Row]) -> None:
        """Keep values that Arrow has no type for as JSON, if they are not plain.

        Raises:
            UnreadableError: they are plain.
        """
        if self._first in (list, dict) and hasattr(datasets, "Json"):
            self._is_json = True
            return
        _array(values, None, rows, self._name)
        raise UnreadableError(f'the column "{self._name}" has values of several types')


def _array(
    values: Sequence[Any], kind: pa.DataType | None, rows: Sequence[Row], name: str
) -> pa.Array:
    """Values as Arrow.

    Raises:
        UnreadableError: one has no place in Arrow.
    """
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        pass
    column = f' in the column "{name}"'
    for value, row in zip(values, rows, strict=True):
        try:
            pa.array([value], kind)
        except UnicodeEncodeError:
            raise UnreadableError(
                f"{row.where} has half of a character (a lone surrogate){column}",
                "repair the text where it was cut; no model can read half of a character",
            ) from None
        except OverflowError:
            raise UnreadableError(f"{row.where} has a number that is too large{column}") from None
        except pa.ArrowException as error:
            raise UnreadableError(f"{row.where} cannot be read{column}: {error}") from None
    return pa.array(values, kind)


def _have_equal_keys(one: pa.DataType, other: pa.DataType) -> bool:
    """Whether mappings in values of these types have the same keys, as far as they have any."""
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        names = [{kind.field(at).name for at in range(kind.num_fields)} for kind in (one, other)]
        return names[0] == names[1] and all(
            _have_equal_keys(one.field(name).type, other.field(name).type) for name in names[0]
        )
    if pa.types.is_list(one) and pa.types.is_list(other):
        return _have_equal_keys(one.value_type, other.value_type)
    return True


def _loses_keys(values: Sequence[Any], kind: pa.DataType) -> bool:
    """Whether Arrow gives mappings keys that they do not have."""
    return bool(pa.array(values, kind).to_pylist() != list(values))
